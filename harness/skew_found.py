"""What is kept of a case's skew while it is examined: each place once, with the reason."""

from __future__ import annotations

from harness.examination import SkewJudge
from harness.findings import Finding, Identity, Judged, Known

KNOWN_ANSWER = "the book has this answer, against another version of the reference"


class SkewFound:
    """Keeps the findings that versions of Python may explain; without a judge there are none."""

    def __init__(self, judge: SkewJudge | None, known: Known) -> None:
        self._judge = judge
        self._known = known
        self.found: dict[Identity, Judged] = {}
        """By kind and place, whatever the context."""

    @property
    def possible(self) -> bool:
        """Whether the versions of the two backends differ."""
        return self._judge is not None

    def knows(self, finding: Finding) -> bool:
        """Say whether a finding is skew without evidence; nothing is kept."""
        return bool(self._at_once(finding))

    def takes_at_once(self, finding: Finding) -> bool:
        """Keep a finding if it is skew without evidence, and say whether it is."""
        return self._keep(finding, self._at_once(finding))

    def takes(self, finding: Finding) -> bool:
        """Keep a finding if it is skew, after asking for evidence, and say whether it is."""
        if self._judge is None:
            return False
        return self.takes_at_once(finding) or self._keep(finding, self._judge.decide(finding))

    def _at_once(self, finding: Finding) -> str:
        if self._judge is None:
            return ""
        return KNOWN_ANSWER if self._known.knows_answer(finding) else self._judge.at_once(finding)

    def _keep(self, finding: Finding, why: str) -> bool:
        if why:
            self.found.setdefault(finding.bare, Judged(finding, skew=why))
        return bool(why)
