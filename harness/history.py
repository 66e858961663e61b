"""Find the shortest run of earlier programs after which a divergence shows, where a fresh worker does not show it.

Both backends get the same programs, in fresh workers.  The last ones are tried first, twice as many each time; of
those that show it, as many as can are left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace

from harness.codec import decode_program
from harness.differential import Differential
from harness.findings import Finding
from harness.observation import Crashed
from harness.program import PLAIN, Program, Step
from harness.renumbering import renumbered

SEARCH_LIMIT_S = 30.0
TRIALS_LIMIT = 60
"""Each trial starts two workers and executes the programs before."""

SETTLE_S = 0.3
"""How long what is left behind is given to end the worker, where it ended before a program began."""

JOINED_STEPS_LIMIT = 60


def programs_before(differential: Differential, finding: Finding) -> tuple[Program, ...]:
    """Return the fewest programs found after which a finding shows; none if it did not in the time that there is."""
    remembered = max((past.bodies() for past in finding.pasts), key=len)
    search = _Search(differential, finding)
    length = 1
    while remembered:
        chosen = tuple(remembered[-length:])
        if search.shows(chosen):
            return tuple(decode_program(json.loads(b"[" + body)) for body in _fewest(search, chosen))
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
    return replace(last, steps=tuple(found))


def shows_after(differential: Differential, finding: Finding, before: Sequence[bytes]) -> Finding | None:
    """Return the finding as it shows in fresh workers that have executed these programs, or None."""
    for lane in (differential.reference, differential.other):
        lane.fresh()
    differential.execute(before)
    if any(isinstance(each.outcome, Crashed) and each.outcome.early for each in (*finding.reference, *finding.other)):
        time.sleep(SETTLE_S)
    seen = differential.run(finding.program)
    return seen if seen is not None and seen.identity == finding.identity else None


class _Search:
    def __init__(self, differential: Differential, finding: Finding) -> None:
        self.differential = differential
        self.finding = finding
        self.trials = 0
        self.deadline = time.monotonic() + SEARCH_LIMIT_S

    @property
    def over(self) -> bool:
        return self.trials >= TRIALS_LIMIT or time.monotonic() > self.deadline

    def shows(self, before: Sequence[bytes]) -> bool:
        self.trials += 1
        return shows_after(self.differential, self.finding, before) is not None


def _fewest(search: _Search, bodies: tuple[bytes, ...]) -> tuple[bytes, ...]:
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
