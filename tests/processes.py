"""What the tests ask of the processes around them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import guarded


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def ends_soon(pid: int) -> bool:
    """Whether a process that was sent a signal is gone before long."""
    return comes_true(lambda: not is_running(pid))


def comes_true(condition: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Whether something that others are about to do is done before long."""
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def descendants(of: int | None = None) -> set[int]:
    """Return the process ids of all that a process, or this one, has started and that is not waited for."""
    parents = {}
    for entry in os.listdir("/proc"):
        try:
            stat = Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        if entry.isdigit():
            parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    found, newest = set(), {of or os.getpid()}
    while newest:
        newest = {pid for pid, parent in parents.items() if parent in newest}
        found |= newest
    return found


def children() -> set[int]:
    """Return the workers that run below us, and all that they started: not the warden and its keepers."""
    return {pid for pid in descendants() if b"warden.py" not in _command(pid)}


def descriptors() -> set[str]:
    """Return our open descriptors."""
    return set(os.listdir("/proc/self/fd"))


@contextmanager
def leaving_no_process() -> Iterator[None]:
    """Fail if a process or a descriptor is left."""
    # The warden would stay for the next worker, and go with the process.
    guarded.dismiss()
    before = descendants(), descriptors()
    yield
    guarded.dismiss()
    assert comes_true(lambda: descendants() == before[0]), descendants()
    assert descriptors() == before[1]


@contextmanager
def leaving_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let workers have their directories in a new one, and fail if a process, a descriptor or a directory is left."""
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with leaving_no_process():
        yield
    assert list(place.iterdir()) == []


def _command(pid: int) -> bytes:
    try:
        return Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return b""
