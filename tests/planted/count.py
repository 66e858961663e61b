"""How many of the planted differences are found: with case files, and by --auto alone.

    python tests/planted/count.py [OPTION OF PYTEST ...]

A difference counts as found if an item is told to diverge, not flakily, with a smallest program that is about the
planted thing and about no other one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.eventlog import FindingRecord, ItemEvent, read_events

HERE = Path(__file__).parent
CRATE = HERE.parent / "crates" / "planted"
CASES = CRATE / "cases" / "planted.yaml"
# Not planted themselves: what other differences are shown with.
HELPERS = frozenset({"Witness"})


def planted() -> frozenset[str]:
    """Return the names of everything that differs: what the crate's module exports."""
    source = (CRATE / "src" / "lib.rs").read_text(encoding="utf-8")
    module = source[source.index("mod planted {") :]
    exported = [name for names in re.findall(r"use super::\w+::(?:\{([^}]*)\}|(\w+));", module) for name in names]
    names = {each.strip() for listed in exported for each in listed.split(",") if each.strip()}
    return frozenset(names | set(re.findall(r"const (\w+): i64", module))) - HELPERS


@dataclass(frozen=True, slots=True)
class Count:
    """What was found of what was planted, and the names of what was not."""

    planted: int
    found: int
    missed: tuple[str, ...]


def count(events: Path, names: frozenset[str]) -> Count:
    """Return what a run's event log says of the planted names."""
    items = [each for each in read_events(events) if isinstance(each, ItemEvent)]
    found = {name for item in items for finding in item.findings for name in about(finding, names)}
    return Count(len(names), len(found), tuple(sorted(names - found)))


def about(finding: FindingRecord, names: frozenset[str]) -> Iterator[str]:
    """Yield the planted name that a finding is about; a program with several of them is about none."""
    mentioned = set(re.findall(r"\w+", finding.text)) & names
    if not finding.flaky and len(mentioned) == 1:
        yield mentioned.pop()


def run(*arguments: str, results: Path) -> subprocess.CompletedProcess[str]:
    """Run the matrix of the reference and its planted twin."""
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")]))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    # Who is to blame is known here.
    command = ["--backend-matrix", "--backends=planted", "--blame=none", "-q", "-p", "no:cacheprovider"]
    command.append(f"--matrix-results={results}")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *command, *arguments],
        cwd=HERE.parents[1],
        env=environment | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def count_both(*options: str) -> dict[str, Count]:
    """Run both ways and count.  Raises: RuntimeError -- a run left no event log."""
    counts = {}
    for way, arguments in (("case files", (str(CASES),)), ("--auto", (f"--auto={CRATE}",))):
        with tempfile.TemporaryDirectory() as directory:
            done = run(*arguments, *options, results=Path(directory))
            log = Path(directory, "events.jsonl")
            if not log.exists():
                raise RuntimeError(done.stdout + done.stderr)
            counts[way] = count(log, planted())
    return counts


def told(counts: dict[str, Count]) -> Iterator[str]:
    """Yield a line for each way of looking."""
    for way, each in counts.items():
        missed = f"; not found: {', '.join(each.missed)}" if each.missed else ""
        yield f"{way}: {each.found} of {each.planted} planted differences found{missed}"


if __name__ == "__main__":
    print("\n".join(told(count_both(*sys.argv[1:]))))
