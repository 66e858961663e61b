"""Which source distributions there are, and where the pinned files of each come from."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.builds import Progress, cache_directory, locked

HERE = Path(__file__).parent
TABLE = HERE / "packages.toml"
REQUIREMENTS = HERE / "requirements.txt"
PYTEST = ("iniconfig", "packaging", "pluggy", "pygments", "pytest")


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A source distribution; the fields are explained at the head of ``packages.toml``."""

    name: str
    version: str
    sha256: str
    suite: list[str] = []
    always: bool = False
    needs: list[str] = []
    stand_ins: list[str] = []
    why: str = ""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    package: list[Package]


class DownloadError(Exception):
    """A pinned file cannot be had: no network, or what is there is not what is pinned."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A package's unpacked source distribution."""

    package: Package
    directory: Path


def read_packages(table: Path = TABLE) -> list[Package]:
    """Return the pinned packages in the order of the file.

    Raises: msgspec.DecodeError -- the file is malformed; the text says where.
    """
    return msgspec.toml.decode(table.read_bytes(), type=_Table).package


def fetch(package: Package, progress: Progress) -> Fetched:
    """Return the unpacked source distribution, from the cache if it has been there before.

    Raises: DownloadError -- pip cannot get it, or its hash is another one.
    """
    place = cache_directory() / "published" / f"{package.name}-{package.version}-{package.sha256[:12]}"
    with locked(f"published-{package.name}", progress):
        if not place.exists():
            progress(f"downloading {package.name} {package.version}")
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as directory:
                archive = download(f"{package.name}=={package.version}", package.name, Path(directory))
                if digest(archive) != package.sha256:
                    raise DownloadError(f"{archive.name}: has the hash {digest(archive)}, not {package.sha256}")
                _unpack(archive, Path(directory) / "unpacked", place)
    return Fetched(package, place)


def download(requirement: str, name: str, to: Path) -> Path:
    """Get one source distribution with pip and return the file.

    Raises: DownloadError -- pip said no; the text holds its own words.
    """
    # Only the package itself: "all" would have the tools that pip reads its metadata with built from source too.
    _pip("download", "--quiet", "--no-deps", "--no-binary", name, "--dest", str(to), requirement)
    (archive,) = to.glob("*.tar.gz")
    return archive


def pyo3_version(fetched: Fetched) -> tuple[int, ...]:
    """Return the version of PyO3 that a package is built with: the locked one, or the one its manifest asks for.

    Empty if it does not use PyO3.
    """
    for lock in sorted(fetched.directory.rglob("Cargo.lock")):
        for locked_crate in tomllib.loads(lock.read_text(encoding="utf-8")).get("package", []):
            if locked_crate["name"] == "pyo3":
                return _numbers(locked_crate["version"])
    for manifest in sorted(fetched.directory.rglob("Cargo.toml")):
        wanted = tomllib.loads(manifest.read_text(encoding="utf-8")).get("dependencies", {}).get("pyo3")
        version = wanted.get("version") if isinstance(wanted, dict) else wanted
        if version is not None:
            return _numbers(version)
    return ()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def tools(package: Package, progress: Progress) -> Path:
    """Return a directory with pytest and what a package's suite imports beside it, all of it pure Python.

    Raises: DownloadError -- pip cannot get them, or the package needs what is not in ``requirements.txt``.
    """
    pinned = requirements((*PYTEST, *package.needs))
    place = cache_directory() / "published" / f"tools-{hashlib.sha256(pinned.encode()).hexdigest()[:12]}"
    with locked("published-tools", progress):
        if not place.exists():
            progress(f"installing pytest for the suite of {package.name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as directory:
                fresh, chosen = Path(directory) / "fresh", Path(directory) / "requirements.txt"
                chosen.write_text(pinned)
                _pip(
                    *("install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
                    *("--no-compile", "--target", str(fresh), "--requirement", str(chosen)),
                )
                fresh.rename(place)
    return place


def requirements(names: Sequence[str]) -> str:
    """Return the lines of ``requirements.txt`` with these names.  Raises: DownloadError -- there is none."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines(keepends=True)
    pinned = {line.partition("==")[0]: line for line in lines if "==" in line}
    for name in names:
        if name not in pinned:
            raise DownloadError(f"{name} is not in {REQUIREMENTS}: there are {', '.join(sorted(pinned))}")
    return "".join(pinned[name] for name in names)


def refreshed(text: str, progress: Progress) -> str:
    """Return the table's text with the newest version of each package, and the hash of its source distribution."""
    blocks = re.split(r"(?m)^(?=\[\[package\]\])", text)
    for number, block in enumerate(blocks):
        named = re.search(r'(?m)^name = "(.+)"$', block)
        if named is None:
            continue
        progress(f"asking for the newest {named[1]}")
        with tempfile.TemporaryDirectory() as directory:
            archive = download(named[1], named[1], Path(directory))
            version = archive.name.removesuffix(".tar.gz").rpartition("-")[2]
            fresh = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', block)
            blocks[number] = re.sub(r'(?m)^sha256 = ".*"$', f'sha256 = "{digest(archive)}"', fresh)
    return "".join(blocks)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in the letters that pip writes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _unpack(archive: Path, to: Path, place: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(to, filter="data")
    (root,) = to.iterdir()
    root.rename(place)


def _pip(*arguments: str) -> None:
    argv = [sys.executable, "-m", "pip", *arguments]
    # The settings that a package's own build script would look at are not ours to pass on.
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DownloadError(f"pip {arguments[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")
