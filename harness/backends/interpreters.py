"""Find the CPythons on this machine.  Asking one costs a process, so answers are kept in the cache."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.builds import kept_about, write_atomically
from harness.errors import BackendUnavailableError

PROBE_TIMEOUT_S = 20
_PROBE = """
import json, sys, sysconfig
print(json.dumps({
    "executable": sys.executable,
    "implementation": sys.implementation.name,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "level": sys.version_info[3],
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "extension_suffix": sysconfig.get_config_var("EXT_SUFFIX") or "",
}))
"""
_NAME = re.compile(r"python3(\.\d+t?)?$")
MANAGERS = ("~/.pyenv/versions/*/bin", "~/.local/share/uv/python/*/bin", "/opt/python/*/bin", "/usr/local/bin")


class Interpreter(msgspec.Struct, frozen=True):
    """What an interpreter says of itself."""

    executable: str
    implementation: str
    version: str
    level: str
    free_threaded: bool
    extension_suffix: str

    @property
    def language_version(self) -> tuple[int, int]:
        """Major and minor version."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


def probe(path: Path) -> Interpreter:
    """Ask an interpreter what it is.

    Raises: BackendUnavailableError -- the file is missing, or is no Python that runs.
    """
    try:
        known = kept_about(path, "interpreters")
    except OSError as error:
        raise BackendUnavailableError(f"{path}: no interpreter there: {error.strerror}") from None
    try:
        return msgspec.json.decode(known.read_bytes(), type=Interpreter)
    except (OSError, msgspec.DecodeError):
        pass
    try:
        done = subprocess.run(
            [str(path), "-c", _PROBE],
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=True,
        )
        answer = msgspec.json.decode(done.stdout, type=Interpreter)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
        raise BackendUnavailableError(f"{path}: is no Python that runs: {_why(error)}") from None
    # A shim asks its manager anew each time, so that its answer must not be kept.
    if "shims" not in path.parts:
        write_atomically(known, msgspec.json.encode(answer))
    return answer


def _why(error: Exception) -> str:
    match error:
        case subprocess.CalledProcessError():
            return f"it ended with exit code {error.returncode}"
        case subprocess.TimeoutExpired():
            return f"it did not answer within {PROBE_TIMEOUT_S} s"
        case OSError():
            return str(error.strerror)
    return f"it answered something else: {error}"


def installed() -> list[Interpreter]:
    """Return the CPythons on PATH and where version managers put them, each once, oldest first."""
    found: dict[str, Interpreter] = {}
    for path in _candidates():
        try:
            interpreter = probe(path)
        except BackendUnavailableError:
            continue
        if interpreter.implementation == "cpython":
            real = str(Path(interpreter.executable).resolve())
            found.setdefault(real, interpreter)
    return sorted(found.values(), key=lambda each: (each.language_version, each.free_threaded))


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    directories = [Path(each) for each in os.environ.get("PATH", "").split(os.pathsep) if each]
    for pattern in MANAGERS:
        expanded = Path(pattern).expanduser()
        directories += sorted(Path(expanded.anchor).glob(str(expanded.relative_to(expanded.anchor))))
    for directory in directories:
        if directory.name == "shims" or not directory.is_dir():
            continue
        try:
            names = sorted(os.listdir(directory))
        except OSError:
            continue
        yield from (directory / name for name in names if _NAME.match(name))
