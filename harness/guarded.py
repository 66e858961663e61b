"""Processes that a warden starts and guards (``harness/warden.py``): nothing of them outlives them, or us."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import warden
from harness.errors import WorkerStartError

START_LIMIT_S = 60.0
LONGEST_END_S = warden.STRAYS_LIMIT_S + 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a guarded process ended: its exit code, or minus the signal; and whether it was we who ended it."""

    status: int
    killed: bool
    peak_bytes: int


@dataclass(slots=True)
class GuardedProcess:
    """A process with its keeper.  ``control`` can be read when the process has ended."""

    pid: int
    control: socket.socket
    _ended: Ended | None = field(default=None)

    @classmethod
    def start(
        cls,
        argv: list[str],
        *,
        environment: dict[str, str],
        directory: Path,
        limits: dict[str, int | None],
        descriptors: list[int],
        network: bool = False,
    ) -> GuardedProcess:
        """Start a program with five descriptors: its stdin, stdout, stderr, and what it finds as 3 and 4.

        Raises: OSError -- it cannot be started; WorkerStartError -- the warden cannot.
        """
        ours, keepers = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with keepers:
                request = {"argv": argv, "environment": environment, "directory": str(directory), "limits": limits}
                _ask_warden(json.dumps(request).encode(), [*descriptors, keepers.fileno()], network)
            told = _hear(ours, START_LIMIT_S)
            if told is None:
                raise WorkerStartError("the warden of the workers does not answer; is the machine out of processes?")
            if "failed" in told:
                raise OSError(told["failed"])
        except BaseException:
            ours.close()
            raise
        return cls(int(told["pid"]), ours)

    def wait(self, timeout_s: float) -> Ended | None:
        """Return how it ended, or None if it has not ended in that time."""
        if self._ended is None:
            told = _hear(self.control, timeout_s)
            if told is not None:
                self._ended = Ended(told["status"], told["killed"], told["peak_bytes"])
            elif _is_closed(self.control):
                # Somebody killed the keeper, and the kernel the process with it.
                self._ended = Ended(-signal.SIGKILL, False, 0)
        return self._ended

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended: the keeper knows that nobody else has its process id."""
        with contextlib.suppress(OSError):
            self.control.send(b"%d" % number)

    def kill(self) -> Ended:
        """End it and everything that it started; return how it ended, which may have been before."""
        with contextlib.suppress(OSError):
            self.control.send(warden.KILL)
        ended = self.wait(LONGEST_END_S) or Ended(-signal.SIGKILL, True, 0)
        self._ended = ended
        self._wait_for_strays()
        self.control.close()
        return ended

    def _wait_for_strays(self) -> None:
        """Wait for the keeper to close the socket, which it does last of all."""
        deadline = time.monotonic() + LONGEST_END_S
        while not _is_closed(self.control) and time.monotonic() < deadline:
            _hear(self.control, deadline - time.monotonic())


def _hear(control: socket.socket, timeout_s: float) -> dict[str, Any] | None:
    """Return the next message, or None if there is none in that time or ever."""
    poller = select.poll()
    poller.register(control, select.POLLIN)
    if not poller.poll(timeout_s * 1000):
        return None
    with contextlib.suppress(ConnectionError):
        message = control.recv(warden.MESSAGE_BYTES)
        if message:
            told: dict[str, Any] = json.loads(message)
            return told
    return None


def _is_closed(control: socket.socket) -> bool:
    try:
        return control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


# --- the warden ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Warden:
    process: subprocess.Popen[bytes]
    requests: socket.socket
    owner: int


_wardens: dict[bool, _Warden] = {}


def _ask_warden(message: bytes, descriptors: list[int], network: bool) -> None:
    """Hand a request to the warden, which is started if there is none, or if it is gone."""
    for again in (False, True):
        running = _wardens.get(network)
        # A process that was forked from the one that started it has no say over it, and starts its own.
        if running is None or running.owner != os.getpid():
            running = _wardens[network] = _started(network)
        try:
            socket.send_fds(running.requests, [message], descriptors)
        except (BrokenPipeError, ConnectionError):
            if again:
                raise WorkerStartError("the warden of the workers cannot be started") from None
            _end(_wardens.pop(network))
        else:
            return


def _started(network: bool) -> _Warden:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        # A session of its own: an interrupt from the terminal is for us, who still have workers to end.
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", warden.__file__, str(theirs.fileno()), *(["network"] if network else [])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            cwd="/",
            start_new_session=True,
        )
    return _Warden(process, ours, os.getpid())


def _end(running: _Warden) -> None:
    running.requests.close()
    if running.owner == os.getpid():
        running.process.wait()


@atexit.register
def dismiss() -> None:
    """End the wardens; the next process that is started has a new one."""
    while _wardens:
        _end(_wardens.popitem()[1])
