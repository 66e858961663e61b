"""Run the samples' cases under valgrind's memcheck on the host, and say whose every invalid access is.

    python benchmarks/valgrind_host.py [--examples 15] [FILE ...]

Each case's known programs and some drawn ones are executed by a worker under valgrind, which is then let end by
itself, so that what happens at exit is seen too.  An error (a read or write of memory that is not the process's,
a use of a value that was never set, a wrong free) belongs to the first function on its stack that is not of the
C library, of Rust's own, or of valgrind.  Exit status 1 if an error belongs to the host, or a worker ends of a
signal in its code; what belongs to others is listed.  ``valgrind_host.supp`` keeps what is known to be RustPython's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from drawn import ROOT, case_files, feed, lane_of, matrix_of, programs_for, watched

from harness import process
from harness.lanes import Lane
from harness.program import Program

BACKEND = "rustpython"
SUPPRESSIONS = Path(__file__).with_suffix(".supp")
EXIT_TIMEOUT_S = 120
PROGRAM_TIMEOUT_S = 120.0
START_TIMEOUT_S = 600.0
RESTARTS_LIMIT = 3
"""Where a case ends; a start under valgrind takes seconds, and what ends a worker is known from the matrix."""

#: Functions that act for whoever called them: they stand in the C library, in Rust's standard library, in valgrind.
NEUTRAL = re.compile(
    r"^(<?&?(core|alloc|std|hashbrown|parking_lot\w*|lock_api|crossbeam\w*|once_cell)\b|_?_?rust_|__|mem\w+$|str\w+$"
    r"|malloc$|free$|calloc$|realloc$|posix_memalign$|<\(|<\[|<str)"
)
CRATES = (
    ("host", re.compile(r"\bbackend_matrix_\w+")),
    ("rustpython-capi", re.compile(r"\brustpython_capi\b")),
    ("rustpython", re.compile(r"\brustpython\w*\b|\bruff_\w+|\bmalachite\w*")),
    ("pyo3", re.compile(r"\bpyo3\w*\b")),
)
RUNTIME = "libbackend_matrix_host.so"
SUPPLIED = ROOT / "harness" / "backends" / "host" / "runtime" / "supplied.txt"


@dataclass(frozen=True, slots=True)
class Frame:
    """A function on a stack, and the file that holds it."""

    function: str
    library: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What valgrind said: a kind such as ``InvalidRead``, the words, and the stack from the innermost frame."""

    kind: str
    words: str
    stack: tuple[Frame, ...]

    @property
    def owner(self) -> str:
        """Whose it is."""
        for frame in self.stack:
            if not NEUTRAL.search(frame.function) and not re.match(r"(libc|ld-linux|vgpreload)\b", frame.library):
                return owner_of(frame)
        return "nobody"

    def __str__(self) -> str:
        lines = [f"{frame.function} ({frame.library})" for frame in self.stack[:16]]
        return f"{self.words}\n    " + "\n    ".join(lines)


def owner_of(frame: Frame) -> str:
    """Return who wrote a function: the crate in its name, or who supplies it, or the library that it is in."""
    for owner, pattern in CRATES:
        if pattern.search(frame.function):
            return owner
    if frame.library == RUNTIME and frame.function.startswith(("Py", "_Py")):
        return "host" if frame.function in supplied() else "rustpython-capi"
    return frame.library or "unknown"


@cache
def supplied() -> frozenset[str]:
    """Return the functions of the C-API that the host defines."""
    return frozenset(line.split()[0] for line in SUPPLIED.read_text(encoding="utf-8").splitlines())


def faults_in(report: str) -> list[Fault]:
    """Return the errors in valgrind's XML, which ends in the middle if the process was killed."""
    faults = []
    for text in re.findall(r"<(?:error|fatal_signal)>.*?</(?:error|fatal_signal)>", report, re.DOTALL):
        error = ElementTree.fromstring(text)
        signal = error.findtext("signame")
        words = f"ended by {signal}" if signal else error.findtext("what") or error.findtext("xwhat/text") or ""
        frames = tuple(
            Frame(frame.findtext("fn") or "?", Path(frame.findtext("obj") or "").name)
            for frame in error.findall("stack[1]/frame")
        )
        kind = error.findtext("kind") or "Signal"
        # With XML valgrind always looks for leaks at exit, where RustPython frees little.
        if not kind.startswith("Leak_"):
            faults.append(Fault(kind, words, frames))
    return faults


def end_by_itself(lane: Lane) -> None:
    """Close a worker's requests and wait, so that its interpreter is finalised; ``Lane.close`` would kill it."""
    worker = lane._worker
    if worker is not None:
        os.close(worker.request_fd)
        worker.request_fd = os.open(os.devnull, os.O_WRONLY)
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(EXIT_TIMEOUT_S)


def execute(lane: Lane, programs: list[Program]) -> int:
    """Execute programs until the worker has died too often; return how many."""
    restarts = lane.restarts
    for number, _ in enumerate(feed(lane, programs, batch_size=1), 1):
        if lane.restarts - restarts > RESTARTS_LIMIT:
            return number
    return len(programs)


def watch(files: list[str], examples: int, directory: Path) -> dict[Fault, list[str]]:
    """Run the cases; return each fault with the cases in which it was first met, ``FILE:CASE``."""
    process.START_TIMEOUT_S = START_TIMEOUT_S
    found: dict[Fault, list[str]] = {}
    matrix = matrix_of(BACKEND)
    options = [f"--suppressions={SUPPRESSIONS}"] if SUPPRESSIONS.exists() else []
    valgrind = ("valgrind", "--xml=yes", f"--xml-file={directory}/%p.xml", "--num-callers=50", "--error-limit=no")
    command = watched(matrix.backend(BACKEND).command, prefix=(*valgrind, "--fair-sched=yes", *options))
    programs = 0

    def take(case: str) -> None:
        for report in directory.glob("*.xml"):
            for fault in faults_in(report.read_text(encoding="utf-8", errors="replace")):
                if fault not in found:
                    print(f"{case}: {fault.owner}: {fault}", flush=True)
                    found[fault] = [case]

    for cases in case_files(files):
        lane = lane_of(matrix, BACKEND, cases, command, timeout_s=PROGRAM_TIMEOUT_S)
        lane.fresh()
        take(f"{cases.path.stem}:import")
        for case in cases.cases:
            done = execute(lane, programs_for(case, lane, examples))
            programs += done
            print(f"  {cases.path.stem}:{case.name}, {done} programs", file=sys.stderr, flush=True)
            take(f"{cases.path.stem}:{case.name}")
        end_by_itself(lane)
        lane.close()
        take(f"{cases.path.stem}:exit")
        for report in directory.glob("*.xml"):
            report.unlink()
    print(f"{programs} programs")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="case files, such as classes; all if none is given")
    parser.add_argument("--examples", type=int, default=15, help="drawn programs for each case")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        found = watch(options.files, options.examples, Path(directory))
    counts = Counter((fault.owner, fault.kind) for fault in found)
    for (owner, kind), number in sorted(counts.items()):
        print(f"{owner}: {number} {kind}")
    return int(any(fault.owner == "host" for fault in found))


if __name__ == "__main__":
    sys.exit(main())
