"""Known hangs cost a second instead of their whole limit, and nothing else is taken for one."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import books
import hypothesis
import pytest
from fake_lanes import FakeLane, fake_pump
from processes import leaving_nothing

from conftest import OpenLane
from harness import differential, examine
from harness.cases import parse_case_file
from harness.differential import Differential
from harness.examine import Examination, Plan
from harness.findings import presumed
from harness.handshake import Capabilities
from harness.observation import Hung
from harness.process import WorkerCommand
from harness.program import Program, Step
from harness.strategies import programs_of
from harness.waits import Watch, is_endless

PairOf = Callable[..., Differential]
WHOLE_S = 30.0
"""Far more than a test may take: a hang that costs it fails the test."""

# --- a worker that waits for ever -----------------------------------------------------------------


class Waits:
    """Shows a worker that was scheduled so often, one number for each look; None is at work."""

    def __init__(self, *scheduled: int | None) -> None:
        self.scheduled = list(scheduled)

    def endless_waits(self) -> tuple[str, ...] | None:
        seen = self.scheduled.pop(0)
        return None if seen is None else (str(seen),)


def watched(worker: Waits, *times: float, limit_s: float = 2.0) -> list[bool]:
    watch = Watch()
    return [watch.hangs(worker, limit_s, since=0.0, now=now) for now in times]


def test_a_worker_hangs_if_it_waited_for_half_its_limit() -> None:
    assert watched(Waits(5, 5), 0.5, 1.0, 1.5, 2.0) == [False, False, False, True]


@pytest.mark.parametrize("looks", [(5, 6, 7, 8), (None, None, None, None), (5, None, 5, None)])
def test_a_worker_that_does_something_does_not_hang(looks: tuple[int | None, ...]) -> None:
    assert not any(watched(Waits(*looks), 1.0, 2.0, 3.0, 4.0))


def test_a_worker_that_came_to_wait_is_watched_for_as_long() -> None:
    assert watched(Waits(5, 6, 6), 1.0, 2.0, 3.0) == [False, False, True]


NULL, FOREVER = "0x0", "0xffffffffffffffff"


@pytest.mark.parametrize(
    ("call", "machine", "endless"),
    [
        (f"232 0x3 0x7f01 0x1 {FOREVER} {NULL} {NULL} 0x7ffe 0x7fdf", "x86_64", True),
        (f"232 0x3 0x7f01 0x1 0xffffffff {NULL} {NULL} 0x7ffe 0x7fdf", "x86_64", True),
        (f"232 0x3 0x7f01 0x1 0x64 {NULL} {NULL} 0x7ffe 0x7fdf", "x86_64", False),
        (f"202 0x7ffd 0x189 {NULL} {NULL} {NULL} 0xffffffff 0x7ffd 0x7fe2", "x86_64", True),
        (f"202 0x7ffd 0x189 {NULL} 0x7f22 {NULL} 0xffffffff 0x7ffd 0x7fe2", "x86_64", False),
        (f"202 0x7ffd 0x81 0x1 {NULL} {NULL} {NULL} 0x7ffd 0x7fe2", "x86_64", False),
        (f"98 0x7ffd 0x80 {NULL} {NULL} {NULL} {NULL} 0x7ffd 0x7fe2", "aarch64", True),
        (f"230 0x1 0x1 0x7ffd {NULL} {NULL} {NULL} 0x7ffd 0x7f5a", "x86_64", False),
        (f"0 0x3 0x7ffd 0x2000 {NULL} {NULL} {NULL} 0x7ffd 0x7f5a", "x86_64", False),
        (f"202 0x7ffd 0x80 {NULL} {NULL} {NULL} {NULL} 0x7ffd 0x7fe2", "riscv64", False),
        ("running", "x86_64", False),
        ("-1 0x7ffd 0x7fe2", "x86_64", False),
    ],
    ids=[
        "epoll",
        "epoll-int",
        "epoll-timeout",
        "futex",
        "futex-timeout",
        "futex-wake",
        "futex-aarch64",
        "sleep",
        "read",
        "machine-not-known",
        "running",
        "no-call",
    ],
)
def test_a_call_without_a_timeout_is_endless(call: str, machine: str, endless: bool) -> None:
    assert is_endless(call, machine) is endless


# --- real workers ---------------------------------------------------------------------------------

SCRIPT = """
import _blake2, json, os, sys, time
requests, replies = os.fdopen(int(sys.argv[2]), "rb"), int(sys.argv[3])
def say(text):
    os.write(replies, text.encode() + b"\\n")
