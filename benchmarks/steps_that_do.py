"""How many steps of drawn programs do something: they are not refused for an operation that their target lacks.

    python benchmarks/steps_that_do.py [--examples 200] [--auto CRATE]... [CASE_FILE ...]

A step counts as idle if it raises AttributeError, or a TypeError in whose text the interpreter says that objects of
this kind have no such operation; what a function says of its arguments is no such text.  Cases that are a single call
have no target to lack anything and are left out.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from drawn import ROOT, case_files, drawn_programs, feed, lane_of, matrix_of

from harness.auto.selection import Selection
from harness.auto.sources import Source
from harness.cases import Case, CaseFile
from harness.lanes import Lane
from harness.matrix import Matrix
from harness.observation import Observation, Raised
from harness.program import Step
from harness.protocol import parse_observations

# What CPython says of an object that has no such operation.
LACKING = re.compile(
    r"unsupported operand|not supported between|bad operand type|object is not (iterable|callable|subscriptable"
    r"|an iterator|reversible)|is not a container or iterable|argument of type .* is not iterable|has no len\(\)"
    r"|has no attribute"
    r"|does not support|doesn't support|doesn't define|can't be (used|awaited)|cannot unpack non-iterable"
    r"|requires an object with|unhashable type|cannot be interpreted|cannot be converted to|argument must be a string"
    r"|can't convert|must be real number|bad argument type|argument after \*|cannot (pickle|create weak reference)"
)
KINDS_WITHOUT_TARGET = ("call", "subclass", "forget", "collect", "surface")


def is_idle(step: Step, observation: Observation) -> bool:
    """Say whether a step was refused because its target lacks the operation, or is no result at all."""
    outcome = observation.outcome
    if step.kind in KINDS_WITHOUT_TARGET or not isinstance(outcome, Raised):
        return False
    if outcome.unprepared or outcome.exception[1] == "builtins.AttributeError":
        return True
    return outcome.exception[1] == "builtins.TypeError" and bool(LACKING.search(str(outcome.exception[3].get("str"))))


def count(case: Case, lane: Lane, examples: int) -> tuple[int, int, Counter[str]]:
    """Return how many steps were executed, how many were idle, and what was idle in them."""
    steps = idle = 0
    lacking: Counter[str] = Counter()
    for program, reply in feed(lane, drawn_programs(case, lane, examples)):
        if isinstance(reply, str):
            continue
        for step, observation in zip(program.steps, parse_observations(reply, len(program.steps), lane.backend)):
            steps += 1
            if is_idle(step, observation):
                idle += 1
                text = str(observation.outcome.exception[3].get("str"))
                lacking[f"{step.kind} {step.name}: {text[:90]}"] += 1
    return steps, idle, lacking


def automatic(path: Path, matrix: Matrix) -> CaseFile:
    """Return the cases that --auto makes of a crate."""
    source = Source(path, matrix, Selection((), ()))
    try:
        made = [pair for subject in source.workshop.subjects() for pair in subject.make().items()]
    finally:
        source.close()
    return CaseFile(source.path, str(path), tuple(Case(source.path, 1, name, str(path), spec) for name, spec in made))


def rows(options: argparse.Namespace) -> Iterator[tuple[str, int, int]]:
    matrix = matrix_of("rustpython")
    reference = matrix.settings.reference
    read = case_files(options.files) if options.files or not options.auto else []
    read += [automatic((ROOT / each).resolve(), matrix) for each in options.auto]
    for cases in read:
        named = f"{'auto:' if cases.path.suffix != '.yaml' else ''}{cases.path.stem}"
        lane = lane_of(matrix, reference, cases, matrix.backend(reference).command)
        total = idle = 0
        for case in cases.cases:
            if case.spec.program is None:
                continue
            steps, lacked, lacking = count(case, lane, options.examples)
            total, idle = total + steps, idle + lacked
            if options.verbose and steps:
                print(f"    {1 - lacked / steps:5.0%} of {steps:6}  {named}:{case.name}")
                for text, times in lacking.most_common(options.verbose):
                    print(f"          {times:5}  {text}")
        lane.close()
        if total:
            yield named, total, idle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="case files, or their names; all of cases/ without any")
    parser.add_argument("--auto", action="append", default=[], help="a crate whose cases --auto makes")
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--verbose", type=int, default=0, metavar="N", help="each case, and N of the things it lacked")
    options = parser.parse_args()
    every = lacking = 0
    for name, steps, idle in rows(options):
        every, lacking = every + steps, lacking + idle
        print(f"{1 - idle / steps:6.1%} of {steps:7} steps do something  {name}", flush=True)
    if every:
        print(f"{1 - lacking / every:6.1%} of {every:7} steps do something  (all)")


if __name__ == "__main__":
    main()
