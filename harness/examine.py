"""Examine one case on one backend: replay what is known, let Hypothesis draw, confirm and shrink.

Hypothesis draws far faster than it waits, so most examples are sent on their way without waiting for
their answers.  For every divergence that was met so, the same seed draws the same examples again, this
time one by one, and Hypothesis shrinks as it always does.
"""

from __future__ import annotations

import contextlib
import time
import unittest
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.database import ExampleDatabase
from hypothesis.strategies import nothing

from harness.alone import confirmed_together
from harness.book.entries import Entry
from harness.book.replaying import Changed, changed, replay, shows
from harness.confirm import SLOW, confirmed, smallest
from harness.differential import Differential
from harness.errors import HarnessError
from harness.examination import Examination, Interrupted, Plan, Verdict, note_of
from harness.findings import Finding, Identity, Judged, Known, ended_a_worker
from harness.leaks import CANDIDATES, Watch
from harness.presuming import Presumption
from harness.program import PLAIN, Program
from harness.protocol import encode_body
from harness.repeatable import without_local_constants
from harness.skew_found import SkewFound
from harness.strategies import Programs
from harness.unfinished import NO_MORE_WORKERS, NOT_RUN_AGAIN

__all__ = ["Examination", "Plan", "Verdict", "examine", "examine_all"]

SHRINK_LIMIT_S = 60.0
"""After this, only programs that were seen to diverge count; each hang costs a whole time limit."""

FINDINGS_LIMIT = 25
"""Where drawing ends for one case; there may be more."""


