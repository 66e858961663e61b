"""The reference: a CPython, and extensions built for just its version with maturin."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import sys
import zipfile
from pathlib import Path

from harness.backends.base import Backend, Request
from harness.backends.interpreters import Interpreter, installed, probe
from harness.backends.parts import CPYTHON, LIMITED_API, OLDER_STABLE_ABI
from harness.backends.providers import dotted
from harness.backends.provisioning import ensure, origin_of
from harness.backends.rustpython import LANGUAGE_VERSION as NEAREST_TO
from harness.blame import Part
from harness.builds import Built, Progress, build_extension, forget_product, run_tool
from harness.errors import BackendUnavailableError, BuildError
from harness.extensions import Extension, introspects
from harness.process import WorkerCommand

OLDEST = (3, 9)
VOTERS_LIMIT = 4
"""Of CPythons; each costs a compilation of the extension."""

FREE_THREADING = Part("ABI", "free threading")


def provide(request: Request) -> Backend:
    """Return the backend of the given CPython, or of one that has RustPython's language version.

    Such a one is found on the machine, or got.  Where it cannot be had the nearest one stands in, with a notice.
    """
    if request.path is not None:
        return _backend("cpython", _given(request.path), request)
    there = nearest(installed())
    if there.language_version == NEAREST_TO:
        return _backend("cpython", there, request)
    try:
        return _backend("cpython", ensure(NEAREST_TO, request.progress, offline=request.offline), request)
    except BackendUnavailableError as error:
        stands_in = _backend("cpython", there, request)
        return dataclasses.replace(stands_in, notice=_notice(there, str(error)))


def _notice(stands_in: Interpreter, why: str) -> str:
    wanted = dotted(NEAREST_TO)
    return (
        f"CPython {wanted}, the version of RustPython, is not on this machine and was not got ({why}); "
        f"CPython {stands_in.version} stands in. Install CPython {wanted}, or name one with --backend cpython=PATH."
    )


def _given(path: Path) -> Interpreter:
    """Return a CPython that can be used.  Raises: BackendUnavailableError -- it is none."""
    interpreter = probe(path)
    if interpreter.implementation != "cpython":
        raise BackendUnavailableError(f"{path}: is {interpreter.implementation}, not CPython")
    if interpreter.language_version < OLDEST:
        raise BackendUnavailableError(f"{interpreter.executable}: is {interpreter.version}; PyO3 needs 3.9 or newer")
    return interpreter


def provide_version(version: tuple[int, int], request: Request) -> Backend:
    """Return the backend of the CPython of a language version: the given one, or the first that is installed.

    Raises: BackendUnavailableError -- there is none, or the given one is of another version.
    """
    name = versioned_name(version)
    if request.path is not None:
        interpreter = _given(request.path)
        if interpreter.language_version != version:
            raise BackendUnavailableError(f"{request.path}: is {interpreter.version}, and {name} is of one version")
        return _backend(name, interpreter, request)
    return _backend(name, of_version(version, request, option=f"--backend {name}=PATH"), request)


def of_version(version: tuple[int, int], request: Request, *, option: str) -> Interpreter:
    """Return a CPython of a language version: one that is on the machine, or one that is got.

    Raises: BackendUnavailableError -- neither is possible; the text ends with the option that names one.
    """
    for each in installed():
        if each.language_version == version and not each.free_threaded:
            return each
    try:
        return ensure(version, request.progress, offline=request.offline)
    except BackendUnavailableError as error:
        raise BackendUnavailableError(
            f"no CPython {dotted(version)} was found, and none was got ({error}); name one with {option}"
        ) from None


def versioned_name(version: tuple[int, int]) -> str:
    """Return what the backend of the CPython of a language version is called."""
    return f"cpython-{dotted(version)}"


def version_named(name: str) -> tuple[int, int] | None:
    """Return the language version that a backend's name asks for, or None if it asks for none."""
    found = re.fullmatch(r"cpython-(\d+)\.(\d+)", name)
    return (int(found[1]), int(found[2])) if found else None


