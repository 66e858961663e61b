"""Execute programs on a pair of lanes and compare: one at a time, or many on their way at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from harness.compare import Comparison, compare
from harness.errors import WorkerProtocolError
from harness.findings import Finding
from harness.lanes import Lane, Presumes, pump
from harness.observation import Hung, Observation, Raised
from harness.past import NOTHING_BEFORE, Past
from harness.program import Program
from harness.protocol import check_count, encode_body
from harness.replies import Reply

BATCH = 32
"""Programs per message: enough that a message's cost is shared, few enough that both workers start early."""

UNPREPARED = b'"unprepared": true'
"""What a worker's reply holds for each step that already failed while its arguments were made."""

FAULTS_LIMIT = 10
"""How often workers may break the protocol in one case before it ends."""

IN_FLIGHT = 256
"""Programs on their way before the parent waits; bounds what it keeps."""

SETTLE_S = 0.3
"""How long what programs leave behind is given to end the worker, before the one that comes after them."""


def begin(lanes: Sequence[Lane], program: Program) -> None:
    """Replace the workers of lanes by new ones, which have executed what a program comes after and nothing else."""
    begin_after(lanes, [encode_body(each) for each in program.after])


def begin_after(lanes: Sequence[Lane], bodies: Sequence[bytes], *, settle_s: float = SETTLE_S) -> int:
    """Replace the workers of lanes by new ones that have executed these programs; return how many of them hung."""
    for lane in lanes:
        lane.fresh()
    hung = 0
    for start in range(0, len(bodies), BATCH):
        batch = list(enumerate(bodies[start : start + BATCH], start))
        for lane in lanes:
            lane.send(batch)
    if bodies:
        pump(lanes, wait=True)
        for lane in lanes:
            hung += sum(isinstance(reply.ended, Hung) for _, reply in lane.replies)
            lane.replies.clear()
        deadline = time.monotonic() + settle_s
        for lane in lanes:
            lane.wait_for_end(deadline - time.monotonic())
    return hung


def observe_alone(lane: Lane, program: Program) -> tuple[Observation, ...]:
    """Execute one program on one backend, while no other is at work, and return what it let us see."""
    lane.send([(1, encode_body(program))])
    pump([lane], wait=True)
    _, reply = lane.replies.popleft()
    return reply.observations(len(program.steps), lane.backend)


