"""The build cache and the tools that fill it.

Everything that is built lies under one directory per digest in the user's cache, is written beside its
place and renamed into it, and is guarded by a lock, so that several runs can start at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import filelock
import msgspec
import platformdirs

from harness.build_advice import advice_on
from harness.errors import BuildError, NotCompiledError
from harness.extensions import Extension, source_digest

CACHE_VARIABLE = "BACKEND_MATRIX_CACHE"
MESSAGE_LINES = 60
LAYOUT = 2
"""Counted up when what is laid out from the same sources changes."""
_FLAGS = ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CC", "CFLAGS", "LDFLAGS")

PACKAGE_AROUND_MODULE = """\
from .{module} import *

__doc__ = {module}.__doc__
if hasattr({module}, "__all__"):
    __all__ = {module}.__all__
"""
"""What maturin writes into the package that it makes around a module; every backend gets the same."""

Progress = Callable[[str], None]
"""Called with one short line whenever a build has something to say."""


@dataclass(frozen=True, slots=True)
class Built:
    """An extension compiled for one backend.

    ``site`` is the directory to put on ``sys.path``; ``library`` the shared library in it; ``digest``
    names the inputs; ``wanted`` lists the C-API symbols that it expects of its interpreter.
    """

    extension: Extension
    site: Path
    library: Path
    digest: str
    wanted: frozenset[str]


class _Record(msgspec.Struct, frozen=True):
    """What is kept beside a built extension."""

    library: str
    wanted: list[str]


def cache_directory() -> Path:
    """Return the directory for everything that is built: ``BACKEND_MATRIX_CACHE``, or the user's cache."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("backend-matrix")


def kept_about(path: Path, kind: str) -> Path:
    """Return where the cache keeps what was learnt of a file; another file at its path is another one.

    Raises: OSError -- there is no such file.
    """
    stat = path.stat()
    name = hashlib.blake2b(f"{path} {stat.st_mtime_ns} {stat.st_size}".encode(), digest_size=12).hexdigest()
    return cache_directory() / kind / f"{name}.json"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file at once, so that another run never reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as stream:
        stream.write(data)
    Path(stream.name).replace(path)


@cache
def compiler_version() -> str:
    """Return what ``rustc -vV`` says.  Raises: BuildError -- there is no Rust compiler."""
    try:
        done = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise BuildError("rustc was not found; install Rust (https://rustup.rs) and put it on PATH") from None
    except subprocess.CalledProcessError as error:
        told = advice_on(error.stderr)
        raise BuildError(f"rustc -vV failed{f': {told}' if told else ''}\n{error.stderr}") from None
    return done.stdout


def digest_of(*parts: str) -> str:
    """Return a digest of texts, the compiler, and the variables that change what it makes."""
    flags = [f"{name}={os.environ.get(name, '')}" for name in _FLAGS]
    joined = "\0".join((*parts, compiler_version(), *flags))
    return hashlib.blake2b(joined.encode(), digest_size=12).hexdigest()


@contextlib.contextmanager
def locked(name: str, progress: Progress) -> Iterator[None]:
    """Hold a lock of the cache; says so when another run holds it."""
    path = cache_directory() / "locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        progress(f"waiting for another run that builds {name}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def build_extension(
    extension: Extension,
    *,
    backend: str,
    key: str,
    rebuild: bool,
    progress: Progress,
    make: Callable[[Path, Path], Path],
    compiles: bool = True,
) -> Built:
    """Return an extension as compiled for a backend, from the cache if nothing has changed.

    ``key`` names everything about the backend that decides what is compiled.  ``make(site, target)``
    fills an empty directory, compiling in a target directory that the backend's extensions share, and
    returns the library in it.

    Raises: BuildError -- the compiler or ``make`` said no; nothing is left in the cache.  NotCompiledError -- it is
    not in the cache, and ``compiles`` says that it is to be taken from there only.
    """
    digest = digest_of(source_digest(extension), extension.module, backend, key, f"layout {LAYOUT}")
    place = cache_directory() / "built" / backend / f"{extension.name}-{digest}"
    record = place / "built.json"
    if record.exists() and not rebuild:
        return _read_built(extension, place, digest)
    if not compiles:
        raise NotCompiledError(f"{extension.name} is not compiled for it")
    with locked(f"build-{backend}", progress):
        if not record.exists() or rebuild:
            progress(f"compiling {extension.name} for {backend}")
            _fill(place, extension, make, cache_directory() / "target" / f"{backend}-{digest_of(key)[:8]}")
    return _read_built(extension, place, digest)


def as_installed(extension: Extension, library: Path) -> Built:
    """Return an installed module as if it had been compiled here: it is used where it lies.

    Raises: BuildError -- it cannot be read.
    """
    from harness.symbols import wanted_functions

    try:
        digest = hashlib.blake2b(library.read_bytes(), digest_size=12).hexdigest()
    except OSError as error:
        raise BuildError(f"{library}: cannot be read: {error.strerror}") from None
    return Built(extension, extension.directory, library, digest, wanted_functions(library))


