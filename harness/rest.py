"""Tell a worker that hangs from one that is slow: in one that hangs on a lock or a wait, nothing runs any more."""

from __future__ import annotations

import math
from typing import Protocol

WATCHED_SHARE = 0.5
"""For which share of its limit a worker must have been at rest, up to the end."""


class Watched(Protocol):
    """A worker that can say how often its threads have been scheduled."""

    def switches_at_rest(self) -> tuple[str, ...] | None:
        """Return a count for each thread if all sleep, or None."""


class Rest:
    """What two or more looks at a worker have shown while it executes one program."""

    def __init__(self) -> None:
        self._since = math.inf
        self._switches: tuple[str, ...] | None = None

    def lasts(self, worker: Watched, limit_s: float, *, since: float, now: float) -> bool:
        """Look at a worker if it is time; return whether it was silent for its limit and at rest up to now.

        ``since`` is when it got its program.
        """
        if now < self.next_look(limit_s, since=since):
            return False
        seen = worker.switches_at_rest()
        if seen is None or seen != self._switches:
            self._since, self._switches = now, seen
            return False
        return now - since >= limit_s and now - self._since >= limit_s * WATCHED_SHARE

    def next_look(self, limit_s: float, *, since: float) -> float:
        """Return when to look at the worker next."""
        watched_s = limit_s * WATCHED_SHARE
        if self._since == math.inf:
            return since + limit_s - watched_s
        return self._since + watched_s
