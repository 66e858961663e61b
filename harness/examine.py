"""Examine one case on one backend: replay what is known, let Hypothesis draw, confirm and shrink.

Hypothesis draws far faster than it waits, so most examples are sent on their way without waiting for
their answers.  When an answer diverges, the same seed draws the same examples again, this time one by
one, and Hypothesis shrinks as it always does.
"""

from __future__ import annotations

import contextlib
import time
import unittest
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.database import ExampleDatabase

from harness.cases import KnownSpec
from harness.differential import Differential
from harness.findings import Finding
from harness.program import Program
from harness.protocol import encode_body
from harness.strategies import Programs, fixed_program

Verdict = Literal["agree", "diverge", "known", "stale", "flaky", "unsupported", "broken"]

SHRINK_LIMIT_S = 60.0
"""After this, only programs that were seen to diverge count; each hang costs a whole time limit."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a case is examined."""

    identity: str
    seed: int
    max_examples: int
    settings: hypothesis.settings
    database: ExampleDatabase | None


@dataclass(slots=True)
class Examination:
    """What came of examining a case on a backend."""

    verdict: Verdict
    examples: int = 0
    finding: Finding | None = None
    known: Counter[tuple[str, str]] = field(default_factory=Counter)
    stale: tuple[KnownSpec, ...] = ()
    rules_applied: Counter[str] = field(default_factory=Counter)
    note: str = ""


class _Diverged(Exception):
    """Raised inside Hypothesis; every identity has its own subclass, so that shrinking keeps to one."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.identity)
        self.finding = finding


class _Stop(BaseException):
    """Ends drawing at once; not an Exception, so that Hypothesis does not take it for a failure."""


def examine(
    programs: Programs, differential: Differential, known: dict[tuple[str, str], KnownSpec], plan: Plan
) -> Examination:
    """Examine a case; the number of examples is at most the plan's, plus those for shrinking.

    Raises: WorkerStartError, WorkerProtocolError -- a worker, not the extension, is at fault.
    """
    examiner = _Examiner(programs, differential, known, plan)
    found = examiner.replay_known() or examiner.reuse() or examiner.draw()
    examination = found or examiner.without_finding()
    examination.examples = differential.executed
    examination.known = examiner.known_seen
    examination.rules_applied = differential.rules_applied
    return examination


class _Examiner:
    def __init__(
        self,
        programs: Programs,
        differential: Differential,
        known: dict[tuple[str, str], KnownSpec],
        plan: Plan,
    ) -> None:
        self.programs = programs
        self.differential = differential
        self.known = known
        self.plan = plan
        self.known_seen: Counter[tuple[str, str]] = Counter()
        self.agreed: set[bytes] = set()
        self.diverged: dict[bytes, Finding] = {}
        self.exceptions: dict[tuple[str, str], type[_Diverged]] = {}
        self.shrink_until: float | None = None

    # --- the four stages ---

    def replay_known(self) -> Examination | None:
        """Replay the stored program of every known divergence: one that is gone is stale."""
        stale = []
        for identity, entry in self.known.items():
            finding = self.differential.run(fixed_program(entry.program, self.module))
            if finding is None:
                stale.append(entry)
            elif finding.identity in self.known:
                self.known_seen[identity] += 1
            else:
                return self._confirmed(finding)
        if stale:
            return Examination("stale", stale=tuple(stale))
        return None

    def reuse(self) -> Examination | None:
        """Run the examples that Hypothesis saved when this case last failed."""
        if self.plan.database is None:
            return None
        return self._run_one_by_one((Phase.explicit, Phase.reuse, Phase.shrink), self.plan.database)

    def draw(self) -> Examination | None:
        """Draw with many examples on their way; confirm and shrink what diverges."""
        finding = self._run_ahead()
        if finding is None:
            return None
        again = self._run_one_by_one((Phase.generate, Phase.shrink), self.plan.database)
        return again or self._confirmed(finding)

    def without_finding(self) -> Examination:
        return Examination("known" if self.known else "agree")

    # --- how they run ---

    @property
    def module(self) -> str:
        return self.differential.reference.module

    def _run_ahead(self) -> Finding | None:
        first: list[Finding] = []

        def note(program: Program, finding: Finding | None) -> None:
            if finding is None:
                return
            if finding.identity in self.known:
                self.known_seen[finding.identity] += 1
            else:
                first.append(finding)
                raise _Stop

        def body(program: Program) -> None:
            wire = encode_body(program)
            self.agreed.add(wire)
            for compared in self.differential.submit(program, wire):
                note(*compared)

        try:
            self._given((Phase.generate,), None, body)
            for compared in self.differential.drain():
                note(*compared)
        except _Stop:
            self.differential.abandon()
        if first:
            self.agreed.discard(encode_body(first[0].program))
        return first[0] if first else None

    def _run_one_by_one(self, phases: tuple[Phase, ...], database: ExampleDatabase | None) -> Examination | None:
        try:
            self._given(phases, database, self._judge)
        except _Diverged as diverged:
            return self._confirmed(diverged.finding)
        except hypothesis.errors.Flaky as flaky:
            return Examination("flaky", note=str(flaky))
        return None

    def _judge(self, program: Program) -> None:
        """Raise for a program that diverges; what was once judged is not executed again."""
        wire = encode_body(program)
        if wire in self.agreed:
            return
        finding = self.diverged.get(wire)
        if finding is None:
            if self.shrink_until is not None and time.monotonic() > self.shrink_until:
                return
            finding = self.differential.run(program)
        if finding is None:
            self.agreed.add(wire)
            return
        if finding.identity in self.known:
            self.known_seen[finding.identity] += 1
            return
        if self.shrink_until is None:
            self.shrink_until = time.monotonic() + SHRINK_LIMIT_S
        self.diverged[wire] = finding
        raise self._exception_for(finding)

    def _exception_for(self, finding: Finding) -> _Diverged:
        kind = self.exceptions.setdefault(finding.identity, type("Diverged", (_Diverged,), {}))
        return kind(finding)

    def _confirmed(self, finding: Finding) -> Examination:
        """Run the smallest program again, in fresh workers, before anything is said of it."""
        for lane in (self.differential.reference, self.differential.other):
            lane.fresh()
        again = self.differential.run(finding.program)
        if again is not None and again.identity == finding.identity:
            return Examination("diverge", finding=again)
        return Examination(
            "flaky",
            finding=finding,
            note="The difference did not show again in fresh workers: it depends on what ran before, or on chance.",
        )

    def _given(
        self, phases: tuple[Phase, ...], database: ExampleDatabase | None, body: Callable[[Program], None]
    ) -> None:
        def inner(program: Any) -> None:
            body(program)

        # Hypothesis's own pytest plug-in sets the same attribute, to tell parametrised tests apart.
        inner._hypothesis_internal_add_digest = self.plan.identity.encode()  # type: ignore[attr-defined]
        settings = hypothesis.settings(
            self.plan.settings,
            max_examples=self.plan.max_examples,
            phases=phases,
            database=database,
            deadline=None,
            derandomize=False,
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        )
        # Hypothesis skips a test for which nothing was saved and nothing is to be drawn.
        with contextlib.suppress(unittest.SkipTest):
            hypothesis.seed(self.plan.seed)(settings(hypothesis.given(self.programs)(inner)))()
