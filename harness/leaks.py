"""Whether the workers of a case grow, which is watched from outside and costs nothing.

It is a suspicion only: a case that asks for nothing is not repeated a thousand times.  What is suspected is
measured inside the worker, as where a case asks for ``memory`` (``growth`` in ``harness/worker.py``).
"""

from __future__ import annotations

from harness.differential import Differential
from harness.limits import MIB

GROWN_BYTES = 32 * MIB
"""What one worker grows by in a case before it is suspected; interpreters warm up, and allocators take their time."""

CANDIDATES = 5
"""How many of the last programs are measured then."""


class Watch:
    """The memory of both workers, from the time when this is made."""

    def __init__(self, differential: Differential) -> None:
        self._lanes = (differential.reference, differential.other)
        self._before = [(lane.restarts, lane.memory_bytes) for lane in self._lanes]

    def suspected(self) -> bool:
        """Whether one worker has grown a lot meanwhile, and the other by less than half of that."""
        if any(lane.restarts != restarts or not before for lane, (restarts, before) in zip(self._lanes, self._before)):
            return False
        grown = sorted(lane.memory_bytes - before for lane, (_, before) in zip(self._lanes, self._before))
        return grown[1] > GROWN_BYTES and grown[0] < grown[1] / 2
