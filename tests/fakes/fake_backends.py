"""Backends that need no compiler: their extension is a Python file, and compiling it is copying it.

Whatever is provided or compiled is noted in the file ``did.txt`` in the current directory.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
import tempfile
from pathlib import Path

from harness import builds
from harness.backends.base import Backend, Calls, Request
from harness.blame import Part
from harness.builds import Built, Progress
from harness.errors import BackendUnavailableError, BuildError, NotCompiledError
from harness.extensions import Extension
from harness.process import WorkerCommand


def note(line: str) -> None:
    with open("did.txt", "a", encoding="utf-8") as stream:
        stream.write(line + "\n")


def make(name: str, executable: str = sys.executable, offered: frozenset[str] | None = None) -> Backend:
    """Return a backend whose workers can tell which one they are by FAKE_BACKEND."""

    def compile_extension(extension: Extension, progress: Progress, rebuild: bool) -> Built:
        note(f"compiled {extension.name} for {name}{' again' if rebuild else ''}")
        progress(f"compiling {extension.name} for {name}")
        source = extension.directory / f"{extension.module}.py"
        site = Path(tempfile.mkdtemp(dir=".", prefix="site-")).absolute()
        shutil.copy(source, site)
        wanted = frozenset({"PyList_New", "PyType_FromSpec", "PyObject_GetBuffer"})
        return Built(extension, site, site / source.name, f"digest-of-{name}", wanted)

    note(f"provided {name}")
    return Backend(
        name=name,
        description=f"Fake {name} 1.0",
        language_version=(3, 15) if name == "lacking" else (3, 14),
        command=WorkerCommand((executable,), (("FAKE_BACKEND", name),)),
        compile=compile_extension,
        offered=offered,
        versions={"interpreter": "1.0"},
    )


def alpha(request: Request) -> Backend:
    return make("alpha", str(request.path or sys.executable))


def beta(request: Request) -> Backend:
    return make("beta", str(request.path or sys.executable))


def lacking(request: Request) -> Backend:
    return make("lacking", offered=frozenset({"PyList_New"}))


def uncompilable(request: Request) -> Backend:
    note("provided uncompilable")

    def refuse(extension: Extension, progress: Progress, rebuild: bool) -> Built:
        raise BuildError(f"compiling {extension.name}: cargo failed with exit code 101\nerror: no")

    found = make("uncompilable")
    return Backend(found.name, found.description, found.language_version, found.command, refuse)


def compiled(request: Request) -> Backend:
    """Return a backend for which cargo compiles the crate; what is imported is the Python file beside it."""

    def compile_extension(extension: Extension, progress: Progress, rebuild: bool) -> Built:
        def make_site(site: Path, target: Path) -> Path:
            library = builds.cargo_module(extension, site, target, suffix=".so", environment={}, progress=progress)
            kept = library.rename(site / "no_module")
            shutil.rmtree(site / extension.module)
            shutil.copy(extension.directory / f"{extension.module}.py", site)
            return kept

        return builds.build_extension(
            extension, backend="compiled", key="", rebuild=rebuild, progress=progress, make=make_site
        )

    return dataclasses.replace(make("compiled"), compile=compile_extension)


def not_here(request: Request) -> Backend:
    raise BackendUnavailableError("no such interpreter on this machine; install one")


def unstartable(request: Request) -> Backend:
    return make("unstartable", "/nowhere/python")


# --- who can vote ----------------------------------------------------------------------------------

ALPHA, BETA = Part("interpreter", "Alpha"), Part("interpreter", "Beta")
STABLE, LIMITED = Part("ABI", "stable"), Part("binding", "limited API")
HOST = Part("host", "Beta's host")
MAKEUPS = {
    "control": ((3, 15), {ALPHA, STABLE, LIMITED}),
    "newer": ((3, 15), {ALPHA}),
    "older": ((3, 13), {ALPHA}),
    "limited": ((3, 14), {ALPHA, LIMITED}),
}
VOTERS = "FAKE_VOTERS"
"""Names each voter of ``court`` and the backend that it does as: ``control=alpha newer=beta``."""


def court(request: Request) -> Backend:
    """Return a reference with voters."""
    return dataclasses.replace(
        make("alpha"), name="court", parts=frozenset({ALPHA}), voters=lambda asked: list(map(voter(asked), named()))
    )


def accused(request: Request) -> Backend:
    """Return what is judged there: as RustPython is to CPython."""
    parts = frozenset({BETA, STABLE, LIMITED, HOST})
    supplied = frozenset({"PyList_New", "PyType_FromSpec", "PyDict_New"})
    return dataclasses.replace(make("beta"), name="accused", parts=parts, supplied=supplied)


class NotesFile:
    """Reads what the sample extension calls on a backend that takes notes."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "calls"
        self.path.touch()
        self.variables = (("FAKE_CALLS", str(self.path)),)

    def take(self) -> Calls | None:
        names = frozenset(self.path.read_text(encoding="utf-8").split())
        self.path.write_text("", encoding="utf-8")
        return Calls(names - {"itself"}, by_itself="itself" in names)


class EmptyNotes(NotesFile):
    """Takes no notes."""

    def take(self) -> Calls | None:
        return None


def watched(request: Request) -> Backend:
    """Return one like ``accused`` that can be watched; ``FAKE_NOTES=none`` says that it takes no notes."""
    watch = EmptyNotes if os.environ.get("FAKE_NOTES") == "none" else NotesFile
    return dataclasses.replace(accused(request), name="watched", watch=watch)


def named() -> list[tuple[str, str]]:
    pairs = [each.partition("=") for each in os.environ.get(VOTERS, "").split()]
    return [(name, does_as) for name, _, does_as in pairs]


def voter(request: Request):  # type: ignore[no-untyped-def]
    def provide(pair: tuple[str, str]) -> Backend:
        name, does_as = pair
        version, parts = MAKEUPS[name]

        def compile_extension(extension: Extension, progress: Progress, rebuild: bool) -> Built:
            if not request.compiles:
                raise NotCompiledError(f"{extension.name} is not compiled for it")
            return made.build(extension, progress=progress, rebuild=rebuild)

        made = make(does_as, "/nowhere/python" if does_as == "unstartable" else sys.executable)
        return dataclasses.replace(
            made,
            name=name,
            description=f"Fake {name}",
            language_version=version,
            parts=frozenset(parts),
            compile=compile_extension,
        )

    return provide
