"""Backends that need no compiler: their extension is a Python file, and compiling it is copying it.

Whatever is provided or compiled is noted in the file ``did.txt`` in the current directory.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from harness.backends.base import Backend, Request
from harness.builds import Built, Progress
from harness.errors import BackendUnavailableError, BuildError
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


def not_here(request: Request) -> Backend:
    raise BackendUnavailableError("no such interpreter on this machine; install one")


def unstartable(request: Request) -> Backend:
    return make("unstartable", "/nowhere/python")
