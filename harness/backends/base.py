"""What a backend is to the rest of the harness."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.blame import Makeup, Part
from harness.builds import Built, Progress
from harness.extensions import Extension
from harness.process import WorkerCommand


def nobody(request: Request) -> list[Backend]:
    """Return no voters."""
    return []


@dataclass(frozen=True, slots=True)
class Calls:
    """Which functions of the C-API an extension called for a while.

    Those ``returned`` to the extension; those that it ``passed_on`` returned to the interpreter, because it handed
    them over or called them last of all.  ``by_itself`` says that the host did something that nobody called.
    """

    returned: frozenset[str] = frozenset()
    passed_on: frozenset[str] = frozenset()
    by_itself: bool = False


class Watch(Protocol):
    """Takes notes of what extensions call in the workers that are started with its variables."""

    @property
    def variables(self) -> tuple[tuple[str, str], ...]:
        """What a worker's environment needs, beside what it always has."""
        ...

    def take(self) -> Calls | None:
        """Return what was noted since the last time, also of a worker that is gone; None if nobody took notes."""
        ...


@dataclass(frozen=True, slots=True)
class Backend:
    """An interpreter together with the way an extension is compiled for it.

    ``language_version`` is that of Python (PEP 387's major and minor).  ``offered`` lists the C-API
    symbols that the interpreter exports, or is None if every extension that compiles can be loaded;
    ``supplied`` those of them that are not the interpreter's own, but those of the host around it.

    ``parts`` are all by which it may differ from other backends of its language version; with ``voters``, which
    returns backends to ask in a matter of this one, the most telling first, a divergence is blamed on one of them.
    ``watch`` begins to watch what extensions call, keeping notes in an empty directory; None if it cannot be seen.
    ``notice`` is one sentence for whoever runs it, if it is not the backend that was wanted.
    """

    name: str
    description: str
    language_version: tuple[int, int]
    command: WorkerCommand
    compile: Callable[[Extension, Progress, bool], Built]
    offered: frozenset[str] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    parts: frozenset[Part] = frozenset()
    supplied: frozenset[str] = frozenset()
    voters: Callable[[Request], list[Backend]] = nobody
    watch: Callable[[Path], Watch] | None = None
    notice: str = ""

    @property
    def makeup(self) -> Makeup:
        """What it is, as far as blame goes."""
        return Makeup(self.language_version, self.parts)

    def build(self, extension: Extension, *, progress: Progress, rebuild: bool = False) -> Built:
        """Return the extension compiled for this backend.  Raises: BuildError -- the compiler said no."""
        return self.compile(extension, progress, rebuild)

    def missing(self, built: Built) -> tuple[str, ...]:
        """Return the C-API functions that a compiled extension wants and this interpreter lacks, sorted."""
        return () if self.offered is None else tuple(sorted(built.wanted - self.offered))


@dataclass(frozen=True, slots=True)
class Request:
    """What a run asks of a backend's provider: an interpreter's path, or None to find one.

    Without ``compiles`` an extension is taken from the cache, or NotCompiledError is raised.  ``offline`` forbids
    getting an interpreter that the machine lacks.
    """

    path: Path | None
    progress: Progress
    rebuild: bool = False
    compiles: bool = True
    offline: bool = False


class Provider(Protocol):
    """The object behind an entry point in the group ``backend_matrix.backends``."""

    def __call__(self, request: Request) -> Backend:
        """Find the interpreter, building it if the backend brings its own.

        Raises: BackendUnavailableError -- it is not on this machine; BuildError -- it cannot be built.
        """
        ...
