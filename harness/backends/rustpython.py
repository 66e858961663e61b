"""RustPython, as the host that we build from its released crates.

Released RustPython cannot load an extension module, so this backend brings an executable that embeds it:
the crate in ``host/`` beside this file, which travels in the wheel.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from harness.backends.base import Backend, Request
from harness.backends.host_notes import HostNotes
from harness.backends.parts import LIMITED_API, STABLE_ABI
from harness.blame import Part
from harness.builds import (
    Built,
    Progress,
    build_extension,
    cache_directory,
    cargo_module,
    digest_of,
    forget_product,
    kept_about,
    locked,
    run_tool,
    write_atomically,
)
from harness.errors import BackendUnavailableError
from harness.extensions import Extension
from harness.process import WorkerCommand
from harness.symbols import offered_functions

HOST_CRATE = Path(__file__).parent / "host"


def _manifest() -> dict[str, Any]:
    """Return the workspace of the host's manifest, which says what RustPython the host is of."""
    return dict(tomllib.loads((HOST_CRATE / "Cargo.toml").read_text(encoding="utf-8"))["workspace"])


def _language_version(manifest: dict[str, Any]) -> tuple[int, int]:
    major, minor = manifest["metadata"]["rustpython"]["language-version"].split(".")
    return int(major), int(minor)


VERSION: str = _manifest()["dependencies"]["rustpython"]["version"].removeprefix("=")
LANGUAGE_VERSION = _language_version(_manifest())
"""What ``sys.version_info`` says in this RustPython."""

SLOWNESS = 2.0
"""How many times longer a program may take than on other backends: it interprets several times more slowly."""

EXECUTABLE = "rustpython-host"
RUNTIME = "libbackend_matrix_host.so"
CRATES = ("backend-matrix-host-runtime", "rustpython-host")

SUPPLIED = HOST_CRATE / "runtime" / "supplied.txt"
PARTS = frozenset(
    {
        STABLE_ABI,
        LIMITED_API,
        Part("binding", "PyO3's code for RustPython"),
        Part("interpreter", f"RustPython {VERSION} and its C-API"),
        Part("host", "our host of RustPython"),
    }
)

# PyO3 cannot ask RustPython what it is; this file tells it.  Source: pyo3-build-config 0.30, `InterpreterConfig`.
PYO3_CONFIG = """\
implementation=RustPython
version=3.15
shared=true
target_abi=RustPython-abi3t-3.15
suppress_build_script_link_lines=true
"""


def provide(request: Request) -> Backend:
    """Return the backend of the given host, or of the one in the cache, which is built if missing."""
    executable = _given(request.path) if request.path is not None else build_host(request.progress, request.rebuild)
    offered = _offered(executable.with_name(RUNTIME))

    def compile_extension(extension: Extension, progress: Progress, rebuild: bool) -> Built:
        def make(site: Path, target: Path) -> Path:
            config = cache_directory() / "pyo3-rustpython.config"
            # Only if it changed: PyO3's build script compiles anew when the file's time is another.
            if not config.exists() or config.read_text() != PYO3_CONFIG:
                write_atomically(config, PYO3_CONFIG.encode())
            environment = {"PYO3_CONFIG_FILE": str(config), "PYO3_NO_PYTHON": "1", "PYO3_PYTHON": None}
            return cargo_module(extension, site, target, suffix=".abi3t.so", environment=environment, progress=progress)

        return build_extension(
            extension,
            backend="rustpython",
            key=PYO3_CONFIG,
            rebuild=rebuild,
            progress=progress,
            make=make,
            compiles=request.compiles,
        )

    return Backend(
        name="rustpython",
        description=f"RustPython {VERSION} ({executable})",
        language_version=LANGUAGE_VERSION,
        command=WorkerCommand((str(executable),), slowness=SLOWNESS),
        compile=compile_extension,
        offered=offered,
        versions={"interpreter": VERSION, "host": executable.parent.name},
        parts=PARTS,
        supplied=offered & supplied_functions(),
        watch=HostNotes,
    )


def supplied_functions() -> frozenset[str]:
    """Return the functions of the C-API that are the host's own, and not RustPython's."""
    lines = SUPPLIED.read_text(encoding="utf-8").splitlines()
    return frozenset(line.partition(" ")[0] for line in lines)


