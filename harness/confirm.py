"""Make a finding as small as it can be, and run it again in fresh workers, before anything is said of it."""

from __future__ import annotations

from dataclasses import replace

from harness.alone import UNREPEATED, steady, told_otherwise
from harness.differential import Differential
from harness.findings import Finding, Judged, ended_a_worker, hung
from harness.history import joined, programs_before
from harness.limits import PATIENCE
from harness.program import Program
from harness.renumbering import renumbered, results_in

REPEATS_LIMIT = 4
"""How often a program is repeated whose difference shows only when something was done often enough."""


SLOW = "it answered when it was given more time"
"""What is said of a hang that was none: such a finding is dropped."""


def confirmed(differential: Differential, finding: Finding) -> Judged:
    """Return a finding as it shows in fresh workers, on each backend alone.

    What does not show there may depend on how often it was done before in the same process; then the program is
    repeated.  Or it depends on other programs before it, which are then looked for.  It is flaky if the difference
    does not show even so, or if a backend does not agree with itself; a hang that does not show again, with more
    time, was none.
    """
    lanes = (differential.reference, differential.other)
    waits = hung(finding.divergence)
    for lane in lanes:
        lane.patience = PATIENCE if waits else 1.0
    try:
        judged = _confirmed(differential, finding)
    finally:
        for lane in lanes:
            lane.patience = 1.0
    if judged.finding.program.after:
        # What is examined next is not to meet what this one came after.
        for lane in lanes:
            lane.close()
    return replace(judged, flaky=SLOW) if waits and judged.flaky.startswith(UNREPEATED) else judged


def _confirmed(differential: Differential, finding: Finding) -> Judged:
    if finding.program.after:
        # What somebody gave it to come after may not be what it depends on.
        alone = steady(differential, replace(finding, program=replace(finding.program, after=())))
        if alone is not None and not alone.flaky:
            return alone
        if before := programs_before(differential, finding):
            return _judged_after(differential, finding, before)
    judged = steady(differential, finding)
    if judged is not None:
        return judged
    for times in range(2, REPEATS_LIMIT + 1):
        again = differential.run_fresh(repeated(finding.program, times))
        if again is not None and again.identity == finding.identity:
            shown = without_what_follows(again)
            return steady(differential, shown) or Judged(shown, UNREPEATED)
    before = programs_before(differential, finding)
    if before:
        return _judged_after(differential, finding, before)
    return Judged(finding, f"{UNREPEATED}{told_otherwise(differential, finding)}")


def _judged_after(differential: Differential, finding: Finding, before: tuple[Program, ...]) -> Judged:
    """Return a finding that depends on earlier programs: as one program with them, if it shows so."""
    whole = joined([*before, finding.program])
    seen = None if whole is None else differential.run_fresh(whole)
    if seen is not None and _same_but_for_the_place(seen, finding):
        judged = steady(differential, without_what_follows(seen))
        if judged is not None and not judged.flaky:
            return judged
    shown = replace(finding, program=replace(finding.program, after=before))
    return steady(differential, shown) or Judged(shown, UNREPEATED)


def _same_but_for_the_place(seen: Finding, finding: Finding) -> bool:
    """Whether a program of more steps shows the same; of a worker that ended it is not known at which step it did."""
    if ended_a_worker(finding.divergence):
        left, right = seen.divergence, finding.divergence
        return (left.kind, left.reference, left.other) == (right.kind, right.reference, right.other)
    return seen.identity == finding.identity


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