say(json.dumps({"hello": {"protocol": 2, "worker": _blake2.blake2b(open(sys.argv[1], "rb").read(), digest_size=16)
    .hexdigest(), "implementation": "fake", "implementation_version": "1.0.0", "language_version": "3.14.0",
    "version": "fake 1.0", "pid": os.getpid(), "capabilities": {}}}))
requests.readline()
say('{"load": "echo", "failed": null}')
for line in requests:
    for sequence, *_ in json.loads(line)["run"]:
        %s
        say(json.dumps([sequence, [["r", 1]]]))
"""
HANGS = "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()"
SLEEPS = "time.sleep(2)"
WORKS = "until = time.monotonic() + 2\n        while time.monotonic() < until: pass"
SLEEPS_OFTEN = "[time.sleep(0.05) for _ in range(40)]"
IN_A_CHILD = "import subprocess; subprocess.run([sys.executable, '-c', 'import time; time.sleep(2)'])"


@pytest.fixture
def nothing_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with leaving_nothing(tmp_path / "workers", monkeypatch):
        yield


@pytest.fixture
def pair_of(nothing_is_left_over: None, tmp_path: Path, open_lane: OpenLane) -> PairOf:
    def pair(other: str, *, reference: str = "pass", timeout_s: float = WHOLE_S) -> Differential:
        lanes = []
        for name, does in (("reference", reference), ("other", other)):
            script = tmp_path / f"{name}.py"
            script.write_text(SCRIPT % does)
            command = WorkerCommand((sys.executable, "-S", "-E", str(script)))
            lanes.append(open_lane(command, backend=name, timeout_s=timeout_s))
        return Differential(*lanes, frozenset())

    return pair


PROGRAM = Program("echo", (Step("call", "f", (1,)),))


def test_a_presumed_hang_costs_the_short_limit(pair_of: PairOf) -> None:
    both = pair_of(HANGS)
    started = time.monotonic()
    with both.presuming_hangs(alone=True):
        finding = both.run(PROGRAM)
    assert time.monotonic() - started < WHOLE_S / 3
    assert finding is not None
    assert presumed(finding)
    assert finding.divergence.other == "hung"


@pytest.mark.parametrize("does", [SLEEPS, WORKS, SLEEPS_OFTEN, IN_A_CHILD])
def test_a_slow_program_gets_its_whole_time(pair_of: PairOf, does: str) -> None:
    both = pair_of(does)
    with both.presuming_hangs(alone=True):
        assert both.run(PROGRAM) is None
    assert both.other.restarts == 0


def test_only_known_hangs_are_presumed_of_one_backend(pair_of: PairOf) -> None:
    both = pair_of(HANGS, timeout_s=2.0)
    with both.presuming_hangs(alone=False):
        finding = both.run(PROGRAM)
    assert finding is not None
    assert not presumed(finding)


def test_the_reference_has_its_whole_time_before_both_are_presumed_to_hang(pair_of: PairOf) -> None:
    both = pair_of(HANGS, reference=HANGS, timeout_s=3.0)
    with both.presuming_hangs(alone=True):
        started = time.monotonic()
        assert both.run(PROGRAM) is None
        first_s = time.monotonic() - started
        assert both.run(PROGRAM) is None
        second_s = time.monotonic() - started - first_s
    assert first_s >= 3.0
    assert second_s < 2.0
    assert both.accounts == {"given": 2, "agreed": 1, "presumed to hang": 1}


def test_a_reference_that_is_slow_is_not_presumed_to_hang(pair_of: PairOf) -> None:
    both = pair_of(SLEEPS, reference=SLEEPS)
    with both.presuming_hangs(alone=True):
        assert both.other.presumes is not None
        both.other.presumes.together = True
        assert both.run(PROGRAM) is None
    assert both.reference.restarts == both.other.restarts == 0


def test_nothing_is_presumed_unless_it_is_allowed(pair_of: PairOf) -> None:
    both = pair_of(HANGS, timeout_s=2.0)
    with both.presuming_hangs(alone=True):
        pass
    finding = both.run(PROGRAM)
    assert finding is not None
    assert not presumed(finding)
    assert finding.other[0].outcome == Hung(2.0)


# --- an examination -------------------------------------------------------------------------------

HANG_IS_KNOWN = books.written(
    "kind: outcome, place: 'f()', reason: it hangs, other: ^hung$, witness: [{call: f, args: ['7']}]"
)
PRESUMED = Hung(1.0, presumed=True)


def examined(monkeypatch: pytest.MonkeyPatch, whole: Callable[[str, int], Any], *, short: Any, known: str) -> Any:
    """Examine a case whose other backend answers by ``short`` where hangs are presumed, and else by ``whole``."""
    monkeypatch.setattr(differential, "pump", fake_pump)

    def answer(name: str, x: int) -> Any:
        return (short if other.presumes is not None and other.presumes.alone else whole)(name, x)

    reference, other = FakeLane("reference", lambda name, x: x), FakeLane("other", answer)
    text = "extension: fake\ncases:\n  f:\n    args: ['integers(0, 99)']\n    contexts: []\n"
    [case] = parse_case_file(text, Path("fake.yaml")).cases
    plan = Plan("fake.yaml::f[other]", 1, 100, hypothesis.settings(), None)
    both = Differential(reference, other, frozenset())
    return examine.examine(programs_of(case, "fake", Capabilities()), both, books.known(known), plan)


def hangs_from(limit: int, outcome: Hung) -> Callable[[str, int], Any]:
    return lambda name, x: outcome if x >= limit or x == 7 else x


def must_not_run(name: str, x: int) -> Any:
    raise AssertionError("it was given its whole time")


def test_a_known_hang_never_gets_its_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(monkeypatch, must_not_run, short=hangs_from(50, PRESUMED), known=HANG_IS_KNOWN)
    assert (found.verdict, found.findings) == ("known", ())
    assert found.known["outcome", "f()"] > 2


def test_a_presumed_hang_is_no_finding_if_it_answers_in_its_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # The book knows a hang of the case, but of another program.
    known = HANG_IS_KNOWN.replace("other: ^hung$", "other: ^hung$, where: '^f\\(7\\)$'")
    found = examined(
        monkeypatch,
        lambda name, x: x,
        short=lambda name, x: PRESUMED if x >= 7 else x,
        known=known,
    )
    assert (found.verdict, found.findings) == ("known", ())
    assert found.known == {("outcome", "f()"): 2}


def test_a_new_hang_is_found_in_its_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    known = HANG_IS_KNOWN.replace("other: ^hung$", "other: ^hung$, where: '^f\\(7\\)$'")
    whole = Hung(20.0)
    found = examined(monkeypatch, hangs_from(90, whole), short=hangs_from(90, PRESUMED), known=known)
    assert found.verdict == "diverge"
    [judged] = found.findings
    assert judged.finding.other[0].outcome == whole
    assert not presumed(judged.finding)


def test_another_difference_behind_a_presumed_hang_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = HANG_IS_KNOWN.replace("other: ^hung$", "other: ^hung$, where: '^f\\(7\\)$'")
    found = examined(monkeypatch, lambda name, x: x + 1, short=lambda name, x: PRESUMED, known=known)
    assert [judged.finding.identity for judged in found.findings] == [("value", "f()")]


def test_nothing_is_presumed_where_the_book_knows_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(monkeypatch, lambda name, x: x, short=must_not_run, known="known: []")
    assert found.verdict == "agree"


def test_a_witness_that_answers_in_its_whole_time_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Examination = examined(monkeypatch, lambda name, x: x, short=lambda name, x: x, known=HANG_IS_KNOWN)
    assert found.verdict == "stale"
