"""Feed programs to the workers of several backends at once, and collect what they observed.

A *lane* is one backend's queue for one extension, with a worker process behind it that is replaced when
it dies or hangs.  The death is charged to the first program unanswered; the rest is sent again.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

from harness import protocol
from harness.errors import WorkerProtocolError, WorkerStartError
from harness.handshake import Hello
from harness.observation import Crashed, Hung, Observation, Wire
from harness.process import WorkerCommand, WorkerProcess


class LoadFailedError(WorkerStartError):
    """The extension could not be imported; ``exception`` is what it raised, in wire form."""

    def __init__(self, backend: str, module: str, exception: Wire) -> None:
        super().__init__(f"{backend}: import of {module} raised {exception[1]}: {exception[3].get('str')}")
        self.exception = exception


@dataclass(frozen=True, slots=True)
class Reply:
    """What one backend said of one program: raw observations, or how the worker ended."""

    raw: bytes
    ended: Crashed | Hung | None = None

    def observations(self, steps: int, backend: str) -> tuple[Observation, ...]:
        """Return one observation per step; a crash or hang stands for the step where it is unknown."""
        if self.ended is not None:
            return (Observation(self.ended),)
        return protocol.parse_observations(self.raw, steps, backend)


class Lane:
    """One backend's worker for one extension, and the programs on their way through it."""

    def __init__(
        self,
        backend: str,
        command: WorkerCommand,
        module: str,
        paths: Sequence[str],
        *,
        timeout_s: float,
        caller: str | None = None,
    ) -> None:
        self.backend = backend
        self.module = module
        self.timeout_s = timeout_s
        self.restarts = 0
        self.replies: deque[tuple[int, Reply]] = deque()
        self._command = command
        self._paths = list(paths)
        self._caller = caller
        self._unanswered: deque[tuple[int, bytes]] = deque()
        self._outgoing = bytearray()
        self._waiting_since = 0.0
        self._worker: WorkerProcess | None = None

    @property
    def hello(self) -> Hello:
        """What the interpreter said of itself; starts the worker if none is running."""
        hello = self._running().hello
        assert hello is not None, "a started worker has said hello"
        return hello

    @property
    def busy(self) -> bool:
        """Whether programs are on their way."""
        return bool(self._unanswered)

    def send(self, bodies: list[tuple[int, bytes]]) -> None:
        """Queue programs, given by sequence number and body, for execution in order."""
        self._running()
        if not self._unanswered:
            self._waiting_since = time.monotonic()
        self._unanswered.extend(bodies)
        self._outgoing += protocol.run_frame(bodies)
        self._write()

    def fresh(self) -> None:
        """Replace the worker, so that the next program meets an interpreter without a past."""
        self.close()
        self._running()

    def close(self) -> None:
        """End the worker.  What is unanswered is dropped."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None
        self._unanswered.clear()
        self._outgoing.clear()

    def _running(self) -> WorkerProcess:
        if self._worker is None:
            worker = WorkerProcess.start(self.backend, self._command)
            try:
                failed = worker.load(self.module, self._paths, self._caller)
                if failed is not None:
                    raise LoadFailedError(self.backend, self.module, failed)
            except BaseException:
                worker.kill()
                raise
            self._worker = worker
        return self._worker

    # --- called by pump ---

    def _write(self) -> None:
        worker = self._running()
        try:
            while self._outgoing:
                written = os.write(worker.request_fd, bytes(self._outgoing[: 2**16]))
                del self._outgoing[:written]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            # The death shows at the other pipe, where it is charged.
            self._outgoing.clear()

    def _read(self) -> None:
        worker = self._running()
        try:
            alive = worker.read_available()
            for line in worker.take_lines():
                self._accept(line)
        except WorkerProtocolError:
            # What else it says would be taken for answers to programs that it has not seen.
            self.close()
            raise
        if not alive:
            ended = worker.reap()
            self._replace(Crashed(ended.description, ended.stderr))

    def _accept(self, line: bytes) -> None:
        if not self._unanswered:
            raise WorkerProtocolError(f"{self.backend}: a reply to nothing: {line[:200]!r}")
        sequence, _ = self._unanswered.popleft()
        self.replies.append((sequence, Reply(protocol.split_reply(line, sequence, self.backend))))
        self._waiting_since = time.monotonic()

    def _check_time(self, now: float) -> None:
        if self._unanswered and now - self._waiting_since > self.timeout_s and self._worker is not None:
            ended = self._worker.kill()
            # A child that holds the pipe open hides a death until now.
            self._replace(Hung(self.timeout_s) if ended.killed else Crashed(ended.description, ended.stderr))

    def _replace(self, ended: Crashed | Hung) -> None:
        self._worker = None
        self._outgoing.clear()
        self.restarts += 1
        if not self._unanswered:
            return
        sequence, _ = self._unanswered.popleft()
        self.replies.append((sequence, Reply(b"", ended)))
        rest = list(self._unanswered)
        self._unanswered.clear()
        if rest:
            self.send(rest)


def pump(lanes: Sequence[Lane], *, wait: bool) -> None:
    """Move bytes between the lanes and their workers.

    With ``wait``, until every program is answered, which a hanging worker delays by its lane's time
    limit at most; otherwise only what can be moved at once.
    """
    while True:
        busy = [lane for lane in lanes if lane.busy]
        if not busy:
            return
        with DefaultSelector() as selector:
            for lane in busy:
                worker = lane._running()
                selector.register(worker.reply_fd, EVENT_READ, (lane, worker))
                if lane._outgoing:
                    selector.register(worker.request_fd, EVENT_WRITE, (lane, worker))
            ready = selector.select(_next_deadline_s(busy) if wait else 0)
        for key, events in ready:
            lane, worker = key.data
            if lane._worker is not worker:
                continue  # Replaced a moment ago, by what its other pipe said.
            if events & EVENT_WRITE:
                lane._write()
            else:
                lane._read()
        now = time.monotonic()
        for lane in busy:
            lane._check_time(now)
        if not wait:
            return


def _next_deadline_s(lanes: Sequence[Lane]) -> float:
    now = time.monotonic()
    return max(0.0, min(lane._waiting_since + lane.timeout_s - now for lane in lanes)) + 0.01