class _Diverged(Exception):
    """Raised inside Hypothesis for the identity that is being shrunk."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.identity)
        self.finding = finding


class _Stop(BaseException):
    """Ends drawing at once; not an Exception, so that Hypothesis does not take it for a failure."""


def examine(programs: Programs, differential: Differential, known: Known, plan: Plan) -> Examination:
    """Examine a case; the number of examples is at most the plan's, plus those for shrinking.

    Where a worker or the case itself is at fault the verdict is ``broken``, and what was found until then is kept.

    Raises: Interrupted -- Ctrl-C or SIGTERM came; it has what was found until then.
    """
    examiner = _Examiner(programs, differential, known, plan)
    with examiner.until_broken():
        examiner.replay_known()
        examiner.look_past_known()
        examiner.run_examples()
        examiner.reuse()
        examiner.draw()
        examiner.run_witnesses()
    return examiner.result()


def examine_all(programs: Iterable[Program], differential: Differential, known: Known, plan: Plan) -> Examination:
    """Examine programs that are given and not drawn: each is executed once, and every difference is kept.

    Raises: as :func:`examine`.
    """
    examiner = _Examiner(nothing(), differential, known, plan)
    with examiner.until_broken():
        examiner.replay_known()
        examiner.look_past_known()
        examiner.run_each(programs)
    return examiner.result()


class _Examiner:
    def __init__(self, programs: Programs, differential: Differential, known: Known, plan: Plan) -> None:
        self.programs = programs
        self.differential = differential
        self.known = known
        self.plan = plan
        self.known_seen: Counter[Identity] = Counter()
        self.stale: list[Entry] = []
        self.changed: list[Changed] = []
        self.findings: dict[Identity, Judged] = {}
        self.agreed: set[bytes] = set()
        self.last_agreed: deque[Program] = deque(maxlen=CANDIDATES)
        self.diverged: dict[bytes, Finding] = {}
        self.note = ""
        self.saved = False
        self.met: dict[Identity, Finding] = {}
        """What is to be told, by what it was when it was met, as small as it is by now."""
        self.settled: set[Identity] = set()
        self.skew = SkewFound(plan.skew, known)
        self.presumption = Presumption(differential, known)
        self.broken: HarnessError | None = None
        self.interrupted = ""

    @contextlib.contextmanager
    def until_broken(self) -> Iterator[None]:
        """End the stages where the harness, a worker or the case is at fault, and keep what was found until then."""
        try:
            yield
        except (HarnessError, _Stop) as error:
            self.broken = error if isinstance(error, HarnessError) else self.broken
            self._keep_what_is_met(NO_MORE_WORKERS)
        except KeyboardInterrupt as error:
            self.interrupted = note_of(error)
            self._keep_what_is_met(NOT_RUN_AGAIN)
            raise Interrupted(self.result(), error) from None

    def _keep_what_is_met(self, why: str) -> None:
        """Keep what nobody has the time, or the workers, to make smaller and to confirm."""
        self.differential.abandon()
        for finding in self.met.values():
            if not self._is_told(finding):
                self.findings[finding.identity] = Judged(finding, why)

    def _meet(self, finding: Finding) -> None:
        """Take in what is new before anything is done about it, and tell it: nobody knows how this will end."""
        if finding.identity not in self.met:
            self.met[finding.identity] = finding
            self.plan.tell(finding.identity, Judged(finding, NOT_RUN_AGAIN))

    def _drop(self, met: Identity) -> None:
        """Take back what was met and is no finding of its own."""
        if self.met.pop(met, None) is not None and met not in self.settled:
            self.plan.tell(met, None)

    # --- the three stages ---

    def replay_known(self) -> None:
        """Replay the witness of every entry: it shows what the entry says, another difference, or none any more."""
        for entry in self.known.entries:
            finding = replay(entry, self.known, self.differential)
            if shows(entry, finding):
                self.known_seen[entry.kind, entry.place] += 1
            elif finding is not None:
                if not self.skew.takes(finding):
                    self._keep_changed(entry, finding)
            elif entry.spec.intermittent is None and not self.skew.possible:
                # The book holds against one version of Python.  Another one need not show what it says.
                self.stale.append(entry)

    def _keep_changed(self, entry: Entry, finding: Finding) -> None:
        """Keep a witness that shows something else than its entry says, which is then no finding of its own."""
        found = changed(entry, finding, self.differential)
        if found.judged.flaky:
            self.findings[finding.identity] = found.judged
        else:
            self.changed.append(found)

    def run_examples(self) -> None:
        """Run the case's fixed examples, as they stand; each new identity is kept."""
        self._run_as_they_stand(self.plan.examples)

    def run_witnesses(self) -> None:
        """Run what earlier runs have saved, as it stands; each new identity is kept.

        Last, so that what is drawn, and told of it, is the same whatever earlier runs have left.
        """
        before = len(self.findings)
        self._run_as_they_stand(self.plan.witnesses)
        self.saved = self.saved or len(self.findings) > before

    def _run_as_they_stand(self, programs: Iterable[Program]) -> None:
        for program in programs:
            with self.presumption.allowed():
                finding = self._judge(program, may_execute=True)
            if self.presumption.is_doubtful(finding):
                self.diverged.pop(encode_body(program), None)
                finding = self.presumption.settled(finding)
            if finding is not None and self._is_new(finding) and not self.skew.takes(finding):
                self._meet(finding)
                self._keep(finding, finding.identity)

    def look_past_known(self) -> None:
        """From here on, what is known of a step does not hide what else differs there; nor does skew."""
        self.differential.is_known = lambda finding: self.known.knows(finding) or self.skew.knows(finding)

    def reuse(self) -> None:
        """Run the examples that Hypothesis saved when this case last failed."""
        if self.plan.database is not None:
            before = len(self.findings)
            self._shrink(None, (Phase.reuse, Phase.shrink))
            self.saved = self.saved or len(self.findings) > before

    def draw(self) -> None:
        """Draw with many examples on their way; shrink and confirm the first of every identity."""
        leaks = Watch(self.differential)
        met = self._run_ahead()
        if leaks.suspected():
            met += self._leaks()
        for finding in met:
            if self._is_told(finding) or self._is_skew(finding):
                self._drop(finding.identity)
            elif not self._shrink(finding, (Phase.generate, Phase.shrink)):
                self._keep(finding, finding.identity)

    def run_each(self, programs: Iterable[Program]) -> None:
        """Run programs that need no shrinking and do not depend on each other; keep what is new.

        Fresh workers run all that differed once more, together.
        """
        for finding in self._run_all(list(programs)):
            if finding is not None and not self._is_known(finding) and not self.skew.takes(finding):
                self._meet(finding)
        self.findings.update(confirmed_together(self.differential, self.met))

    def _run_all(self, programs: Iterable[Program]) -> Iterator[Finding | None]:
        """Run programs with many on their way, but for those that come after others."""
        for program in programs:
            if program.after:
                yield from (finding for _, finding in self.differential.drain())
                yield self.differential.run(program)
            else:
                yield from (finding for _, finding in self.differential.submit(program, encode_body(program)))
        yield from (finding for _, finding in self.differential.drain())

    def result(self) -> Examination:
        """Return what came of it."""
        judged = tuple(self.findings.values())
        verdict: Verdict = "known" if self.known_seen else "agree"
        faults = self.differential.faults
        if self.interrupted or self.broken is not None or faults:
            verdict = "broken"
            self.note = self.interrupted or str(faults[0] if faults else self.broken)
            if len(faults) > 1 and not self.interrupted:
                self.note += f"\n(the first of {len(faults)} such answers)"
        elif any(not each.flaky for each in judged):
            verdict = "diverge"
        elif judged:
            verdict = "flaky"
        elif self.changed:
            verdict = "changed"
        elif self.stale:
            verdict = "stale"
        elif any(entry.unexplained for entry in self.known.entries):
            verdict = "unexplained"
        elif self.skew.found:
            verdict = "skew"
        elif self.differential.unprepared == self.differential.executed > 0:
            # Both agree that there is nothing to call: a wrong name in the case, most likely.
            verdict = "broken"
            self.note = f"no example got as far as a call: {self.differential.why_unprepared()}"
        return Examination(
            verdict,
            self.differential.executed,
            judged,
            self.known_seen,
            tuple(self.stale),
            self.differential.rules_applied,
            self.differential.judged_in_part,
            self.note,
            self.saved,
            tuple(self.changed),
            self.differential.accounts,
            tuple(self.skew.found.values()),
        )

    # --- how they run ---

    def _run_ahead(self) -> list[Finding]:
        """Execute the plan's examples; return the first finding of every identity that is new.

        Raises: HarnessError -- a worker, or the case, is at fault.
        """
        # Each is encoded once; the program itself is alive as long as it is on its way.
        bodies: dict[int, bytes] = {}
        doubtful: list[Finding] = []

        def note(program: Program, finding: Finding | None) -> None:
            if finding is not None and self.presumption.is_doubtful(finding):
                doubtful.append(finding)
                return
            encoded = bodies.pop(id(program))
            if finding is None:
                self.agreed.add(encoded)
                self.last_agreed.append(program)
            else:
                self.diverged[encoded] = finding
                if self._is_new(finding) and not self.skew.takes_at_once(finding):
                    self._meet(finding)
            if len(self.met) >= FINDINGS_LIMIT:
                self.note = f"Drawing ended at {FINDINGS_LIMIT} findings; there may be more."
                raise _Stop

        def body(program: Program) -> None:
            bodies[id(program)] = encoded = encode_body(program)
            for compared in self.differential.submit(program, encoded):
                note(*compared)

        try:
            with self.presumption.allowed():
                self._given((Phase.generate,), None, body)
                for compared in self.differential.drain():
                    note(*compared)
            for each in doubtful:
                note(each.program, self.presumption.settled(each))
        except _Stop:
            self.differential.abandon()
            if self.broken is not None:
                raise self.broken from None
        return list(self.met.values())

    def _leaks(self) -> list[Finding]:
        """Repeat the last programs that agreed, and return where only one backend grows by it."""
        found: dict[Identity, Finding] = {}
        for program in self.last_agreed:
            finding = self.differential.run(replace(program, observe=(*program.observe, "memory")))
            if finding is not None and self._is_new(finding):
                found.setdefault(finding.identity, finding)
                self._meet(finding)
        return list(found.values())

    def _shrink(self, target: Finding | None, phases: tuple[Phase, ...]) -> bool:
        """Let Hypothesis find and shrink a finding one example at a time: one like the target, or any new one.

        What diverges in a context may do so without one too, which is the smaller program.
        """
        until: float | None = None
        chosen = target

        def body(program: Program) -> None:
            nonlocal until, chosen
            finding = self._judge(program, may_execute=until is None or time.monotonic() < until)
            if finding is None or not self._is_new(finding) or self.skew.takes_at_once(finding):
                return
            if chosen is None:
                if self.skew.takes(finding):
                    return
                chosen = finding
                self._meet(chosen)
            if finding.bare == chosen.bare and program.context in (PLAIN, chosen.program.context):
                until = until or time.monotonic() + SHRINK_LIMIT_S
                raise _Diverged(finding)

        try:
            self._given(phases, self.plan.database, body)
        except _Diverged as diverged:
            met = diverged.finding.identity if chosen is None else chosen.identity
            self.met[met] = diverged.finding
            self._keep(diverged.finding, met)
            return True
        except hypothesis.errors.Flaky as flaky:
            self.note = f"Hypothesis found the backends flaky: {flaky}"
        if target is None and chosen is not None:
            self._drop(chosen.identity)
        return False

    def _judge(self, program: Program, *, may_execute: bool) -> Finding | None:
        """Return the finding of a program; what was once judged is not executed again.

        One that comes after others is given by somebody, and not drawn again.
        """
        if program.after:
            return self.differential.run(program)
        wire = encode_body(program)
        if wire in self.agreed or not (wire in self.diverged or may_execute):
            return None
        if wire not in self.diverged:
            finding = self.differential.run(program)
            if finding is None:
                self.agreed.add(wire)
                return None
            self.diverged[wire] = finding
        return self.diverged[wire]

    def _is_known(self, finding: Finding) -> bool:
        entry = self.known.entry_for(finding)
        if entry is None:
            return False
        self.known_seen[entry.kind, entry.place] += 1
        return True

    def _is_new(self, finding: Finding) -> bool:
        return not self._is_known(finding) and not self._is_told(finding)

    def _is_skew(self, finding: Finding) -> bool:
        """Keep a finding if it is skew, judged by what is left of its program: other steps call something else."""
        return self.skew.possible and self.skew.takes(smallest(self.differential, finding))

    def _is_told(self, finding: Finding) -> bool:
        """Say whether it is among what is to be told, where it was met or without any context."""
        told = {*self.findings, *self.skew.found, *(each.judged.finding.identity for each in self.changed)}
        return not {finding.identity, finding.bare}.isdisjoint(told)

    def _keep(self, finding: Finding, met: Identity) -> None:
        """Make the program as small as it can be, and run it twice more in fresh workers; it may be flaky."""
        finding = smallest(self.differential, self._trimmed(finding))
        judged = confirmed(self.differential, finding)
        if judged.flaky == SLOW:
            self.note = f"{finding.place} took more than its time once, and not when it was given more."
            self._drop(met)
        else:
            self.findings[finding.identity] = judged
            self.settled.add(met)
            self.plan.tell(met, judged)

    def _trimmed(self, finding: Finding) -> Finding:
        """Leave out what comes after the step that ends a worker."""
        if ended_a_worker(finding.divergence):
            for length in range(1, len(finding.program.steps)):
                shorter = replace(finding.program, steps=finding.program.steps[:length])
                seen = self.differential.run_fresh(shorter)
                if seen is not None and ended_a_worker(seen.divergence):
                    return seen
        return finding

    def _given(
        self, phases: tuple[Phase, ...], database: ExampleDatabase | None, body: Callable[[Program], None]
    ) -> None:
        def inner(program: Any) -> None:
            try:
                body(program)
            except HarnessError as error:
                # Hypothesis would take it for what is to be shrunk.
                self.broken = error
                raise _Stop from None

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
        with without_local_constants(), contextlib.suppress(unittest.SkipTest):
            # In this order: a seed takes the database away, and settings give it back.
            settings(hypothesis.seed(self.plan.seed)(hypothesis.given(self.programs)(inner)))()
