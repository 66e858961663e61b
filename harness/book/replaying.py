"""The witnesses of entries, replayed before anything is drawn: each shows what its entry says, or the item says so."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.book.entries import Entry
from harness.confirm import confirmed
from harness.differential import Differential
from harness.findings import Finding, Judged, Known, covers, presumed, tells_of_a_hang
from harness.program import Program

REPLAYS_LIMIT = 30
"""How often the witness of an intermittent entry is replayed at most; each time costs two new workers."""

UNLUCKY = 0.001
"""How often an intermittent entry may go unseen by chance, as far as the limit lets it."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry whose witness diverges in another way than the entry says."""

    entry: Entry
    judged: Judged


def replays_of(rate: float) -> int:
    """Return how often a witness that shows in this share of runs must be replayed to be seen, all but certainly."""
    return min(REPLAYS_LIMIT, math.ceil(math.log(UNLUCKY) / math.log(1 - rate)))


def shows(entry: Entry, finding: Finding | None) -> bool:
    """Say whether a witness shows what its entry says, be it beside something else."""
    return finding is not None and any(covers(entry, each) for each in finding.each)


def replay(entry: Entry, known: Known, differential: Differential) -> Finding | None:
    """Return what a witness shows, or None if the backends agree; what it shows is counted if the entry says it.

    An intermittent one is replayed in fresh workers until it was seen often enough to tell how often it shows, and
    another finding of it is told only if the entry's own was never seen.
    """
    program = known.program_of(entry, differential.reference.module)
    if entry.spec.intermittent is None:
        finding = _run_once(entry, program, differential)
        if shows(entry, finding):
            known.matched[entry] += 1
        return finding
    times = replays_of(entry.spec.intermittent)
    found = [differential.run_fresh(program) for _ in range(times)]
    shown = [each for each in found if shows(entry, each)]
    known.matched[entry] += len(shown)
    known.rates[entry] = len(shown), times
    return next(iter(shown), next((each for each in found if each is not None), None))


def _run_once(entry: Entry, program: Program, differential: Differential) -> Finding | None:
    """Run a witness; a hang may be presumed only where the entry tells of it."""
    if tells_of_a_hang(entry):
        with differential.presuming_hangs(alone=True):
            finding = differential.run(program)
        if finding is None or shows(entry, finding) or not presumed(finding):
            return finding
    return differential.run(program)


def changed(entry: Entry, finding: Finding, differential: Differential) -> Changed:
    """Return how a witness differs from its entry, as it shows in fresh workers."""
    return Changed(entry, confirmed(differential, finding))
