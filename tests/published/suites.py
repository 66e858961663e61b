"""Run a package's own suite on a backend and say what became of each test."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from harness.backends.base import Backend
from harness.builds import Progress, cache_directory, write_atomically
from harness.extensions import read_extension

from .pins import HERE, Fetched, Package, digest

RECORDER = "recorder"
SUITE_TIMEOUT_S = 1800.0
SILENCE_TIMEOUT_S = 300.0
"""How long one test may take: ten times what the slowest one of the pinned suites needs on a busy machine."""
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
PYTEST_RAN = (0, 1, 5)
"""Exit codes of a pytest that came to its end: all passed, some failed, nothing was left to run."""
DEATHS = 20
"""How often a suite is begun anew after a test has ended its process."""
IMPORT_ONLY = "test_import.py"
"""What is run of a package whose source distribution holds no suite."""
_WORSE = ("passed", "skipped", "xfailed", "xpassed", "failed", "crashed", "hung")


class Test(msgspec.Struct, frozen=True):
    """What became of one test; ``message`` is its failure's or its skip's reason."""

    name: str
    verdict: str
    message: str = ""


class Suite(msgspec.Struct, frozen=True):
    """A whole run: the tests in the order of collection, and files that could not be collected."""

    tests: list[Test]
    broken: list[Test] = []

    def verdicts(self) -> dict[str, str]:
        """The verdict of each test by its name."""
        return {test.name: test.verdict for test in self.tests}


def run_suite(fetched: Fetched, backend: Backend, tools: Path, progress: Progress) -> Suite:
    """Build a package for a backend and run its suite; what an earlier run of the same inputs saw is kept.

    Raises: BuildError -- the compiler said no; ExtensionError -- it is no crate that makes a module;
    SuiteError -- pytest itself did not come to its end.
    """
    package = fetched.package
    extension = read_extension(fetched.directory, package.name)
    built = backend.build(extension, progress=progress)
    stand_ins = [HERE / "stand_ins" / name for name in package.stand_ins]
    inputs = [HERE / f"{RECORDER}.py", *(path for folder in stand_ins for path in sorted(folder.rglob("*.py")))]
    named = [backend.name, built.digest, *map(str, backend.command.argv), *sorted(backend.versions.values())]
    named += [package.sha256, tools.name, *package.suite, *(digest(path) for path in inputs)]
    kept = cache_directory() / "suites" / f"{package.name}-{hashlib.sha256(repr(named).encode()).hexdigest()[:24]}.json"
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=Suite)
    progress(f"running the suite of {package.name} on {backend.name}")
    with tempfile.TemporaryDirectory(prefix="backend-matrix-suite-") as directory:
        path = [built.site, tools]
        for folder in [HERE / f"{RECORDER}.py", *stand_ins]:
            _place(folder, Path(directory) / "path")
        path.append(Path(directory) / "path")
        copy = Path(directory) / "package"
        # A copy, because a test may write beside itself and what is in the cache is what was published.
        shutil.copytree(fetched.directory, copy, ignore=shutil.ignore_patterns("target"))
        if extension.python_source is not None:
            # What lies here is the package without its module; `site` has both.
            root = copy / extension.python_source.relative_to(fetched.directory)
            shutil.rmtree(root / extension.module.partition(".")[0])
        if not package.suite:
            (copy / IMPORT_ONLY).write_text(f"def test_import():\n    import {extension.module}\n")
        suite = _run(package, backend.command.argv, path, Path(directory))
    write_atomically(kept, msgspec.json.encode(suite))
    return suite


class SuiteError(Exception):
    """pytest could not be run; the text ends with what it said."""


def reason_of(error: Exception) -> str:
    """Return the one line of a failure that says most: the compiler's first error, or the text's first line."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if line.startswith("error")), lines[0])


def _place(source: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, folder / source.name)


def _run(package: Package, interpreter: Sequence[str], path: Sequence[Path], scratch: Path) -> Suite:
    (scratch / "home").mkdir()
    seen: dict[str, Test] = {}
    broken: dict[str, Test] = {}
    for number in range(DEATHS + 1):
        record = scratch / f"record-{number}"
        record.touch()
        argv = [*interpreter, "-m", "pytest", "-p", RECORDER, "-p", "no:cacheprovider", "--override-ini=addopts="]
        argv += [*(word for name in seen for word in ("--deselect", name)), *(package.suite or [IMPORT_ONLY])]
        ended = _wait(argv, scratch / "package", _environment(path, record, scratch), record, scratch / "said")
        text = _ADDRESS.sub("0x...", record.read_text(encoding="utf-8").replace(str(scratch), "..."))
        fresh, unfinished = read_record(text.splitlines())
        if number == 0:
            broken = {test.name: test for test in fresh if test.verdict == "broken"}
        seen.update({test.name: test for test in fresh if test.verdict != "broken"})
        if ended in PYTEST_RAN and not unfinished and seen:
            break
        if not unfinished or number == DEATHS:
            said = (scratch / "said").read_text(encoding="utf-8", errors="replace")
            raise SuiteError(f"{package.name}: pytest ended with {ended}\n{said[-3000:]}")
        for name in unfinished:
            seen[name] = Test(name, "hung" if ended is None else "crashed", f"exit status {ended}")
    return Suite(list(seen.values()), list(broken.values()))


def _wait(argv: list[str], cwd: Path, environment: dict[str, str], record: Path, said: Path) -> int | None:
    """Run pytest; return its exit status, or None if it was killed for its silence."""
    with open(said, "wb") as output:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        begun = time.monotonic()
        while True:
            try:
                return process.wait(timeout=1.0)
            except subprocess.TimeoutExpired:
                written = record.stat()
                # Nothing is written before the first test, and a large suite is long in collecting.
                silent = time.time() - written.st_mtime if written.st_size else 0.0
                if silent > SILENCE_TIMEOUT_S or time.monotonic() - begun > SUITE_TIMEOUT_S:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    return None


def _environment(path: Sequence[Path], record: Path, scratch: Path) -> dict[str, str]:
    home = str(scratch / "home")
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "BACKEND_MATRIX_RECORD": str(record),
    }


def read_record(lines: Iterable[str]) -> tuple[list[Test], list[str]]:
    """Return what a recorder wrote: tests with a verdict, and the names of those that never finished.

    Of several verdicts for one test the worst counts: it can pass and fail in its tear-down.
    """
    started: dict[str, bool] = {}
    found: dict[str, Test] = {}
    for line in lines:
        entry = json.loads(line)
        kind, name = entry["kind"], entry["test"]
        if kind == "started":
            started[name] = False
        elif kind == "finished":
            started[name] = True
        elif kind == "broken" or name not in found or _WORSE.index(kind) > _WORSE.index(found[name].verdict):
            found[name] = Test(name, kind, entry["message"])
    unfinished = [name for name, finished in started.items() if not finished]
    return [test for name, test in found.items() if name not in unfinished], unfinished
