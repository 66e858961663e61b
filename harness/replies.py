"""What a backend said of one program."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness import protocol
from harness.errors import WorkerProtocolError
from harness.observation import Crashed, Hung, Observation
from harness.past import NOTHING_BEFORE, Past


@dataclass(frozen=True, slots=True)
class Reply:
    """What one backend said of one program: raw observations, how the worker ended, or how it broke the protocol.

    ``past`` is what the worker had executed before; ``took_s`` is how long the program took, as seen from outside.
    """

    raw: bytes
    ended: Crashed | Hung | None = None
    fault: WorkerProtocolError | None = None
    past: Past = field(default=NOTHING_BEFORE, compare=False)
    took_s: float = field(default=0.0, compare=False)

    def observations(self, steps: int, backend: str) -> tuple[Observation, ...]:
        """Return one observation per step; a crash or hang stands for the step where it is unknown.

        Raises: WorkerProtocolError -- the worker's, or what it said are no observations of so many steps.
        """
        if self.fault is not None:
            raise self.fault
        if self.ended is not None:
            return (Observation(self.ended),)
        return protocol.parse_observations(self.raw, steps, backend)
