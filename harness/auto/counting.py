"""Count how many calls of an examination got past the checking of their arguments."""

from __future__ import annotations

from collections.abc import Callable

from harness.auto.probing import refusal_of
from harness.differential import Differential
from harness.findings import Finding
from harness.lanes import Lane
from harness.observation import Raised
from harness.program import Program, Step
from harness.replies import Reply


class CountingDifferential(Differential):
    """Looks at the reference's answers too; ``counted`` says which steps are meant."""

    def __init__(self, reference: Lane, other: Lane, rules: frozenset[str], counted: Callable[[Step], bool]) -> None:
        super().__init__(reference, other, rules)
        self.counted = counted
        self.calls = 0
        self.past_checks = 0

    def _judge(self, program: Program, expected: Reply, seen: Reply) -> Finding | None:
        if expected.ended is None:
            for step, observation in zip(
                program.steps, expected.observations(len(program.steps), self.reference.backend)
            ):
                outcome = observation.outcome
                if self.counted(step) and not (isinstance(outcome, Raised) and outcome.unprepared):
                    self.calls += 1
                    refused = isinstance(outcome, Raised) and refusal_of(outcome.exception) is not None
                    self.past_checks += not refused
        return super()._judge(program, expected, seen)
