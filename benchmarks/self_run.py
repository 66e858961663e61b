"""The samples on the reference against itself: whatever is found is a false alarm, or an extension that varies.

    python benchmarks/self_run.py [--examples 100000] [CASE ...]

A CASE is a case file's name or ``FILE:CASE``; all are run if none is named.  Cases are drawn in parts of ``PART``
examples, each with a seed of its own, so that the memory in use stays the same however long the run is.  Every part
is a line in ``results/self-run.jsonl``; what stands there for the same extension and case is not run again, so a
run that was ended goes on where it was.  The exit code is 1 if anything was found.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import hypothesis
import msgspec
from drawn import ROOT, case_files

from harness import worker
from harness.cases import Case, CaseFile
from harness.differential import Differential
from harness.examine import Examination, Plan, examine, examine_all
from harness.extensions import Extension
from harness.findings import Known
from harness.lanes import Lane
from harness.matrix import Matrix, capabilities_of
from harness.report.failure import describe_finding
from harness.restarts import Restarts
from harness.settings import Overrides, read_settings
from harness.strategies import programs_of
from harness.surface import surface_programs

PART = 10_000
AGAIN = "again"


class Part(msgspec.Struct, frozen=True):
    """What came of one part of a case; ``key`` names the extension as built, the case, the worker and the part."""

    key: str
    case: str
    number: int
    wanted: int
    examples: int
    duration_s: float
    verdict: str
    findings: tuple[str, ...]


class SelfRun:
    """A run of the reference against itself."""

    def __init__(self, results: Path, examples: int, seed: int) -> None:
        # Settings ask for a second backend; it is neither provided nor built.
        settings = read_settings(ROOT, Overrides(backends="rustpython"))
        self.matrix = Matrix(settings, lambda line: print(f"  {line}", file=sys.stderr, flush=True))
        self.settings = settings
        self.reference = settings.reference
        self.examples = examples
        self.seed = seed
        self.results = results
        self.done = {part.key: part for part in read_parts(results)}

    def run_file(self, cases: CaseFile, wanted: str) -> Iterator[list[Part]]:
        """Yield the parts of every case of a file, or of the one that is wanted."""
        extension = self.matrix.extension(cases.extension, cases.path)
        built = self.matrix.built(self.reference, extension)
        lanes = [
            Lane(
                name,
                self.matrix.backend(self.reference).command,
                extension.module,
                [str(built.site)],
                timeout_s=self.settings.timeout_s,
                # Of many examples many end their workers, on both sides alike, where a case is about that.
                restarts=Restarts(of_a_case=sys.maxsize, of_a_run=sys.maxsize),
            )
            for name in (self.reference, AGAIN)
        ]
        try:
            for case in (*cases.cases, *cases.built_in):
                if case.kind != "everywhere" and wanted in ("", case.name):
                    yield list(self._parts(case, extension, built.digest, lanes))
        finally:
            for lane in lanes:
                lane.close()

    def _parts(self, case: Case, extension: Extension, digest: str, lanes: list[Lane]) -> Iterator[Part]:
        name = f"{case.file.stem}:{case.name}"
        spec = msgspec.json.encode(case.spec)
        for number, wanted in enumerate(part_sizes(1 if case.kind == "surface" else self.examples)):
            identity = f"{digest} {spec!r} {Path(worker.__file__).read_text()} {name} {self.seed} {number} {wanted}"
            key = hashlib.blake2b(identity.encode(), digest_size=8).hexdigest()
            part = self.done.get(key)
            if part is None:
                started = time.monotonic()
                came = self._examine(case, extension, lanes, int(key, 16), wanted)
                told = [describe_finding(each, reference=self.reference, other=AGAIN) for each in came.findings]
                duration_s = round(time.monotonic() - started, 1)
                part = Part(key, name, number, wanted, came.examples, duration_s, came.verdict, tuple(told))
                with self.results.open("ab") as stream:
                    stream.write(msgspec.json.encode(part) + b"\n")
            yield part
            if part.examples < wanted:
                return  # There are no more examples than these, or drawing ended.

    def _examine(self, case: Case, extension: Extension, lanes: list[Lane], seed: int, wanted: int) -> Examination:
        for lane in lanes:
            lane.timeout_s = case.spec.timeout_s or self.settings.timeout_s
            lane.fresh()
        differential = Differential(lanes[0], lanes[1], self.settings.rules.union(case.spec.rules))
        plan = Plan(f"{case.file.name}::{case.name}", seed, wanted, hypothesis.settings(), None)
        try:
            if case.kind == "surface":
                return examine_all(surface_programs(differential, extension.module), differential, Known(()), plan)
            programs = programs_of(case, extension.module, capabilities_of(*lanes))
            return examine(programs, differential, Known(()), plan)
        finally:
            differential.abandon()


def part_sizes(examples: int) -> list[int]:
    """Return how many examples each part has."""
    whole, rest = divmod(examples, PART)
    return [PART] * whole + [rest] * bool(rest)


def read_parts(path: Path) -> list[Part]:
    """Return what earlier runs have done; a line that was not finished is left out."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=Part) for line in lines]


def row_of(parts: list[Part]) -> str:
    """Return the line of the table for one case."""
    examples, duration_s = sum(each.examples for each in parts), sum(each.duration_s for each in parts)
    findings = sum(len(each.findings) for each in parts)
    verdicts: list[Literal["diverge", "flaky", "broken"]] = ["diverge", "flaky", "broken"]
    verdict = next((each for each in verdicts if any(part.verdict == each for part in parts)), "agree")
    return f"{parts[0].case:<44}{examples:>10}{duration_s:>9.1f} s  {verdict}{f' ({findings})' if findings else ''}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="FILE or FILE:CASE; all if none is given")
    parser.add_argument("--examples", type=int, default=100_000, help="examples for each case")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "self-run.jsonl")
    options = parser.parse_args()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    run = SelfRun(options.results, options.examples, options.seed)
    named = [each.partition(":") for each in options.cases] or [("", "", "")]
    total, found, broken = 0, 0, 0
    for file, _, wanted in named:
        for cases in case_files([file] if file else []):
            for parts in run.run_file(cases, wanted):
                print(row_of(parts), flush=True)
                for part in parts:
                    total, found = total + part.examples, found + len(part.findings)
                    broken += part.verdict == "broken"
                    for text in part.findings:
                        print(f"\n{text}\n", flush=True)
    print(f"{total} examples, {found} findings{f', {broken} parts broken' if broken else ''}")
    return 1 if found or broken else 0


if __name__ == "__main__":
    sys.exit(main())
