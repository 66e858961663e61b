"""A/A: run a finding's program again on each backend alone, in processes without a past, and tell what varied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.differential import Differential, begin, observe_alone
from harness.findings import Finding, Identity, Judged
from harness.lanes import Lane
from harness.observation import Crashed, Hung, Observation
from harness.program import Program
from harness.report.failure import told_variation

UNREPEATED = "it did not show in fresh workers"

PROCESSES = 2
RUNS = 5
"""In each process: a backend that answers in one of two ways at random is taken for steady once in 500 findings."""

Answers = tuple[Observation, ...]


def confirmed_together(differential: Differential, found: Mapping[Identity, Finding]) -> dict[Identity, Judged]:
    """Return findings as one fresh worker on each backend shows them; no program depends on another there."""
    for lane in (differential.reference, differential.other):
        if found:
            lane.fresh()
    told = {}
    for identity, finding in found.items():
        again = differential.run(finding.program)
        if again is None or again.identity != identity:
            told[identity] = Judged(finding, f"{UNREPEATED}{told_otherwise(differential, finding)}")
            continue
        answers = (
            (differential.reference, finding.reference, again.reference),
            (differential.other, finding.other, again.other),
        )
        told[identity] = Judged(again, _told_twice(differential, finding.program, answers))
    return told


def _told_twice(differential: Differential, program: Program, answers: Sequence[tuple[Lane, Answers, Answers]]) -> str:
    """Return which backends answered two ways, and what varied; empty if none did."""
    told = []
    for lane, before, after in answers:
        varied = differential.judge(program, before, after)
        if varied is not None:
            told.append(f"{lane.backend} answered two ways{told_variation(varied)}")
    return " and ".join(told)


def steady(differential: Differential, finding: Finding) -> Judged | None:
    """Run a finding's program on each backend alone; None if its difference does not show in fresh workers."""
    answers, varied = [], []
    for lane in (differential.reference, differential.other):
        first, *others = _alone(lane, finding.program)
        answers.append(first[0])
        varied += [
            f"{lane.backend} answered two ways{text}" for text in _variations(differential, finding, first, others)
        ]
    if varied:
        return Judged(finding, " and ".join(varied))
    shown = differential.judge(finding.program, *answers)
    return Judged(shown) if shown is not None and shown.identity == finding.identity else None


def _alone(lane: Lane, program: Program) -> list[list[Answers]]:
    """Return the answers of one backend while no other is at work: several of each of several fresh workers."""
    answers: list[list[Answers]] = []
    for number in range(PROCESSES):
        begin([lane], program)
        if number + 1 < PROCESSES:
            lane.start_spare()
        answers.append([observe_alone(lane, program)])
        while len(answers[-1]) < RUNS and not isinstance(answers[-1][-1][0].outcome, (Crashed, Hung)):
            answers[-1].append(observe_alone(lane, program))
    return answers


def _variations(
    differential: Differential, finding: Finding, first: list[Answers], others: list[list[Answers]]
) -> Iterator[str]:
    """Yield what varied, at most once: anything between fresh workers, or later on what the finding is about.

    An extension may count how often it was called, but then every process counts alike.
    """
    for answers in others:
        for number, (before, after) in enumerate(zip(first, answers)):
            seen = differential.judge(finding.program, before, after)
            if seen is not None and (number == 0 or seen.identity == finding.identity):
                yield told_variation(seen)
                return


def told_otherwise(differential: Differential, finding: Finding) -> str:
    """Return which backend said something else where the difference was met than it says in fresh workers."""
    told = []
    for lane, met in ((differential.reference, finding.reference), (differential.other, finding.other)):
        begin([lane], finding.program)
        seen = differential.judge(finding.program, met, observe_alone(lane, finding.program))
        if seen is not None:
            told.append(f"{lane.backend} answered otherwise there{told_variation(seen)}")
    return f": {' and '.join(told)}" if told else ""
