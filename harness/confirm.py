"""Make a finding as small as it can be, and run it again in fresh workers, before anything is said of it."""

from __future__ import annotations

from dataclasses import replace

from harness.compare import compare
from harness.differential import Differential
from harness.findings import Finding, Judged, ended_a_worker
from harness.program import Program
from harness.renumbering import renumbered, results_in

REPEATS_LIMIT = 4
"""How often a program is repeated whose difference shows only when something was done often enough."""


UNREPEATED = "it did not show in fresh workers"


def confirmed(differential: Differential, finding: Finding) -> Judged:
    """Return a finding as it shows in fresh workers, twice.

    What does not show there may depend on how often it was done before in the same process; then the program is
    repeated.  It is flaky if the difference does not show even so, or if a backend does not agree with itself.
    """
    first = run_fresh(differential, finding.program)
    if first is None or first.identity != finding.identity:
        for times in range(2, REPEATS_LIMIT + 1):
            again = run_fresh(differential, repeated(finding.program, times))
            if again is not None and again.identity == finding.identity:
                return _judged_twice(differential, without_what_follows(again))
        return Judged(finding, UNREPEATED)
    return _judged_twice(differential, first)


def _judged_twice(differential: Differential, finding: Finding) -> Judged:
    first = run_fresh(differential, finding.program)
    if first is None or first.identity != finding.identity:
        return Judged(finding, UNREPEATED)
    varying = [
        lane.backend
        for lane, before, after in (
            (differential.reference, finding.reference, first.reference),
            (differential.other, finding.other, first.other),
        )
        if compare(differential.rules, reference=before, other=after).divergence is not None
    ]
    return Judged(first, f"{' and '.join(varying)} answered two ways" if varying else "")


def run_fresh(differential: Differential, program: Program) -> Finding | None:
    """Run a program in workers without a past; return the finding, or None if the backends agree."""
    for lane in (differential.reference, differential.other):
        lane.fresh()
    return differential.run(program)


def smallest(differential: Differential, finding: Finding) -> Finding:
    """Leave out the steps after the one that differs, and those before it that it can do without.

    Hypothesis cannot: the first steps of a case are always there.
    """
    if ended_a_worker(finding.divergence) or len(finding.program.steps) == 1:
        return finding
    for number in reversed(range(len(finding.program.steps))):
        shorter = without(finding.program, number)
        if shorter is None:
            continue
        seen = differential.run(shorter)
        if seen is not None and seen.identity == finding.identity:
            finding = seen
    return finding


def without_what_follows(finding: Finding) -> Finding:
    """Return a finding without the steps after the one that differs; its observations go as far."""
    length = finding.divergence.step + 1
    program = replace(finding.program, steps=finding.program.steps[:length])
    return replace(finding, program=program, reference=finding.reference[:length], other=finding.other[:length])


def without(program: Program, number: int) -> Program | None:
    """Return a program without one step, or None if another step uses its result, or nothing would be left."""
    rest = [*program.steps[:number], *program.steps[number + 1 :]]
    if not rest or any(number in results_in(step) for step in rest):
        return None
    moved = {each: each - (each > number) for each in range(len(program.steps))}
    return replace(program, steps=tuple(renumbered(step, moved) for step in rest))


def repeated(program: Program, times: int) -> Program:
    """Return a program that does the same several times, each time with objects of its own."""
    length = len(program.steps)
    steps = [
        renumbered(step, {number: number + turn * length for number in range(length)})
        for turn in range(times)
        for step in program.steps
    ]
    return replace(program, steps=tuple(steps))