class Differential:
    """The reference's lane and another backend's, fed with the same programs.

    ``judged_in_part`` counts the programs with steps after one that diverged, which are not judged.  Of several
    differences of one step, the finding is the first that ``is_known`` does not know.
    """

    def __init__(self, reference: Lane, other: Lane, rules: frozenset[str]) -> None:
        self.reference = reference
        self.other = other
        self.rules = rules
        self.executed = 0
        self.unprepared = 0
        self.last_unprepared: tuple[Observation, ...] = ()
        self.rules_applied: Counter[str] = Counter()
        self.faults: list[WorkerProtocolError] = []
        """How workers broke the protocol; the programs that were charged with it are judged no further."""
        self.accounts: Counter[str] = Counter()
        """What became of each program that was given: the sum of the rest is ``given``."""
        self.judged_in_part = 0
        self.is_known: Callable[[Finding], bool] = lambda finding: False
        self._hung_together = False
        """Whether both backends have hung on a program."""
        self._sequence = 0
        self._batch: list[tuple[int, bytes]] = []
        self._programs: dict[int, Program] = {}

    def run(self, program: Program) -> Finding | None:
        """Execute one program on both backends and compare; None if they agree.

        One that comes after others has new workers of its own, so that the next one meets nothing of those.
        """
        return self.run_fresh(program) if program.after else self.run_here(program)

    def run_fresh(self, program: Program) -> Finding | None:
        """Do the same in workers without a past, but for what the program comes after."""
        self._require_idle()
        lanes = (self.reference, self.other)
        # Programs that come before get their whole time: a worker that is killed loses the state they left.
        presumes, self.other.presumes = self.other.presumes, None
        begin(lanes, program)
        self.other.presumes = presumes
        finding = self.run_here(program)
        if program.after:
            for lane in lanes:
                lane.close()
        return finding

    def run_here(self, program: Program) -> Finding | None:
        """Do the same in the workers that there are, whatever they have executed."""
        self._require_idle()
        self._queue(program, encode_body(program))
        self._flush()
        return next(self._compared(wait=True))[1]

    @contextmanager
    def presuming_hangs(self, *, alone: bool) -> Iterator[None]:
        """Presume hangs in this block, as :class:`harness.lanes.Presumes` says.

        The caller passes a presumed hang that the book does not know to :meth:`run_in_whole_time`.
        """
        self.other.presumes = Presumes(self.reference, alone, together=self._hung_together)
        try:
            yield
        finally:
            self.other.presumes = None

    def run_in_whole_time(self, doubtful: Finding) -> Finding | None:
        """Run a program again that was presumed to hang; fresh workers first execute what came before it."""
        self._require_idle()
        if doubtful.program.after:
            return self.run_fresh(doubtful.program)
        before = max((past.bodies() for past in doubtful.pasts), key=len)
        begin_after((self.reference, self.other), before, settle_s=0.0)
        return self.run_here(doubtful.program)

    def observe(self, program: Program) -> tuple[tuple[Observation, ...], tuple[Observation, ...]]:
        """Execute one program on both backends and return what each let us see."""
        self._require_idle()
        self._queue(program, encode_body(program))
        self._flush()
        pump([self.reference, self.other], wait=True)
        lanes = (self.reference, self.other)
        replies = [(lane.replies.popleft()[1], lane.backend) for lane in lanes]
        self._programs.clear()
        self.accounts["observed"] += 1
        reference, other = (reply.observations(len(program.steps), backend) for reply, backend in replies)
        return reference, other

    def submit(self, program: Program, body: bytes) -> Iterator[tuple[Program, Finding | None]]:
        """Send a program on its way; yield the programs that have been compared meanwhile."""
        self._queue(program, body)
        if len(self._batch) >= BATCH:
            self._flush()
            yield from self._compared(wait=len(self._programs) >= IN_FLIGHT)

    def drain(self) -> Iterator[tuple[Program, Finding | None]]:
        """Wait for every program on its way and yield it."""
        self._flush()
        yield from self._compared(wait=True)

    def abandon(self) -> None:
        """Drop what is on its way; its workers are replaced."""
        self._batch.clear()
        if self._programs:
            self.accounts["abandoned"] += len(self._programs)
        self._programs.clear()
        for lane in (self.reference, self.other):
            if lane.busy:
                lane.close()
            lane.replies.clear()

    def _require_idle(self) -> None:
        if self._programs:
            raise AssertionError("a single program cannot overtake those on their way")

    def _queue(self, program: Program, body: bytes) -> None:
        self._sequence += 1
        self._programs[self._sequence] = program
        self.accounts["given"] += 1
        self._batch.append((self._sequence, body))

    def _flush(self) -> None:
        if self._batch:
            for lane in (self.reference, self.other):
                lane.send(self._batch)
            self._batch = []

    def _compared(self, *, wait: bool) -> Iterator[tuple[Program, Finding | None]]:
        lanes = (self.reference, self.other)
        while True:
            # What has been answered is judged at once: the next program may hang, or the run end.
            pump(lanes, wait=wait, enough=self._is_answered)
            yield from self._judged()
            if not wait or not any(lane.busy for lane in lanes):
                return

    def _is_answered(self) -> bool:
        return bool(self.reference.replies and self.other.replies)

    def _judged(self) -> Iterator[tuple[Program, Finding | None]]:
        while self._is_answered():
            sequence, expected = self.reference.replies.popleft()
            same_sequence, seen = self.other.replies.popleft()
            if sequence != same_sequence:
                raise WorkerProtocolError(f"replies out of step: {sequence} and {same_sequence}")
            program = self._programs.pop(sequence)
            self.executed += 1
            try:
                finding = self._judge(program, expected, seen)
                self.accounts[self._account(finding, expected, seen)] += 1
            except WorkerProtocolError as fault:
                self.faults.append(fault)
                self.accounts["broken"] += 1
                finding = None
            self._end_if_hopeless()
            yield program, finding

    def _account(self, finding: Finding | None, expected: Reply, seen: Reply) -> str:
        """Return the account of a program; programs on which both backends are presumed to hang have their own."""
        if finding is not None:
            return "diverged"
        if not isinstance(expected.ended, Hung) or not isinstance(seen.ended, Hung):
            return "agreed"
        self._hung_together = True
        if self.other.presumes is not None:
            self.other.presumes.together = True
        return "presumed to hang" if expected.ended.presumed else "agreed"

    def _end_if_hopeless(self) -> None:
        for lane in (self.reference, self.other):
            self.faults += lane.faults
            lane.faults.clear()
        if len(self.faults) > FAULTS_LIMIT:
            raise self.faults[-1]

    def why_unprepared(self) -> str:
        """Say why nothing of the last program without a call could be called; empty if there was none."""
        for observation in self.last_unprepared:
            if isinstance(observation.outcome, Raised) and observation.outcome.unprepared:
                exception = observation.outcome.exception
                return f"{exception[1]}: {exception[3].get('str')}"
        return ""

    def _judge(self, program: Program, expected: Reply, seen: Reply) -> Finding | None:
        if 0 < expected.raw.count(UNPREPARED) >= sum(step.kind == "call" for step in program.steps):
            self.unprepared += 1
            self.last_unprepared = expected.observations(len(program.steps), self.reference.backend)
        # Equal bytes are equal observations; only the rest is decoded.
        steps = len(program.steps)
        if expected.raw == seen.raw and expected.raw:
            check_count(expected.raw, steps, self.reference.backend)
            return None
        reference = expected.observations(steps, self.reference.backend)
        other = seen.observations(steps, self.other.backend)
        comparison = compare(self.rules, reference=reference, other=other, program=program)
        self.rules_applied.update(comparison.rules_applied)
        self.judged_in_part += comparison.unjudged > 0
        return self._finding(program, reference, other, comparison, (expected.past, seen.past))

    def judge(
        self, program: Program, reference: tuple[Observation, ...], other: tuple[Observation, ...]
    ) -> Finding | None:
        """Compare what was seen of a program; None if it is the same.  Nothing is counted."""
        comparison = compare(self.rules, reference=reference, other=other, program=program)
        return self._finding(program, reference, other, comparison)

    def _finding(
        self,
        program: Program,
        reference: tuple[Observation, ...],
        other: tuple[Observation, ...],
        comparison: Comparison,
        pasts: tuple[Past, Past] = (NOTHING_BEFORE, NOTHING_BEFORE),
    ) -> Finding | None:
        if comparison.divergence is None:
            return None
        finding = Finding(program, reference, other, comparison.divergence, pasts, comparison.further)
        # What else a step does differently is not hidden by what is known of it.
        return next((each for each in finding.each if not self.is_known(each)), finding)
