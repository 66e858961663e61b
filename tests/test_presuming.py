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
from harness.rest import Rest
from harness.strategies import programs_of

PairOf = Callable[..., Differential]
WHOLE_S = 30.0
"""Far more than a test may take: a hang that costs it fails the test."""

# --- a worker at rest -----------------------------------------------------------------------------


class Looks:
    """Shows a worker that was scheduled so often, one number for each look; None is at work."""

    def __init__(self, *switches: int | None) -> None:
        self.switches = list(switches)

    def switches_at_rest(self) -> tuple[str, ...] | None:
        seen = self.switches.pop(0)
        return None if seen is None else (str(seen),)


def looked_at(worker: Looks, *times: float, limit_s: float = 2.0) -> list[bool]:
    rest = Rest()
    return [rest.lasts(worker, limit_s, since=0.0, now=now) for now in times]


def test_a_worker_is_at_rest_if_nothing_ran_for_half_its_limit() -> None:
    assert looked_at(Looks(5, 5), 0.5, 1.0, 1.5, 2.0) == [False, False, False, True]


@pytest.mark.parametrize("looks", [(5, 6, 7, 8), (None, None, None, None), (5, None, 5, None)])
def test_a_worker_that_does_something_is_not_at_rest(looks: tuple[int | None, ...]) -> None:
    assert not any(looked_at(Looks(*looks), 1.0, 2.0, 3.0, 4.0))


def test_a_worker_that_came_to_rest_is_watched_for_as_long() -> None:
    assert looked_at(Looks(5, 6, 6), 1.0, 2.0, 3.0) == [False, False, True]


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
HANGS = "time.sleep(600)"
IS_SLOW = "time.sleep(2)"
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
    with both.presuming_hangs():
        finding = both.run(PROGRAM)
    assert time.monotonic() - started < WHOLE_S / 3
    assert finding is not None
    assert presumed(finding)
    assert finding.divergence.other == "hung"


@pytest.mark.parametrize("does", [WORKS, SLEEPS_OFTEN, IN_A_CHILD])
def test_a_slow_program_that_does_something_gets_its_whole_time(pair_of: PairOf, does: str) -> None:
    both = pair_of(does)
    with both.presuming_hangs():
        assert both.run(PROGRAM) is None
    assert both.other.restarts == 0


def test_a_program_that_is_slow_on_the_reference_gets_its_whole_time(pair_of: PairOf) -> None:
    both = pair_of(IS_SLOW, reference="time.sleep(0.3)")
    with both.presuming_hangs():
        assert both.run(PROGRAM) is None


def test_nothing_is_presumed_if_the_reference_is_silent_too(pair_of: PairOf) -> None:
    both = pair_of(HANGS, reference=HANGS, timeout_s=2.0)
    with both.presuming_hangs():
        started = time.monotonic()
        assert both.run(PROGRAM) is None
    assert time.monotonic() - started >= 2.0


def test_nothing_is_presumed_unless_it_is_allowed(pair_of: PairOf) -> None:
    both = pair_of(HANGS, timeout_s=2.0)
    with both.presuming_hangs():
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
        return (short if other.pacemaker is not None else whole)(name, x)

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