def _backend(name: str, interpreter: Interpreter, request: Request, *, features: tuple[str, ...] = ()) -> Backend:
    threaded = ", free-threaded" if interpreter.free_threaded else ""
    kinds = "".join(f" {feature}" for feature in features)

    def compile_extension(extension: Extension, progress: Progress, rebuild: bool) -> Built:
        def make(site: Path, target: Path) -> Path:
            return _build_with_maturin(extension, interpreter, site, target, progress, features)

        return build_extension(
            extension,
            backend="cpython",
            key=f"{interpreter.executable} {interpreter.version} {interpreter.extension_suffix}{kinds}"
            + " with stubs" * introspects(extension),
            rebuild=rebuild,
            progress=progress,
            make=make,
            compiles=request.compiles,
        )

    stable = {LIMITED_API, OLDER_STABLE_ABI} if features else set()
    return Backend(
        name=name,
        description=f"CPython {interpreter.version}{threaded}{', abi3' * bool(features)} ({described(interpreter)})",
        language_version=interpreter.language_version,
        command=WorkerCommand((interpreter.executable,)),
        compile=compile_extension,
        versions={"interpreter": interpreter.version},
        parts=frozenset({CPYTHON, *stable, *({FREE_THREADING} if interpreter.free_threaded else ())}),
        voters=voters,
    )


def described(interpreter: Interpreter) -> str:
    """Return where an interpreter lies, and where it was got from if it was."""
    origin = origin_of(interpreter.executable)
    return f"{interpreter.executable}{f', from {origin}' if origin else ''}"


def voters(request: Request) -> list[Backend]:
    """Return who can tell the ABI, the binding and the language version apart, as far as they are on this machine.

    The control has the ABI of RustPython's build and CPython's interpreter, and another version of the language;
    a CPython of each version tells if that is it; and one with the older stable ABI has PyO3's code for it alone.
    """
    from harness.backends import cpython_abi3t

    found = []
    with contextlib.suppress(BackendUnavailableError):
        found.append(cpython_abi3t.provide(dataclasses.replace(request, path=None)))
    usable = [each for each in installed() if each.language_version >= OLDEST and not each.free_threaded]
    of_version = {each.language_version: each for each in reversed(usable)}
    nearest_first = sorted(of_version.values(), key=lambda each: abs(each.language_version[1] - NEAREST_TO[1]))
    for each in nearest_first[:VOTERS_LIMIT]:
        found.append(_backend(versioned_name(each.language_version), each, request))
    found += [_backend("cpython-abi3", each, request, features=("pyo3/abi3",)) for each in nearest_first[:1]]
    return found


def nearest(interpreters: list[Interpreter]) -> Interpreter:
    """Return the interpreter whose language version is nearest RustPython's; the older one of two.

    Raises: BackendUnavailableError -- none of them can be used.
    """
    usable = [each for each in interpreters if each.language_version >= OLDEST and not each.free_threaded]
    if not usable:
        raise BackendUnavailableError("no CPython 3.9 or newer was found; name one with --backend cpython=PATH")
    return min(usable, key=lambda each: (abs(each.language_version[1] - NEAREST_TO[1]), each.language_version))


def _build_with_maturin(
    extension: Extension,
    interpreter: Interpreter,
    site: Path,
    target: Path,
    progress: Progress,
    features: tuple[str, ...] = (),
) -> Path:
    wheels = site.parent / "wheels"
    forget_product(target, f"lib{extension.library}.so")
    argv = [sys.executable, "-m", "maturin", "build", "--release", "--manifest-path", str(extension.manifest)]
    argv += ["--interpreter", interpreter.executable, "--target-dir", str(target), "--out", str(wheels)]
    # The linker of a wheel for publishing may be older than this machine's libraries; ours stays here.
    argv += ["--auditwheel", "skip", *(word for feature in features for word in ("--features", feature))]
    environment = {"PYO3_CONFIG_FILE": None, "PYO3_NO_PYTHON": None}
    what = f"compiling {extension.name} for {interpreter.executable}"
    described = False
    if introspects(extension):
        # What the crate says of its types is welcome, and no reason to do without the crate.
        with contextlib.suppress(BuildError):
            run_tool([*argv, "--generate-stubs"], what=what, environment=environment, progress=progress)
            described = True
    if not described:
        run_tool(argv, what=what, environment=environment, progress=progress)
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
