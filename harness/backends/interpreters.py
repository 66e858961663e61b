"""Find the CPythons on this machine, wherever people and version managers put them.

Asking an interpreter what it is costs a process, so answers are kept in the cache.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.builds import cache_directory, kept_about, write_atomically
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
MARKER = "got.json"
"""The file that makes an interpreter in the cache a whole one: see :mod:`harness.backends.provisioning`."""

PLACES = (
    "{PYENV_ROOT:~/.pyenv}/versions/*/bin",
    "{UV_PYTHON_INSTALL_DIR:{XDG_DATA_HOME:~/.local/share}/uv/python}/*/bin",
    "{CONDA_PREFIX:}/bin",
    "{MAMBA_ROOT_PREFIX:~/micromamba}/bin",
    "{MAMBA_ROOT_PREFIX:~/micromamba}/envs/*/bin",
    *(
        f"{base}{below}/bin"
        for base in (
            *("~/miniconda3", "~/anaconda3", "~/miniforge3", "~/mambaforge", "~/.conda", "~/conda"),
            *("/opt/conda", "/opt/miniconda3", "/opt/miniforge3", "/opt/anaconda3"),
        )
        for below in ("", "/envs/*")
    ),
    "{ASDF_DATA_DIR:~/.asdf}/installs/python/*/bin",
    "{MISE_DATA_DIR:{XDG_DATA_HOME:~/.local/share}/mise}/installs/python/*/bin",
    "/opt/*python*/bin",
    "/opt/python/*/bin",
    "/usr/local/bin",
    "/usr/local/*python*/bin",
    "~/.local/opt/*/bin",
    "~/.local/opt/*/usr/bin",
)
"""Where interpreters are beside PATH.  ``{NAME:else}`` is an environment variable, or what stands after the colon."""

_VARIABLE = re.compile(r"\{(\w+):([^{}]*)\}")


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
    # Of one version a release comes before what leads to it, and then what is first on PATH.
    return sorted(found.values(), key=lambda each: (each.language_version, each.free_threaded, each.level != "final"))


def provided_directory() -> Path:
    """Return where the cache keeps interpreters that were got."""
    return cache_directory() / "python"


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    for directory in _directories():
        if directory.name == "shims" or not directory.is_dir():
            continue
        try:
            names = sorted(os.listdir(directory))
        except OSError:
            continue
        yield from (directory / name for name in names if _NAME.match(name))
    for marker in sorted(provided_directory().glob(f"*/{MARKER}")):
        with contextlib.suppress(OSError, msgspec.DecodeError, KeyError, TypeError):
            yield Path(msgspec.json.decode(marker.read_bytes())["executable"])


def _directories() -> Iterator[Path]:
    yield from (Path(each) for each in os.environ.get("PATH", "").split(os.pathsep) if each)
    for pattern in [*PLACES, *_named_environments()]:
        expanded = Path(_with_variables(pattern)).expanduser()
        if expanded.is_absolute():
            yield from sorted(Path(expanded.anchor).glob(str(expanded.relative_to(expanded.anchor))))


def _with_variables(pattern: str) -> str:
    """Return a pattern with environment variables in place, the innermost first."""
    while (found := _VARIABLE.search(pattern)) is not None:
        value = os.environ.get(found[1]) or found[2]
        if not value:
            return ""
        pattern = pattern[: found.start()] + value + pattern[found.end() :]
    return pattern


def _named_environments() -> Iterator[str]:
    """Yield the environments that conda has noted, and those below the directories that are named for them."""
    for each in os.environ.get("CONDA_ENVS_PATH", "").split(os.pathsep):
        if each:
            yield f"{each}/*/bin"
    with contextlib.suppress(OSError, RuntimeError):
        noted = Path("~/.conda/environments.txt").expanduser().read_text(encoding="utf-8", errors="replace")
        yield from (f"{line.strip()}/bin" for line in noted.splitlines() if line.strip())
