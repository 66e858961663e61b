"""Write ``docs/c-api-calls.txt``: which functions of the C-API the samples' cases call on the host.

    python benchmarks/record_c_api_calls.py [--examples 100] [[--update] FILE ...]

The host takes notes of the calls that an extension makes (``harness/backends/host_notes.py``), and a run that tells
who is to blame reads them too.  Not told is a function that returns to the host: the extension hands its address to
the host, which calls it from the inside, or calls it last of all.

With case files named, such as ``classes``, what is found is printed; with ``--update`` what is told of them is
written anew.

Each line is a function, and for each case file that calls it the number of its cases that do and the first.
Import of the extension counts as a case of its own, ``import``.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from drawn import ROOT, case_files, feed, lane_of, matrix_of, programs_for, watched

from harness.backends.host_notes import HostNotes

BACKEND = "rustpython"
TIMEOUT_S = 60.0
TABLE = ROOT / "docs" / "c-api.md"
CALLS = ROOT / "docs" / "c-api-calls.txt"


def functions() -> set[str]:
    """The functions that the runtime exports, as the table has them."""
    rows = re.findall(r"^\| `(\w+)` \| (\S+) ", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name for name, who in rows if who != "missing"}


def record(examples: int, directory: Path, files: list[str]) -> dict[str, dict[str, list[str]]]:
    """Run every case; return function -> case file -> cases that called it."""
    names = functions()
    notes = HostNotes(directory)
    called: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    matrix = matrix_of(BACKEND)
    command = watched(matrix.backend(BACKEND).command, **dict(notes.variables))

    def take(file: str, case: str) -> None:
        calls = notes.take()
        if calls is None:
            sys.exit("the host of this machine takes no notes of calls")
        for name in calls.returned & names:
            called[name][file].append(case)

    for cases in case_files(files):
        file = cases.path.stem
        lane = lane_of(matrix, BACKEND, cases, command)
        try:
            lane.fresh()
            take(file, "import")
            for case in cases.cases:
                # Some cases await for ever on purpose; a case says itself how long is long.
                lane.timeout_s = case.spec.timeout_s or TIMEOUT_S
                done = sum(1 for _ in feed(lane, programs_for(case, lane, examples)))
                take(file, case.name)
                print(f"  {file}: {case.name}, {done} programs", file=sys.stderr)
        finally:
            lane.close()
    return called


Told = dict[str, dict[str, str]]
"""Function -> case file -> ``NUMBER:FIRST`` of its cases that call it."""


def summary(called: dict[str, dict[str, list[str]]]) -> Told:
    """Return what is told of the calls."""
    return {name: {file: f"{len(cases)}:{cases[0]}" for file, cases in files.items()} for name, files in called.items()}


def read(text: str) -> Told:
    """Return what the text of the file tells."""
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {name: dict(part.split(":", 1) for part in parts) for name, *parts in lines}


def merged(before: Told, now: Told, files: set[str]) -> Told:
    """Return ``before`` with what ``now`` tells of ``files`` in place of what it told of them."""
    kept = {name: {file: cases for file, cases in told.items() if file not in files} for name, told in before.items()}
    both = {name: kept.get(name, {}) | now.get(name, {}) for name in before | now}
    return {name: told for name, told in both.items() if told}


def written(told: Told) -> str:
    """The text of the file."""
    lines = ["# Made by benchmarks/record_c_api_calls.py: function, then FILE:NUMBER:FIRST of the cases that call it."]
    for name, files in sorted(told.items()):
        lines.append(" ".join([name, *(f"{file}:{cases}" for file, cases in sorted(files.items()))]))
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="case files, such as classes; all if none is given")
    parser.add_argument("--examples", type=int, default=100, help="drawn programs for each case")
    parser.add_argument("--update", action="store_true", help="write what is told of the files that are named")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        told = summary(record(options.examples, Path(directory), options.files))
    if options.files and not options.update:
        sys.stdout.write(written(told))
        return
    if options.files:
        told = merged(read(CALLS.read_text(encoding="utf-8")), told, {Path(file).stem for file in options.files})
    CALLS.write_text(written(told), encoding="utf-8")


if __name__ == "__main__":
    main()
