"""Judge skew with evidence: ask a CPython of a nearer version, and watch what a program calls.

Each question costs workers of its own, so that what wording alone explains is decided first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from harness.backends.base import Backend, Request
from harness.blame import side_of
from harness.compare import compare
from harness.differential import begin, observe_alone
from harness.errors import HarnessError
from harness.examination import SkewJudge
from harness.extensions import Extension
from harness.findings import Finding, told_parts
from harness.matrix import Matrix
from harness.skew import (
    Gap,
    asked_of_interpreter,
    gap_between,
    is_beyond_versions,
    is_interpreters_step,
    is_of_extension,
    is_wording,
)
from harness.watching import Watched, watched_calls

BY_ITSELF = "the interpreter does it by itself"
FUNCTIONS_SHOWN = 4
TEXT_LEAST = 4
"""How long a text must be to be looked for in a library, where short ones stand by chance."""


def gap_of(matrix: Matrix, other: str) -> Gap | None:
    """Return how the versions of the reference and another backend differ, as far as it counts as skew.

    None if they do not differ, or if the settings treat skew like any other difference.

    Raises: as :meth:`harness.matrix.Matrix.backend`.
    """
    if matrix.settings.strict_skew:
        return None
    reference = matrix.backend(matrix.settings.reference)
    return gap_between(
        reference.language_version,
        matrix.backend(other).language_version,
        patch=reference.versions.get("interpreter", ""),
        recorded=matrix.settings.book_reference,
    )


def skew_judge(
    matrix: Matrix, extension: Extension, other: str, rules: frozenset[str], *, timeout_s: float
) -> SkewJudge | None:
    """Return what judges the differences of an extension on another backend that versions of Python may explain.

    None if there is no gap between the versions.

    Raises: as :func:`gap_of`.
    """
    gap = gap_of(matrix, other)
    return None if gap is None else EvidenceJudge(matrix, gap, extension, other, rules, timeout_s=timeout_s)


class EvidenceJudge:
    """Judges the findings of one item: an extension on the reference and on another backend, with a gap between."""

    def __init__(
        self, matrix: Matrix, gap: Gap, extension: Extension, other: str, rules: frozenset[str], *, timeout_s: float
    ) -> None:
        self._matrix = matrix
        self._gap = gap
        self._extension = extension
        self._other = other
        self._rules = rules
        self._timeout_s = timeout_s
        self._decided: dict[tuple[str, str], str] = {}
        self._texts: dict[tuple[str, str], bool] = {}
        self._libraries: dict[str, bytes] = {}

    def at_once(self, finding: Finding) -> str:
        """Return why a finding is skew if its kind alone says so; empty if it takes evidence."""
        if is_beyond_versions(finding) or not is_wording(finding) or self._is_the_extensions_text(finding):
            return ""
        return f"{self._gap.between}: an interpreter's wording may change"

    def decide(self, finding: Finding) -> str:
        """Return why a finding cannot be told from a difference between the versions; empty if it can."""
        if why := self.at_once(finding):
            return why
        if self._gap.wording_only or is_beyond_versions(finding) or is_of_extension(finding):
            return ""
        if finding.identity not in self._decided:
            self._decided[finding.identity] = self._by_evidence(finding)
        return self._decided[finding.identity]

    def _by_evidence(self, finding: Finding) -> str:
        for voter in self._nearer_versions():
            side = self._side_of(voter, finding)
            if side == "other":
                return f"{self._gap.between}: {voter.description} does as {self._other}"
            if side == "reference" and self._is_exact(voter):
                return ""
        if is_interpreters_step(finding):
            return f"{self._gap.between}: {BY_ITSELF}"
        watched = watched_calls(
            self._matrix, self._other, self._extension, finding, self._rules, timeout_s=self._timeout_s
        )
        if isinstance(watched, str):
            return f"{self._gap.between}: {watched}"
        return self._by_calls(watched, finding)

    def _by_calls(self, watched: Watched, finding: Finding) -> str:
        asked = asked_of_interpreter(watched.called)
        if asked:
            shown = ", ".join(asked[:FUNCTIONS_SHOWN]) + ", ..." * (len(asked) > FUNCTIONS_SHOWN)
            return f"{self._gap.between}: the extension has the interpreter do it ({shown})"
        if watched.python_code:
            return f"{self._gap.between}: the extension's Python code has the interpreter do it"
        if not watched.called and finding.program.steps[finding.divergence.step].kind != "call":
            return f"{self._gap.between}: {BY_ITSELF}"
        return ""

    def _is_the_extensions_text(self, finding: Finding) -> bool:
        """Say whether both texts that differ stand in what was compiled: then no interpreter has written them."""
        parts = told_parts(finding)
        if parts not in self._texts:
            libraries = (self._library(self._matrix.settings.reference), self._library(self._other))
            self._texts[parts] = all(
                len(part) >= TEXT_LEAST and part.encode("utf-8", "surrogatepass") in library
                for part, library in zip(parts, libraries)
            )
        return self._texts[parts]

    def _library(self, backend: str) -> bytes:
        if backend not in self._libraries:
            self._libraries[backend] = self._matrix.built(backend, self._extension).library.read_bytes()
        return self._libraries[backend]

    def _nearer_versions(self) -> Iterator[Backend]:
        """Yield interpreters like the reference's whose version is nearer to the other's, the nearest first."""
        reference = self._matrix.backend(self._matrix.settings.reference)
        other = self._matrix.backend(self._other)

        def distance(backend: Backend) -> int:
            return abs(backend.language_version[1] - other.language_version[1])

        voters: list[Backend] = []
        with contextlib.suppress(HarnessError):
            voters = reference.voters(Request(None, self._matrix.progress, offline=True))
        alike = [each for each in voters if each.parts == reference.parts and distance(each) < distance(reference)]
        for voter in sorted(alike, key=distance):
            self._matrix.adopt(voter)
            yield voter

    def _is_exact(self, voter: Backend) -> bool:
        return voter.language_version == self._matrix.backend(self._other).language_version

    def _side_of(self, voter: Backend, finding: Finding) -> str:
        """Return whom a voter sides with, asked twice; empty if it cannot be asked or varies."""
        try:
            lane = self._matrix.lane(voter.name, self._extension)
            lane.timeout_s = self._timeout_s
            answers = []
            for _ in range(2):
                begin([lane], finding.program)
                answers.append(observe_alone(lane, finding.program))
            lane.close()
        except HarnessError:
            return ""
        if compare(self._rules, reference=answers[0], other=answers[1]).divergence is not None:
            return ""
        seen = {"reference": finding.reference, "other": finding.other}
        return side_of(self._rules, finding.divergence, **seen, voter=answers[0])