def _fill(place: Path, extension: Extension, make: Callable[[Path, Path], Path], target: Path) -> None:
    from harness.symbols import wanted_functions

    place.parent.mkdir(parents=True, exist_ok=True)
    # Of runs that were killed: who is here holds the lock, so nobody else is at work on any.
    for left_over in place.parent.glob(".new-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as directory:
        fresh = Path(directory) / "fresh"
        site = fresh / "site"
        site.mkdir(parents=True)
        library = make(site, target)
        kept = _Record(str(library.relative_to(site)), sorted(wanted_functions(library)))
        (fresh / "built.json").write_bytes(msgspec.json.encode(kept))
        if place.exists():
            place.rename(Path(directory) / "old")
        fresh.rename(place)


def _read_built(extension: Extension, place: Path, digest: str) -> Built:
    record = msgspec.json.decode((place / "built.json").read_bytes(), type=_Record)
    site = place / "site"
    return Built(extension, site, site / record.library, digest, frozenset(record.wanted))


_running: set[subprocess.Popen[bytes]] = set()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a tool and everything that it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def stop_tools() -> None:
    """End the tools that other threads of this process have started, because the run ends."""
    for process in list(_running):
        end_group(process)


def run_tool(argv: Sequence[str], *, what: str, environment: Mapping[str, str | None], progress: Progress) -> None:
    """Run a build tool and pass on what it says.

    ``environment`` is laid over this process's; None removes a variable.

    Raises: BuildError -- it is missing or failed; the text ends with its own last lines.
    """
    merged = dict(os.environ)
    for name, value in environment.items():
        merged.pop(name, None)
        if value is not None:
            merged[name] = value
    tail: deque[str] = deque(maxlen=MESSAGE_LINES)
    try:
        process = subprocess.Popen(
            argv,
            env=merged,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A group of its own, so that what a tool has started can be ended with it.
            process_group=0,
        )
    except FileNotFoundError:
        raise BuildError(f"{what}: {argv[0]} was not found; install it and put it on PATH") from None
    assert process.stdout is not None, "a pipe was asked for"
    _running.add(process)
    try:
        with process:
            try:
                for raw in process.stdout:
                    line = raw.decode("utf-8", "replace").rstrip()
                    tail.append(line)
                    if line.lstrip().startswith(("Compiling", "Downloading", "Building", "Finished", "Updating")):
                        progress(line.strip())
            except BaseException:
                # Leaving the block waits for the tool, which nobody wants any more.
                end_group(process)
                raise
    finally:
        _running.discard(process)
    if process.returncode != 0:
        said = "\n".join(tail)
        failed = f"{argv[0]} failed with exit code {process.returncode}"
        raise BuildError(f"{what}: {advice_on(said) or failed}\n{said}")


def forget_product(target: Path, library: str) -> None:
    """Remove a library that an earlier build left in a shared target directory, so that cargo links it anew.

    Cargo names libraries after their crates alone.  Another checkout's one lies at the same place, and cargo
    takes it for this checkout's if it has compiled this one before.
    """
    for folder in ("release", "release/deps"):
        (target / folder / library).unlink(missing_ok=True)


def cargo_module(
    extension: Extension,
    site: Path,
    target: Path,
    *,
    suffix: str,
    environment: Mapping[str, str | None],
    progress: Progress,
) -> Path:
    """Compile a crate under PyO3's stable ABI and lay it out as its wheel would be; return the library.

    Cargo is called directly, because maturin must be able to run the interpreter that it builds for.
    The feature ``pyo3/abi3t`` is the stable ABI of free-threaded Python (PEP 803).
    """
    features = ",".join(("pyo3/abi3t", *extension.features))
    argv = ["cargo", "build", "--release", "--lib", "--manifest-path", str(extension.manifest)]
    argv += ["--features", features, *([] if extension.default_features else ["--no-default-features"])]
    forget_product(target, f"lib{extension.library}.so")
    run_tool(
        [*argv, "--target-dir", str(target)],
        what=f"compiling {extension.name}",
        environment=environment,
        progress=progress,
    )
    *packages, stem = extension.module.split(".")
    # A module that is not in a package of its own is given one, as maturin does.
    root = site.joinpath(*packages) if packages else site / stem
    if extension.python_source is not None:
        top = packages[0] if packages else stem
        ignored = shutil.ignore_patterns("*.so", "__pycache__")
        shutil.copytree(extension.python_source / top, site / top, ignore=ignored)
    elif not packages:
        root.mkdir(parents=True)
        (root / "__init__.py").write_text(PACKAGE_AROUND_MODULE.format(module=stem))
    library = root / (stem + suffix)
    library.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(target / "release" / f"lib{extension.library}.so", library)
    return library
