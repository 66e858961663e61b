"""Feed programs to the workers of several backends at once, and collect what they observed.

A *lane* is one backend's queue for one extension, with a worker process behind it that is replaced when
it dies or hangs.  The death is charged to the first program unanswered; the rest is sent again.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

from harness import protocol
from harness.crashes import analyse
from harness.errors import (
    RepeatedReplyError,
    ReplyAfterDeathError,
    UnaskedReplyError,
    WorkerProtocolError,
)
from harness.handshake import Hello
from harness.observation import Crashed, Hung
from harness.past import History
from harness.process import Exit, WorkerCommand, WorkerProcess
from harness.replies import Reply
from harness.restarts import Restarts
from harness.spares import Workers
from harness.waits import Watch

PRESUMED_FACTOR = 5.0
"""A worker that waits for ever gets this many times what the reference needed, before it is presumed to hang."""

PRESUMED_FLOOR_S = 1.0
"""It gets at least this: on a busy machine another thread may need a while to wake it."""

INSIDE_SHARE = 0.8
"""Of a program's limit, after which its interpreter says what it is doing; at the whole its worker is killed."""


@dataclass(slots=True)
class Presumes:
    """What a lane needs to presume that its worker hangs, if all its threads wait without a timeout.

    It does so if the ``reference`` hung on the same program.  With ``alone`` it also does so if the reference has
    answered the program.  With ``together`` it presumes that both hang if both wait for ever.
    """

    reference: Lane
    alone: bool
    together: bool = False


