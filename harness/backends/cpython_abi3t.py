"""The control: CPython 3.15 with extensions built for the stable ABI that RustPython's build uses.

What differs between this backend and the reference comes from the ABI or from PyO3's code for it; what
differs between this one and RustPython does not.  Source: PEP 803, the stable ABI of free-threaded Python.
"""

from __future__ import annotations

from pathlib import Path

from harness.backends import cpython
from harness.backends.base import Backend, Request
from harness.backends.interpreters import Interpreter, installed, probe
from harness.backends.parts import CPYTHON, LIMITED_API, STABLE_ABI
from harness.builds import Built, Progress, build_extension, cargo_module
from harness.errors import BackendUnavailableError
from harness.extensions import Extension
from harness.process import WorkerCommand

OLDEST = (3, 15)


def provide(request: Request) -> Backend:
    """Return the backend of the given CPython 3.15, or of the first that is found or got."""
    interpreter = _choose(request)

    def compile_extension(extension: Extension, progress: Progress, rebuild: bool) -> Built:
        def make(site: Path, target: Path) -> Path:
            environment = {
                "PYO3_PYTHON": interpreter.executable,
                "PYO3_BUILD_EXTENSION_MODULE": "1",
                "PYO3_CONFIG_FILE": None,
                "PYO3_NO_PYTHON": None,
            }
            return cargo_module(extension, site, target, suffix=".abi3t.so", environment=environment, progress=progress)

        return build_extension(
            extension,
            backend="cpython-abi3t",
            key=f"{interpreter.executable} {interpreter.version}",
            rebuild=rebuild,
            progress=progress,
            make=make,
            compiles=request.compiles,
        )

    return Backend(
        name="cpython-abi3t",
        description=f"CPython {interpreter.version}, abi3t ({cpython.described(interpreter)})",
        language_version=interpreter.language_version,
        command=WorkerCommand((interpreter.executable,)),
        compile=compile_extension,
        versions={"interpreter": interpreter.version},
        parts=frozenset({CPYTHON, LIMITED_API, STABLE_ABI}),
        voters=cpython.voters,
    )


def _choose(request: Request) -> Interpreter:
    if request.path is None:
        able = [each for each in installed() if each.language_version >= OLDEST]
        return able[0] if able else cpython.of_version(OLDEST, request, option="--backend cpython-abi3t=PATH")
    interpreter = probe(request.path)
    if interpreter.implementation != "cpython" or interpreter.language_version < OLDEST:
        raise BackendUnavailableError(
            f"{request.path}: is {interpreter.implementation} {interpreter.version}, not CPython 3.15"
        )
    return interpreter
