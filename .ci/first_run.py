"""Run the README's first command as a new user does, and say how long each stage takes.

    python .ci/first_run.py

A clean clone, an empty cache, a home directory without anything in it, and Python 3.11 as the only Python on PATH
(the one that runs this script, if it is of 3.11).  Only Rust's tools and cargo's downloads are those of the machine.

The command runs three times: as printed; once more, warm; and with everything forbidden to be got, so that another
version of CPython stands in.  Each must end green.  Exit code 0 if all do, 1 otherwise.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_PYTHON = re.compile(r"python3(\.\d+)?$")
LINES_SHOWN = 60
GREEN = {"agree", "known", "skew"}
"""Verdicts that fail no run; skew is there where the reference is not the version that the book was recorded with."""


class FirstRunError(Exception):
    """A run did not end as it must; the text says how."""


def main() -> int:
    """Run everything below a temporary directory; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="first-run-") as directory:
        try:
            for stage, seconds in stages(Path(directory)):
                print(f"{stage:<44} {seconds:6.0f} s", flush=True)
        except FirstRunError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def stages(directory: Path) -> Iterator[tuple[str, float]]:
    """Yield each stage with its seconds.  Raises: FirstRunError -- one did not end green."""
    clone = directory / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    environment = bare_environment(directory)
    install, command = first_command((clone / "README.md").read_text(encoding="utf-8"))

    yield "install", run(install, clone, environment)[0]
    seconds, output = run(command, clone, environment)
    yield "first run, with an empty cache", seconds
    check(clone, reference="3.14")
    yield from noted(output)

    yield "second run, warm", run(command, clone, environment)[0]
    check(clone, reference="3.14")

    shutil.rmtree(directory / "cache" / "python")
    seconds, output = run(command, clone, {**environment, "BACKEND_MATRIX_OFFLINE": "1"})
    yield "run with everything forbidden to be got", seconds
    check(clone, reference="3.11")
    if "stands in" not in output:
        raise FirstRunError("the run without CPython 3.14 does not say what stands in")


def first_command(readme: str) -> tuple[str, str]:
    """Return the README's first command, what it installs apart from what it runs."""
    found = re.search(r"^    (python3 -m venv .*) && (\S+pytest --backend-matrix.*)$", readme, re.MULTILINE)
    if found is None:
        raise FirstRunError("README.md does not start with a command that runs the matrix")
    return found[1], found[2]


def bare_environment(directory: Path) -> dict[str, str]:
    """Return the variables of a machine on which nothing is but Python 3.11, Rust and a C compiler."""
    cargo = shutil.which("cargo")
    if cargo is None:
        raise FirstRunError("cargo was not found; install Rust and put it on PATH")
    home = Path.home()
    binaries = directory / "bin"
    binaries.mkdir()
    (binaries / "python3").symlink_to(python_3_11())
    for name in SYSTEM:
        for tool in sorted(Path(name).glob("*")):
            # A Python of the system is not to be found; everything else is.
            if not _PYTHON.match(tool.name) and not (binaries / tool.name).exists():
                (binaries / tool.name).symlink_to(tool)
    (directory / "home").mkdir()
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYENV", "VIRTUAL_ENV", "PYTEST"))
    }
    return {
        **kept,
        "HOME": str(directory / "home"),
        "PATH": f"{binaries}:{Path(cargo).parent}",
        "CARGO_HOME": os.environ.get("CARGO_HOME", str(home / ".cargo")),
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(home / ".rustup")),
        "BACKEND_MATRIX_CACHE": str(directory / "cache"),
    }


def python_3_11() -> str:
    """Return the executable of a Python 3.11, outside of any virtual environment."""
    if sys.version_info[:2] == (3, 11):
        return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    found = shutil.which("python3.11")
    if found is None:
        raise FirstRunError("no Python 3.11 is here, which is the oldest that a new user may have")
    return found


def run(command: str, clone: Path, environment: dict[str, str]) -> tuple[float, str]:
    """Run a command; return its seconds and what it printed.  Raises: FirstRunError -- it failed."""
    started = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=clone,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-LINES_SHOWN:])
        raise FirstRunError(f"{command}\nended with exit code {done.returncode}:\n{tail}")
    return time.monotonic() - started, done.stdout


def noted(output: str) -> Iterator[tuple[str, float]]:
    """Yield the stages that the run itself names, as ``prepared: host 300 s, ...``."""
    for line in output.splitlines():
        if line.startswith("prepared: "):
            for part in line.removeprefix("prepared: ").split(", "):
                name, seconds, _ = part.rsplit(" ", 2)
                yield f"  of it: {name}", float(seconds)


def check(clone: Path, *, reference: str) -> None:
    """Check a run's event log.  Raises: FirstRunError -- another reference took part, or a verdict is not green."""
    events = [json.loads(line) for line in (clone / "results" / "events.jsonl").read_text().splitlines()]
    versions = [each["facts"]["versions"]["interpreter"] for each in events if each["type"] == "backend"]
    if not versions or not versions[0].startswith(f"{reference}."):
        raise FirstRunError(f"the reference is CPython {versions[:1]}, not {reference}")
    seen = set(events[-1]["verdicts"])
    if not seen or not seen <= GREEN:
        raise FirstRunError(f"the verdicts are {', '.join(sorted(seen))}; expected are {', '.join(sorted(GREEN))}")


if __name__ == "__main__":
    sys.exit(main())