class Lane:
    """One backend's worker for one extension, and the programs on their way through it.

    ``timeout_s`` is what a program may take on a backend of usual speed; ``patience`` multiplies it for a while.
    With ``presumes``, a worker that waits for ever is taken for hung before its limit.
    """

    def __init__(
        self,
        backend: str,
        command: WorkerCommand,
        module: str,
        paths: Sequence[str],
        *,
        timeout_s: float,
        caller: str | None = None,
        restarts: Restarts | None = None,
    ) -> None:
        self.backend = backend
        self.module = module
        self.timeout_s = timeout_s
        self.patience = 1.0
        self.presumes: Presumes | None = None
        self.replies: deque[tuple[int, Reply]] = deque()
        self.deaths = restarts or Restarts()
        self.restarts = 0
        self.faults: list[WorkerProtocolError] = []
        """How workers broke the protocol when no program was on its way to be charged with it."""
        self.keeps_spare = False
        """Whether the lane starts a spare when it has lost a worker."""
        self._workers = Workers(backend, command, module, paths, caller)
        self._unanswered: deque[tuple[int, bytes]] = deque()
        self._outgoing = bytearray()
        self._waiting_since = 0.0
        self._worker: WorkerProcess | None = None
        self._unnoticed: Reply | None = None
        """How a worker ended when no program was on its way; the next one is charged with it."""
        self._sent_to_the_dead = False
        self._begun = False
        self._marks = False
        self._traced = False
        self._watch = Watch()
        self._history = History()

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

    @property
    def limit_s(self) -> float:
        """How long one program may take here and now."""
        return self.timeout_s * self._workers.command.slowness * self.patience

    @property
    def memory_bytes(self) -> int:
        """How much memory the worker occupies; 0 if none is running."""
        return 0 if self._worker is None else self._worker.memory_bytes()

    def send(self, bodies: list[tuple[int, bytes]]) -> None:
        """Queue programs, given by sequence number and body, for execution in order.

        Raises: WorkerStartError, WorkerProtocolError -- a worker cannot be started.
        """
        if not self._unanswered:
            self._refuse_unasked()
            self._sent_to_the_dead = self._running().has_ended()
            self._wait_anew()
            if self._unnoticed is not None:
                (sequence, _), *bodies = bodies
                self.replies.append((sequence, self._unnoticed))
                self._unnoticed = None
                if not bodies:
                    return
        self._unanswered.extend(bodies)
        self._workers.advance_spare()
        self._outgoing += protocol.run_frame(bodies)
        self._write()

    def fresh(self) -> None:
        """Replace the worker, so that the next program meets an interpreter without a past."""
        self._end_worker()
        self._running()

    def wait_for_end(self, timeout_s: float) -> None:
        """Give what programs left behind some time to end the worker; return as soon as it did."""
        if self._worker is not None and timeout_s > 0:
            self._worker.process.wait(timeout_s)

    def start_spare(self) -> None:
        """Start the next worker ahead, if this lane keeps spares."""
        if self.keeps_spare:
            self._workers.start_spare()

    def close_spare(self) -> None:
        """End the worker that was started ahead, if there is one."""
        self._workers.close_spare()

    def close(self) -> None:
        """End the worker, and the spare.  What is unanswered is dropped."""
        self._end_worker()
        self.close_spare()

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None
        self._unanswered.clear()
        self._outgoing.clear()
        self._unnoticed = None

    def _running(self) -> WorkerProcess:
        if self._worker is None:
            self._worker = self._workers.take()
            self._history = History()
            self._marks = False
        return self._worker

    def _refuse_unasked(self) -> None:
        """Replace a worker that has said something since it answered the last program."""
        if self._worker is not None:
            try:
                self._worker.read_available()
                if self._worker.incoming:
                    raise protocol.unasked(self._worker.incoming, self.backend)
            except WorkerProtocolError as fault:
                self.faults.append(fault)
                self.close()

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
        # Asked first: what it wrote before it died must still be read.
        alive = not worker.has_ended()
        try:
            alive = worker.read_available() and alive
            for line in worker.take_lines():
                self._accept(line)
        except WorkerProtocolError as fault:
            # What else it says would be taken for answers to programs that it has not seen.
            worker.kill()
            self._replace(fault)
            return
        if not alive:
            half = bytes(worker.incoming)
            ended = worker.reap()
            if half and (ended.killed or ended.status is None or ended.status >= 0):
                # Nothing but a signal keeps a worker that is a worker from ending its line.
                self._replace(protocol.truncated(half, ended.description, self.backend))
            else:
                self._replace(self._crashed(ended))

    def _accept(self, line: bytes) -> None:
        if not self._unanswered:
            raise protocol.unasked(line, self.backend)
        if self._sent_to_the_dead:
            raise ReplyAfterDeathError(f"{self.backend}: something else answered when the worker was dead")
        sequence, body = self._unanswered[0]
        if protocol.is_begin(line, sequence):
            self._begun = self._marks = True
            return
        took_s = time.monotonic() - self._waiting_since
        reply = Reply(protocol.split_reply(line, sequence, self.backend), past=self._history.past(), took_s=took_s)
        self._unanswered.popleft()
        self.replies.append((sequence, reply))
        self._history.append(body)
        now = self._wait_anew()
        if self._worker is not None:
            self._worker.renew_cpu(self.limit_s, now=now)

    def _wait_anew(self) -> float:
        self._begun = self._traced = False
        self._watch = Watch()
        self._waiting_since = time.monotonic()
        return self._waiting_since

    def _check_time(self, now: float) -> None:
        if not self._unanswered or self._worker is None:
            return
        waited_s, limit_s = now - self._waiting_since, self.limit_s
        if self._is_presumed_together(now):
            assert self.presumes is not None
            both = self, self.presumes.reference
            heard = [each._is_heard() for each in both]
            if not any(heard):
                for each in both:
                    each._end_hung(waited_s, presumed=True)
            return
        presumed = self._is_presumed(self._presumed_after_s(), now)
        if waited_s > limit_s * INSIDE_SHARE and not self._traced:
            self._traced = True
            self._worker.ask_for_traces()
        if waited_s > limit_s or presumed:
            if self._is_heard():
                return
            self._end_hung(min(waited_s, limit_s) if presumed else limit_s, presumed=presumed)

    def _is_heard(self) -> bool:
        """Read what the worker said while we were kept from looking; return whether there was anything."""
        worker, heard = self._worker, len(self.replies)
        self._read()
        return self._worker is not worker or len(self.replies) > heard

    def _end_hung(self, limit_s: float, *, presumed: bool) -> None:
        assert self._worker is not None, "only a running worker hangs"
        ended = self._worker.kill()
        self._replace(Hung(limit_s, ended.traces, presumed) if ended.killed else self._crashed(ended))

    def _is_presumed(self, limit_s: float | None, now: float) -> bool:
        """Whether the worker has been silent for so long, and waits for ever."""
        if limit_s is None or self._worker is None:
            return False
        return self._watch.hangs(self._worker, limit_s, since=self._waiting_since, now=now)

    def _is_presumed_together(self, now: float) -> bool:
        lanes = self._together()
        hangs = [each._is_presumed(PRESUMED_FLOOR_S, now) for each in lanes]
        return bool(lanes) and all(hangs)

    def _together(self) -> tuple[Lane, ...]:
        """Return both lanes if they are at the same program and may be presumed to hang on it."""
        if self.presumes is None or not self.presumes.together:
            return ()
        dues = [lane._unanswered[0][0] for lane in (self, self.presumes.reference) if lane._unanswered]
        return (self, self.presumes.reference) if len(dues) == 2 and dues[0] == dues[1] else ()

    def _presumed_after_s(self) -> float | None:
        """Return how long a worker that waits for ever is given, by what the reference made of the same program."""
        if self.presumes is None or not self._unanswered:
            return None
        answered, due = self.presumes.reference.replies, len(self.replies)
        if due >= len(answered) or answered[due][0] != self._unanswered[0][0]:
            return None
        reply = answered[due][1]
        if isinstance(reply.ended, Hung):
            return PRESUMED_FLOOR_S
        if not self.presumes.alone or reply.ended is not None:
            return None
        return max(PRESUMED_FLOOR_S, PRESUMED_FACTOR * self._workers.command.slowness * reply.took_s)

    def _deadline(self) -> float:
        looks = [self._waiting_since + self.limit_s * (1.0 if self._traced else INSIDE_SHARE)]
        after_s = self._presumed_after_s()
        if after_s is not None:
            looks.append(self._watch.next_look(after_s, since=self._waiting_since))
        if both := self._together():
            looks.append(max(each._watch.next_look(PRESUMED_FLOOR_S, since=each._waiting_since) for each in both))
        return min(looks)

    def _crashed(self, ended: Exit) -> Crashed:
        # With a status only if it ended by itself: what we ended says nothing of the extension.
        crash = analyse(None if ended.killed else ended.status, ended.stderr, ended.traces, traced=ended.traced)
        early = self._marks and not self._begun
        return Crashed(ended.description, ended.stderr, crash.identity, crash.cause, ended.traces, early)

    def _replace(self, ended: Crashed | Hung | WorkerProtocolError) -> None:
        """Charge the end of a worker to the first program unanswered, and send the rest to the next one."""
        past = self._history.past()
        self._worker = None
        self._outgoing.clear()
        self.restarts += 1
        if isinstance(ended, (RepeatedReplyError, UnaskedReplyError)):
            # What was said too much was said of no program that is due.
            self.faults.append(ended)
        else:
            told = Reply(b"", fault=ended) if isinstance(ended, WorkerProtocolError) else Reply(b"", ended, past=past)
            if self._unanswered:
                self.replies.append((self._unanswered.popleft()[0], told))
            else:
                self._unnoticed = told
        rest = list(self._unanswered)
        self._unanswered.clear()
        self.deaths.count(self.backend)
        if rest:
            self.send(rest)
        self.start_spare()


def pump(lanes: Sequence[Lane], *, wait: bool, enough: Callable[[], bool] | None = None) -> None:
    """Move bytes between the lanes and their workers.

    With ``wait``, until every program is answered, which a hanging worker delays by its lane's time
    limit at most, or until there is ``enough``; otherwise only what can be moved at once.

    Raises: WorkerStartError -- a worker cannot be started; RestartsLimitError -- too many died.
    """
    while True:
        busy = [lane for lane in lanes if lane.busy]
        if not busy:
            return
        with DefaultSelector() as selector:
            for lane in busy:
                worker = lane._running()
                selector.register(worker.reply_fd, EVENT_READ, (lane, worker))
                selector.register(worker.process.control, EVENT_READ, (lane, worker))
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
        if not wait or (enough is not None and enough()):
            return


def _next_deadline_s(lanes: Sequence[Lane]) -> float:
    now = time.monotonic()
    return max(0.0, min(lane._deadline() for lane in lanes) - now) + 0.01
