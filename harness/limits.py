"""What a worker may use up, and the environment that it is given."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20
STACK_BYTES = 8 * MIB
"""Of the main thread, whatever the shell says: how deep a recursion goes must not depend on who calls."""

# What a whole worker may use is more than what one program may: it lives for as long as the run.
CPU_RENEWAL_S = 10.0
CPU_ALLOWANCE_S = 60.0

PATIENCE = 3.0
"""How many times longer than its limit a program is waited for when a hang is confirmed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker may use; None is no limit.

    ``memory_bytes`` counts what is private to the process and can be written, its threads' stacks included;
    ``file_bytes`` is the size of one file.  Without ``network`` a worker sees a loopback of its own and nothing
    else, where the kernel lets a process without privileges ask for that.
    """

    memory_bytes: int | None = 2048 * MIB
    file_bytes: int | None = 1024 * MIB
    network: bool = False


USUAL = Limits()


def cpu_allowance_s(timeout_s: float) -> int:
    """Return how much CPU time a worker may use from one answer to the next, on all cores together.

    Wall time is what ends a program that takes too long; this is for a worker that nobody watches.
    """
    return int((CPU_ALLOWANCE_S + PATIENCE * timeout_s) * (os.cpu_count() or 1)) + 1


def environment(home: Path, more: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return all the variables that a worker has; ``docs/backends.md`` lists them."""
    fixed = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # Held still, so that a difference is the extension's and not chance's.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "RUST_BACKTRACE": "0",
    }
    return fixed | dict(more)
