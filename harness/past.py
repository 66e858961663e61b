"""What a worker executed before a program: its state is part of the example where it matters."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

PROGRAMS_LIMIT = 2000
"""How many programs of a worker's life are remembered; the oldest are forgotten first."""


@dataclass(slots=True)
class History:
    """The bodies of the programs that one worker has executed, in order, and how many those were."""

    bodies: deque[bytes] = field(default_factory=lambda: deque(maxlen=PROGRAMS_LIMIT))
    count: int = 0

    def append(self, body: bytes) -> None:
        """Note a program that was executed."""
        self.bodies.append(body)
        self.count += 1

    def past(self) -> Past:
        """Return what has been executed up to now."""
        return Past(self, self.count)


@dataclass(frozen=True, slots=True)
class Past:
    """What a worker had executed when it came to a program."""

    history: History
    count: int

    def bodies(self) -> Sequence[bytes]:
        """Return the bodies of the programs before, oldest first, as far as they are remembered."""
        forgotten = self.history.count - len(self.history.bodies)
        return tuple(islice(self.history.bodies, max(0, self.count - forgotten)))


NOTHING_BEFORE = Past(History(), 0)
