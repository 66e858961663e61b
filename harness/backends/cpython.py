"""The reference: a CPython, and extensions built for just its version with maturin."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from harness.backends.base import Backend, Request
from harness.backends.interpreters import Interpreter, installed, probe
from harness.backends.rustpython import LANGUAGE_VERSION as NEAREST_TO
from harness.builds import Built, Progress, build_extension, forget_product, run_tool
from harness.errors import BackendUnavailableError, BuildError
from harness.extensions import Extension
from harness.process import WorkerCommand

OLDEST = (3, 9)


def provide(request: Request) -> Backend:
    """Return the backend of the given CPython, or of the one whose language version is nearest."""
    interpreter = probe(request.path) if request.path is not None else nearest(installed())
    if interpreter.implementation != "cpython":
        raise BackendUnavailableError(f"{request.path}: is {interpreter.implementation}, not CPython")
    if interpreter.language_version < OLDEST:
        raise BackendUnavailableError(f"{interpreter.executable}: is {interpreter.version}; PyO3 needs 3.9 or newer")
    threaded = ", free-threaded" if interpreter.free_threaded else ""

    def compile_extension(extension: Extension, progress: Progress, rebuild: bool) -> Built:
        return build_extension(
            extension,
            backend="cpython",
            key=f"{interpreter.executable} {interpreter.version} {interpreter.extension_suffix}",
            rebuild=rebuild,
            progress=progress,
            make=lambda site, target: _build_with_maturin(extension, interpreter, site, target, progress),
        )

    return Backend(
        name="cpython",
        description=f"CPython {interpreter.version}{threaded} ({interpreter.executable})",
        language_version=interpreter.language_version,
        command=WorkerCommand((interpreter.executable,)),
        compile=compile_extension,
        versions={"interpreter": interpreter.version},
    )


def nearest(interpreters: list[Interpreter]) -> Interpreter:
    """Return the interpreter whose language version is nearest RustPython's; the older one of two.

    Raises: BackendUnavailableError -- none of them can be used.
    """
    usable = [each for each in interpreters if each.language_version >= OLDEST and not each.free_threaded]
    if not usable:
        raise BackendUnavailableError("no CPython 3.9 or newer was found; name one with --backend cpython=PATH")
    return min(usable, key=lambda each: (abs(each.language_version[1] - NEAREST_TO[1]), each.language_version))


def _build_with_maturin(
    extension: Extension, interpreter: Interpreter, site: Path, target: Path, progress: Progress
) -> Path:
    wheels = site.parent / "wheels"
    forget_product(target, f"lib{extension.library}.so")
    argv = [sys.executable, "-m", "maturin", "build", "--release", "--manifest-path", str(extension.manifest)]
    argv += ["--interpreter", interpreter.executable, "--target-dir", str(target), "--out", str(wheels)]
    # The linker of a wheel for publishing may be older than this machine's libraries; ours stays here.
    argv += ["--auditwheel", "skip"]
    run_tool(
        argv,
        what=f"compiling {extension.name} for {interpreter.executable}",
        environment={"PYO3_CONFIG_FILE": None, "PYO3_NO_PYTHON": None},
        progress=progress,
    )
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
        wheel.unlink()
    wheels.rmdir()
    stem = extension.module.rpartition(".")[2]
    libraries = list(site.rglob(f"{stem}*.so"))
    if not libraries:
        raise BuildError(f"compiling {extension.name}: the wheel holds no module {extension.module}")
    return libraries[0]