def build_host(progress: Progress, rebuild: bool = False) -> Path:
    """Return the host's executable, built once for each machine, compiler and source of the crate.

    Raises: BuildError -- the compiler said no; the text holds its last lines.
    """
    digest = digest_of(_host_digest())
    place = cache_directory() / "host" / f"{VERSION}-{digest}"
    executable = place / EXECUTABLE
    if executable.exists() and not rebuild:
        return executable
    with locked("build-host", progress):
        if executable.exists() and not rebuild:
            return executable
        progress(f"building the host of RustPython {VERSION} ({_crates_of_host()} crates)")
        target = _run_cargo("build", progress=progress)
        _install(target / "release", place)
    return executable


def _crates_of_host() -> int:
    """Return how many crates cargo compiles for the host, nearly: those of its lock that are for this platform."""
    argv = ["cargo", "tree", "--locked", "--prefix=none", "--edges=normal,build", "--format={p}"]
    done = subprocess.run(
        [*argv, "--manifest-path", str(HOST_CRATE / "Cargo.toml")],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return len({line.removesuffix(" (*)") for line in done.stdout.splitlines() if line.strip()})


def check_host(*command: str, progress: Progress) -> None:
    """Run a command of cargo such as ``test`` on the host's crates; what they share with the host is compiled once.

    Raises: BuildError -- it failed; the text holds its last lines.
    """
    with locked("build-host", progress):
        last_checked = _target() / "checked-crate"
        if not last_checked.exists() or last_checked.read_text() != str(HOST_CRATE):
            # Cargo would take what another checkout left here for this one's, if its sources are not newer.
            _run_cargo("clean", *(word for crate in CRATES for word in ("--package", crate)), progress=progress)
            for library in list(_target().glob("tmp/pyo3/*/release/*.so")):
                forget_product(library.parents[1], library.name)
            write_atomically(last_checked, str(HOST_CRATE).encode())
        _run_cargo(*command, progress=progress)


def _target() -> Path:
    return cache_directory() / "target" / f"host-{digest_of(VERSION)[:8]}"


def _run_cargo(command: str, *arguments: str, progress: Progress) -> Path:
    """Run cargo on the host's crates, whose lock the caller holds; return the target directory."""
    target = _target()
    # Some of RustPython's dependencies declare a newer compiler than they need.
    unasked = () if command == "clean" else ("--ignore-rust-version",)
    forget_product(target, RUNTIME)
    run_tool(
        [
            *("cargo", command, "--release", "--locked", *unasked),
            *("--manifest-path", str(HOST_CRATE / "Cargo.toml"), "--target-dir", str(target)),
            *arguments,
        ],
        what=f"cargo {command} of the host of RustPython",
        environment={"PYO3_CONFIG_FILE": None, "PYO3_NO_PYTHON": None},
        progress=progress,
    )
    return target


def _install(built: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as directory:
        fresh = Path(directory) / "fresh"
        fresh.mkdir()
        for name in (RUNTIME, EXECUTABLE):
            shutil.copy2(built / name, fresh / name)
        if place.exists():
            place.rename(Path(directory) / "old")
        fresh.rename(place)


def _given(path: Path) -> Path:
    if not path.exists():
        raise BackendUnavailableError(f"{path}: no host there; leave the path out and it is built")
    if not path.with_name(RUNTIME).exists():
        raise BackendUnavailableError(
            f"{path}: {RUNTIME} does not lie beside it; a plain rustpython cannot load extension modules"
        )
    return path.absolute()


def _host_digest() -> str:
    digest = hashlib.blake2b(digest_size=16)
    for folder, names, files in os.walk(HOST_CRATE):
        names[:] = sorted(name for name in names if name not in ("target", "tests"))
        for name in sorted(files):
            if name.endswith((".rs", ".toml", ".lock", ".c", ".h")):
                path = Path(folder, name)
                digest.update(str(path.relative_to(HOST_CRATE)).encode())
                digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


def _offered(runtime: Path) -> frozenset[str]:
    """Return the runtime's exports, which are kept once they have been read."""
    kept = kept_about(runtime, "exports")
    if not kept.exists():
        write_atomically(kept, msgspec.json.encode(sorted(offered_functions(runtime))))
    return frozenset(msgspec.json.decode(kept.read_bytes(), type=list[str]))
