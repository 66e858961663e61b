"""Make every check of a backend and tell each in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from harness.check_backend.bench import Bench, CheckFailed
from harness.check_backend.checks import CHECKS, Check
from harness.errors import HarnessError
from harness.process import WorkerCommand

TIMEOUT_S = 10.0
FAILURES_LIMIT = 12
"""After so many failures no more is tried: a backend that answers nothing would take a time limit for each check."""

Mark = Literal["ok", "FAIL", "left out"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one check; ``why`` is what was wrong, or why it was left out."""

    name: str
    mark: Mark
    why: str = ""

    def __str__(self) -> str:
        head, *rest = self.why.splitlines() or [""]
        told = f"{self.mark:8}  {self.name}" + (f": {head}" if head else "")
        return "\n".join([told, *(f"{'':10}  {line}" for line in rest)])


def check_backend(
    backend: str, command: WorkerCommand, *, timeout_s: float = TIMEOUT_S, checks: Iterable[Check] = CHECKS
) -> Iterator[Checked]:
    """Yield what comes of each check of a backend's workers; none of them needs a compiler.

    Without a handshake, or after many failures, the rest is not tried.
    """
    bench = Bench(backend, command, timeout_s=timeout_s)
    failures = 0
    try:
        for check in checks:
            checked = _made(check, bench)
            yield checked
            if checked.mark == "FAIL":
                failures += 1
                # What it says from now on may still answer this check.
                bench.close()
                if check.name in ("handshake", "load") or failures >= FAILURES_LIMIT:
                    return
    finally:
        bench.close()


def _made(check: Check, bench: Bench) -> Checked:
    try:
        left_out = check.run(bench)
    except CheckFailed as failed:
        return Checked(check.name, "FAIL", str(failed))
    except HarnessError as error:
        return Checked(check.name, "FAIL", f"{type(error).__name__}: {error}")
    return Checked(check.name, "left out", left_out) if left_out else Checked(check.name, "ok")


def tell(backend: str, checked: Iterable[Checked], say: Callable[[str], None]) -> bool:
    """Print a line for each check and one for all; return whether none failed."""
    marks: Counter[str] = Counter()
    for each in checked:
        say(str(each))
        marks[each.mark] += 1
    untried = len(CHECKS) - marks.total()
    told = [f"{marks['ok']} ok", f"{marks['FAIL']} failed", f"{marks['left out']} left out", f"{untried} not tried"]
    say(f"{backend}: " + ", ".join(each for each in told if not each.startswith("0 ")))
    return marks["FAIL"] == 0
