"""Find the shortest run of earlier programs after which a divergence shows, where a fresh worker does not show it.

Both backends get the same programs, in fresh workers.  The last ones are tried first, twice as many each time; of
those that show it, as many as can are left out.  What ends the search is counted and not timed, so that a slow machine
finds what a fast one does; how long a trial takes is bounded by the time limits of the workers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from harness.codec import decode_program
from harness.differential import SETTLE_S, Differential, begin_after
from harness.findings import Finding, hung
from harness.observation import Crashed
from harness.program import PLAIN, Program, Step
from harness.renumbering import renumbered

TRIALS_LIMIT = 60
"""Each trial starts two workers and executes the programs before."""

STEPS_LIMIT = 100_000
"""How many steps are given in all trials; a busy worker does some thousands in a second."""

HANGS_LIMIT = 6
"""How many hangs are waited for: each takes a whole time limit, and more for a finding that is one."""

JOINED_STEPS_LIMIT = 60


def programs_before(differential: Differential, finding: Finding) -> tuple[Program, ...]:
    """Return the fewest programs found after which a finding shows; none if it did not within the limits."""
    remembered = [_Before(body) for body in max((past.bodies() for past in finding.pasts), key=len)]
    search = _Search(differential, finding)
    length = 1
    while remembered:
        chosen = tuple(remembered[-length:])
        if search.shows(chosen):
            return tuple(each.program for each in _fewest(search, chosen))
        if length >= len(remembered) or search.over:
            break
        length *= 2
    return ()


def joined(programs: Sequence[Program]) -> Program | None:
    """Return one program that does what these do, or None where they cannot be one."""
    last = programs[-1]
    steps = sum(len(each.steps) for each in programs)
    if steps > JOINED_STEPS_LIMIT or any((each.context, each.module) != (PLAIN, last.module) for each in programs):
        return None
    found: list[Step] = []
    for each in programs:
        moved = {number: number + len(found) for number in range(len(each.steps))}
        found += [renumbered(step, moved) for step in each.steps]
    return replace(last, steps=tuple(found), after=())


class _Before:
    """A program that a worker had executed."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.program = decode_program(json.loads(b"[" + body))
        self.steps = len(self.program.steps)


class _Search:
    def __init__(self, differential: Differential, finding: Finding) -> None:
        self.differential = differential
        self.finding = finding
        ends = (each.outcome for each in (*finding.reference, *finding.other))
        self.settle_s = SETTLE_S if any(isinstance(each, Crashed) and each.early for each in ends) else 0.0
        self.trials = 0
        self.steps = 0
        self.hangs = 0

    @property
    def over(self) -> bool:
        return self.trials >= TRIALS_LIMIT or self.steps >= STEPS_LIMIT or self.hangs >= HANGS_LIMIT

    def shows(self, before: Sequence[_Before]) -> bool:
        """Say whether the finding shows in fresh workers that have executed these programs."""
        lanes = (self.differential.reference, self.differential.other)
        self.trials += 1
        self.steps += sum(each.steps for each in before)
        self.hangs += begin_after(lanes, [each.body for each in before], settle_s=self.settle_s)
        seen = self.differential.run_here(replace(self.finding.program, after=()))
        if seen is None:
            return False
        self.hangs += hung(seen.divergence)
        return seen.identity == self.finding.identity


def _fewest(search: _Search, bodies: tuple[_Before, ...]) -> tuple[_Before, ...]:
    """Leave out what can be left out: halves first, then ever smaller parts (delta debugging)."""
    size = len(bodies) // 2
    while size and not search.over:
        start = 0
        while start < len(bodies) and not search.over:
            fewer = bodies[:start] + bodies[start + size :]
            if fewer and search.shows(fewer):
                bodies = fewer
            else:
                start += size
        size //= 2
    return bodies
