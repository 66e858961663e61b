"""What a check has to work with: workers of one backend, and what it wants of them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from harness.check_backend import inside
from harness.handshake import Hello
from harness.lanes import Lane, pump
from harness.observation import Crashed, Hung, Observation, Raised, Returned, Wire
from harness.process import WorkerCommand
from harness.program import PLAIN, Context, Observe, Program, Step
from harness.protocol import encode_body
from harness.replies import Reply

MODULE = "conformance"
INSIDE = str(Path(inside.__path__[0]))


class CheckFailed(Exception):
    """A worker did something else than the protocol says; the text says what was wanted and what was seen."""


class Bench:
    """One backend under test; every check gets a worker that no other has spoilt."""

    def __init__(self, backend: str, command: WorkerCommand, *, timeout_s: float) -> None:
        self.backend = backend
        self.command = command
        self.timeout_s = timeout_s
        self._sequence = 0
        self._lane: Lane | None = None

    @property
    def lane(self) -> Lane:
        """The lane that checks share; its worker is replaced when one has ended it."""
        if self._lane is None:
            self._lane = Lane(self.backend, self.command, MODULE, [INSIDE], timeout_s=self.timeout_s)
        return self._lane

    @property
    def hello(self) -> Hello:
        """The handshake."""
        return self.lane.hello

    @contextmanager
    def lane_of(self, module: str, *paths: str, timeout_s: float | None = None) -> Iterator[Lane]:
        """Open another lane, which is closed afterwards."""
        lane = Lane(self.backend, self.command, module, list(paths), timeout_s=timeout_s or self.timeout_s)
        try:
            yield lane
        finally:
            lane.close()

    def close(self) -> None:
        """End the shared worker."""
        if self._lane is not None:
            self._lane.close()
            self._lane = None

    # --- executing ---

    def replies(self, programs: Sequence[Program], lane: Lane | None = None) -> list[Reply]:
        """Send programs in one frame; return the reply to each.

        Raises: WorkerProtocolError -- something was said that was not asked for.
        """
        lane = lane or self.lane
        first = self._sequence + 1
        self._sequence += len(programs)
        numbers = range(first, first + len(programs))
        lane.send([(number, encode_body(program)) for number, program in zip(numbers, programs)])
        pump([lane], wait=True)
        if lane.faults:
            fault = lane.faults[0]
            lane.faults.clear()
            raise fault
        found = [lane.replies.popleft() for _ in programs]
        want([number for number, _ in found], list(numbers), "sequence numbers")
        return [reply for _, reply in found]

    def observe(
        self, *steps: Step, context: Context = PLAIN, observe: tuple[Observe, ...] = (), lane: Lane | None = None
    ) -> tuple[Observation, ...]:
        """Execute one program and return its observations.

        Raises: CheckFailed -- its worker ended; WorkerProtocolError -- there was no whole reply.
        """
        [reply] = self.replies([Program((lane or self.lane).module, steps, context, observe)], lane)
        if reply.ended is not None:
            raise CheckFailed(f"the worker {how(reply.ended)}")
        return reply.observations(len(steps), self.backend)

    def call(self, name: str, *arguments: Any, **keywords: Any) -> Observation:
        """Execute one call."""
        return self.observe(call(name, *arguments, **keywords))[0]

    @contextmanager
    def module(self, source: str, name: str = "made_here") -> Iterator[tuple[str, str]]:
        """Write a module into a directory of its own; yields its name and the directory."""
        with tempfile.TemporaryDirectory(prefix="backend-matrix-check-") as directory:
            Path(directory, f"{name}.py").write_text(source, encoding="utf-8")
            yield name, directory


def call(name: str, *arguments: Any, **keywords: Any) -> Step:
    """Return the step that calls a function of the kit's module."""
    return Step("call", name, arguments, tuple(keywords.items()))


def want(seen: Any, wanted: Any, what: str) -> None:
    """Raise CheckFailed unless two pieces of JSON data are the same to the last bit."""
    if msgspec.json.encode(seen) != msgspec.json.encode(wanted):
        raise CheckFailed(f"{what}: wanted {wanted!r:.200}, saw {seen!r:.300}")


def returned(observation: Observation) -> Wire:
    """Return what a step returned.  Raises: CheckFailed -- it did not return."""
    if not isinstance(observation.outcome, Returned):
        raise CheckFailed(f"wanted a result, saw {observation.outcome!r:.300}")
    return observation.outcome.value


def raised(observation: Observation) -> Wire:
    """Return the exception that a step raised.  Raises: CheckFailed -- it did not raise."""
    if not isinstance(observation.outcome, Raised):
        raise CheckFailed(f"wanted an exception, saw {observation.outcome!r:.300}")
    return observation.outcome.exception


def effect(observation: Observation, name: str) -> Wire:
    """Return one effect of a step.  Raises: CheckFailed -- it had no such effect."""
    if name not in observation.effects:
        raise CheckFailed(f"wanted the effect {name!r}, saw {observation.effects!r:.300}")
    return observation.effects[name]


def ended(reply: Reply, kind: type[Crashed] | type[Hung]) -> None:
    """Raise CheckFailed unless a reply says that the worker ended in this way."""
    if reply.fault is not None:
        raise reply.fault
    if not isinstance(reply.ended, kind):
        seen = "an answer" if reply.ended is None else how(reply.ended)
        raise CheckFailed(f"wanted a worker that {'died' if kind is Crashed else 'hung'}, saw {seen}")


def is_gone(pid: int) -> bool:
    """Whether a process that was sent a signal is gone before long."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


def how(end: Crashed | Hung) -> str:
    """Say how a worker ended."""
    return "gave no answer in time" if isinstance(end, Hung) else end.signal
