"""Known hangs without their whole time limit: presumed where all speaks for one, and judged anew where none is known.

A program that hangs costs its whole limit, and a case that knows one draws it again and again.  The reference answers
the same program at the same time.  If it needed milliseconds, and all threads of the other worker have waited without
a timeout for a second, the program hangs.  That is enough to recognise a hang that the book knows, and too little to
report a new one.  Where both hang, one such program of an item has its whole time, and the others a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.differential import Differential
from harness.findings import Finding, Known, presumed


class Presumption:
    """Presumes hangs on a pair of lanes: of both, and if the book knows one of the case, of the other alone."""

    def __init__(self, differential: Differential, known: Known) -> None:
        self._differential = differential
        self._known = known

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Presume hangs for a while; every finding of this time must go through :meth:`is_doubtful`."""
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
