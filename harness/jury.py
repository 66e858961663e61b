"""The jury: asks other backends what they do with a finding's program, and says who is to blame.

It is asked only about what was found and is not known, so a run without news pays nothing for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from harness.backends.base import Backend, Request
from harness.blame import Blame, Side, Vote, blame, side_of
from harness.compare import compare
from harness.differential import begin, observe_alone
from harness.errors import BackendUnavailableError, HarnessError, NotCompiledError
from harness.extensions import Extension
from harness.findings import Finding, Judged
from harness.lanes import Lane
from harness.matrix import Matrix
from harness.observation import Observation
from harness.report.failure import describe_observation
from harness.watching import touched_by

TO_COMPILE = "the extension is not compiled for it yet; --blame=all does that"


class Jury:
    """The voters of a run, each provided when the first finding stands."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self._voters: list[Backend] | None = None

    def blamed(
        self,
        findings: Sequence[Judged],
        extension: Extension,
        other: str,
        rules: frozenset[str],
        *,
        timeout_s: float,
    ) -> tuple[Judged, ...]:
        """Return findings with who is to blame for each; what is flaky is nobody's but its backend's.

        One worker for each voter is started anew for every finding, and two of the other backend at most to see what
        the program calls; none is left running.
        """
        if self.matrix.settings.blame == "none" or all(judged.flaky for judged in findings):
            return tuple(findings)
        parties = [self.matrix.backend(name) for name in (self.matrix.settings.reference, other)]
        told: dict[int, list[Vote]] = {number: [] for number, each in enumerate(findings) if not each.flaky}
        for voter in self._voters_beside(parties):
            asked = {number: findings[number].finding for number in told}
            for number, vote in self._votes(voter, extension, asked, rules, timeout_s):
                told[number].append(vote)
        return tuple(
            replace(judged, blame=self._judged(judged, told[number], extension, parties, rules, timeout_s))
            if number in told
            else judged
            for number, judged in enumerate(findings)
        )

    def _judged(
        self,
        judged: Judged,
        votes: Sequence[Vote],
        extension: Extension,
        parties: Sequence[Backend],
        rules: frozenset[str],
        timeout_s: float,
    ) -> Blame:
        """Return who is to blame on these votes; a host that they leave a suspect is watched."""
        reference, other = parties
        found = blame(reference.makeup, other.makeup, votes)
        if "host" not in found.layers:
            return found
        touched = touched_by(self.matrix, other.name, extension, judged, rules, timeout_s=timeout_s)
        return blame(reference.makeup, other.makeup, votes, touched=touched)

    def _voters_beside(self, parties: Sequence[Backend]) -> list[Backend]:
        """Return who may vote between two backends: none that is one of the two."""
        if self._voters is None:
            self._voters = list(self._provided())
        return [
            voter
            for voter in self._voters
            if all(
                voter.name != party.name and (voter.command, voter.makeup) != (party.command, party.makeup)
                for party in parties
            )
        ]

    def _provided(self) -> Iterator[Backend]:
        """Yield every backend of the run, and those that the reference brings to be asked."""
        settings = self.matrix.settings
        for name in settings.backends:
            with contextlib.suppress(HarnessError):
                yield self.matrix.backend(name)
        reference = self.matrix.backend(settings.reference)
        request = Request(None, self.matrix.progress, offline=settings.offline)
        compiling = reference.voters(request)
        compiled_only = reference.voters(replace(request, compiles=False))
        for number, voters in enumerate(zip(compiling, compiled_only)):
            # The first is the most telling one, and alone worth waiting for a compiler.
            voter = voters[settings.blame == "auto" and number > 0]
            if voter.name not in settings.backends:
                self.matrix.adopt(voter)
                yield voter

    def _votes(
        self,
        voter: Backend,
        extension: Extension,
        findings: Mapping[int, Finding],
        rules: frozenset[str],
        timeout_s: float,
    ) -> Iterator[tuple[int, Vote]]:
        try:
            if missing := self.matrix.missing(voter.name, extension):
                raise BackendUnavailableError(f"it lacks {', '.join(missing)}")
            lane = self.matrix.lane(voter.name, extension)
            lane.timeout_s = timeout_s
        except HarnessError as error:
            for number in findings:
                yield number, _absent(voter, error)
            return
        try:
            for number, finding in findings.items():
                yield number, _vote(voter, lane, finding, rules)
        finally:
            lane.close()


def _absent(voter: Backend, error: HarnessError) -> Vote:
    why = TO_COMPILE if isinstance(error, NotCompiledError) else str(error).partition("\n")[0]
    return Vote(voter.name, voter.description, voter.makeup, "absent", why)


def _vote(voter: Backend, lane: Lane, finding: Finding, rules: frozenset[str]) -> Vote:
    """Ask a voter twice, each time in a worker without a past, but for what the program comes after."""
    answers = []
    try:
        for _ in range(2):
            begin([lane], finding.program)
            if finding.program.context not in lane.hello.capabilities.contexts:
                raise BackendUnavailableError(f"it has no context {finding.program.context}")
            answers.append(observe_alone(lane, finding.program))
    except HarnessError as error:
        return _absent(voter, error)
    seen, again = answers
    side: Side = "flaky"
    if compare(rules, reference=seen, other=again).divergence is None:
        side = side_of(rules, finding.divergence, reference=finding.reference, other=finding.other, voter=seen)
    return Vote(voter.name, voter.description, voter.makeup, side, answer_of(finding, seen))


def answer_of(finding: Finding, seen: Sequence[Observation]) -> str:
    """Return what a backend did at the step that differs, as one line."""
    return "; ".join(describe_observation(seen[min(finding.divergence.step, len(seen) - 1)]))
