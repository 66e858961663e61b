"""Presume hangs, so that a known hang does not cost its whole time limit each time it is drawn.

The reference executes the same program at the same time.  If it answered within milliseconds, and all threads of the
other worker have waited without a timeout for a second, the other worker is presumed to hang.  This is enough evidence
to recognise a hang that the book knows.  It is not enough to report a new one: such a program is run again and gets
its whole time.  If both backends hang, the first such program of an item gets its whole time, and later ones a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.differential import Differential
from harness.findings import Finding, Known, presumed


class Presumption:
    """Presumes that both backends hang; or that the other one alone does, if the book knows a hang of the case."""

    def __init__(self, differential: Differential, known: Known) -> None:
        self._differential = differential
        self._known = known

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Presume hangs in this block; the caller passes every finding of it to :meth:`is_doubtful`."""
        with self._differential.presuming_hangs(alone=self._known.hangs):
            yield

    def is_doubtful(self, finding: Finding | None) -> bool:
        """Whether a finding is a presumed hang that the book does not know."""
        return finding is not None and presumed(finding) and not self._known.knows(finding)

    def settled(self, finding: Finding | None) -> Finding | None:
        """Return a finding as it is, or, if it is doubtful, what its program shows in its whole time."""
        if finding is not None and self.is_doubtful(finding):
            return self._differential.run_in_whole_time(finding)
        return finding
