"""Tell a worker that waits for ever from one that is slow: the kernel says what its threads do.

A worker waits for ever if

- every thread is in a system call that waits without a timeout,
- no thread was scheduled for a while,
- it has no child that could wake it.

A worker that sleeps, computes, polls or waits for a child is slow.  On other machines than those listed here, and if
the kernel does not show system calls, every worker is slow.
"""

from __future__ import annotations

import math
import platform
from pathlib import Path
from typing import Protocol

WATCHED_SHARE = 0.5
"""A worker must have waited for ever during this share of its limit, up to its end."""

Evidence = tuple[str, ...]

# By number: which argument is the timeout, and what it is if there is none.  Source: syscall tables of Linux.
_FOREVER, _NULL = 0xFFFFFFFF, 0
_X86_64 = {
    7: (2, _FOREVER),  # poll
    23: (4, _NULL),  # select
    232: (3, _FOREVER),  # epoll_wait
    270: (4, _NULL),  # pselect6
    271: (2, _NULL),  # ppoll
    281: (3, _FOREVER),  # epoll_pwait
    441: (3, _NULL),  # epoll_pwait2
}
_AARCH64 = {
    22: (3, _FOREVER),  # epoll_pwait
    72: (4, _NULL),  # pselect6
    73: (2, _NULL),  # ppoll
    441: (3, _NULL),  # epoll_pwait2
}
_TIMEOUTS = {"x86_64": _X86_64, "aarch64": _AARCH64}
_FUTEX = {"x86_64": 202, "aarch64": 98}
# FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_LOCK_PI2; the higher bits are flags.  Source: linux/futex.h.
_FUTEX_WAITS, _FUTEX_COMMAND = (0, 6, 9, 13), 0x7F


class Watched(Protocol):
    """A worker that can say whether it waits for ever."""

    def endless_waits(self) -> Evidence | None:
        """Return the same text for each thread as long as nothing runs, or None if something may."""


class Watch:
    """What several looks at a worker have shown while it executes one program."""

    def __init__(self) -> None:
        self._since = math.inf
        self._seen: Evidence | None = None

    def hangs(self, worker: Watched, limit_s: float, *, since: float, now: float) -> bool:
        """Look at a worker if it is time; return whether it was silent for its limit and waits for ever.

        ``since`` is when it got its program.
        """
        if now < self.next_look(limit_s, since=since):
            return False
        seen = worker.endless_waits()
        if seen is None or seen != self._seen:
            self._since, self._seen = now, seen
            return False
        return now - since >= limit_s and now - self._since >= limit_s * WATCHED_SHARE

    def next_look(self, limit_s: float, *, since: float) -> float:
        """Return when to look at the worker next."""
        watched_s = limit_s * WATCHED_SHARE
        return since + limit_s - watched_s if self._since == math.inf else self._since + watched_s


def endless_waits(pid: int) -> Evidence | None:
    """Return what each thread of a process waits for and how often it was scheduled, or None if one may be at work."""
    evidence = []
    try:
        for thread in sorted(Path(f"/proc/{pid}/task").iterdir()):
            call = (thread / "syscall").read_text()
            if (thread / "children").read_text() or not is_endless(call, platform.machine()):
                return None
            status = (thread / "status").read_text()
            scheduled = status[status.index("\nvoluntary_ctxt_switches") :]
            evidence.append(f"{thread.name} {call} {scheduled}")
    except (OSError, ValueError):
        return None
    return tuple(evidence) or None


def is_endless(call: str, machine: str) -> bool:
    """Say whether a line of ``/proc/PID/syscall`` is a system call that waits without a timeout."""
    number, *arguments = call.split()
    if not number.isdecimal() or len(arguments) < 6 or machine not in _TIMEOUTS:
        return False
    values = [int(each, 16) for each in arguments]
    if int(number) == _FUTEX[machine]:
        return values[1] & _FUTEX_COMMAND in _FUTEX_WAITS and values[3] == _NULL
    which, endless = _TIMEOUTS[machine].get(int(number), (0, None))
    return endless is not None and (values[which] if endless == _NULL else values[which] & _FOREVER) == endless
