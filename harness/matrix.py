"""The backends of one run: provided, built for, and running, each when it is first needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from harness import backends
from harness.backends.base import Backend, Request
from harness.builds import Built, Progress, as_installed
from harness.errors import HarnessError
from harness.extensions import Extension, find_extension
from harness.guarded import dismiss
from harness.handshake import Capabilities, common
from harness.lanes import Lane
from harness.restarts import Restarts
from harness.settings import Settings

T = TypeVar("T")


class Matrix:
    """Hands out lanes.  An error met once is raised again for every item that needs the same thing."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self.settings = settings
        self.progress = progress
        self._backends: dict[str, Backend | HarnessError] = {}
        self._built: dict[tuple[str, Path], Built | HarnessError] = {}
        self._lanes: dict[tuple[str, Path], Lane] = {}
        self.restarts = Restarts(of_a_case=settings.restarts_per_case, of_a_run=settings.restarts_per_run)

    def backend(self, name: str) -> Backend:
        """Return a backend.  Raises: BackendUnavailableError, BuildError -- see its provider."""
        if name not in self._backends:
            request = Request(
                self.settings.interpreters.get(name),
                self.progress,
                self.settings.rebuild,
                offline=self.settings.offline,
            )
            try:
                self._backends[name] = backends.provide(name, request)
            except HarnessError as error:
                self._backends[name] = error
        return _value(self._backends[name])

    def adopt(self, backend: Backend) -> None:
        """Take in a backend that the settings do not name, as it was provided."""
        self._backends.setdefault(backend.name, backend)

    def use(self, backend: Backend) -> None:
        """Take this backend for the one of its name."""
        self._backends[backend.name] = backend

    def extension(self, name: str, case_file: Path) -> Extension:
        """Return the crate that a case file names.  Raises: ExtensionError -- there is none."""
        return find_extension(name, case_file=case_file, root=self.settings.root, crates=self.settings.extensions)

    def built(self, name: str, extension: Extension) -> Built:
        """Return an extension compiled for a backend.  Raises: BuildError -- the compiler said no."""
        key = name, extension.installed or extension.directory
        if key not in self._built:
            try:
                if extension.installed is not None:
                    self._built[key] = as_installed(extension, extension.installed)
                    return _value(self._built[key])
                backend = self.backend(name)
                self._built[key] = backend.build(extension, progress=self.progress, rebuild=self.settings.rebuild)
            except HarnessError as error:
                self._built[key] = error
        return _value(self._built[key])

    def missing(self, name: str, extension: Extension) -> tuple[str, ...]:
        """Return the C-API functions that an extension wants and a backend lacks."""
        return self.backend(name).missing(self.built(name, extension))

    def lane(self, name: str, extension: Extension) -> Lane:
        """Return the lane of an extension on a backend, with its worker running.

        Callbacks are called by what the settings name as their caller, whose extension is compiled too.

        Raises: ExtensionError, BuildError, WorkerStartError, WorkerProtocolError -- it cannot be had.
        """
        key = name, extension.installed or extension.directory
        for (_, place), lane in self._lanes.items():
            # The matrix holds a lane for each extension and backend; spares for all of them would fill the memory.
            if place != key[1]:
                lane.close_spare()
        if key not in self._lanes:
            self._lanes[key] = self.new_lane(name, extension)
            self._lanes[key].keeps_spare = True
        return self._lanes[key]

    def new_lane(self, name: str, extension: Extension, variables: tuple[tuple[str, str], ...] = ()) -> Lane:
        """Return a lane that nobody else is given, which the caller closes; ``variables`` are for its workers.

        Raises: as :meth:`lane`.
        """
        sites = [self.built(name, extension).site]
        caller = self.caller()
        if caller is not None:
            calling, _ = caller
            sites.append(self.built(name, calling).site)
        command = self.backend(name).command
        return Lane(
            name,
            replace(command, environment=(*command.environment, *variables), limits=self.settings.limits),
            extension.module,
            [str(each) for each in dict.fromkeys(sites)],
            timeout_s=self.settings.timeout_s,
            caller=caller and caller[1],
            restarts=self.restarts,
        )

    def caller(self) -> tuple[Extension, str] | None:
        """Return what calls callbacks, the extension and its function's dotted path, if the settings name it.

        Raises: ExtensionError -- there is no such crate.
        """
        if self.settings.caller is None:
            return None
        crate, function = self.settings.caller
        extension = self.extension(crate, self.settings.root / "pyproject.toml")
        return extension, f"{extension.module}.{function}"

    def facts(self, name: str) -> dict[str, str]:
        """Return what a condition on a backend can ask for: its versions, and that of the language as ``python``.

        Raises: as :meth:`backend`.
        """
        backend = self.backend(name)
        return {**backend.versions, "python": ".".join(map(str, backend.language_version))}

    def close(self) -> None:
        """End every worker."""
        for lane in self._lanes.values():
            lane.close()
        self._lanes.clear()
        dismiss()


def capabilities_of(*lanes: Lane) -> Capabilities:
    """Return what the interpreters behind these lanes all can do."""
    return common([lane.hello for lane in lanes])


def _value(kept: T | HarnessError) -> T:
    if isinstance(kept, HarnessError):
        raise kept
    return kept
