"""A worker that grows where the other does not: where a case asks for it, and where one grows a lot."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import strategies

from conftest import MODULES
from harness import leaks
from harness.differential import Differential
from harness.examine import Examination, Plan, examine
from harness.findings import Known
from harness.lanes import Lane
from harness.process import WorkerCommand
from harness.program import Observe, Program, Step
from harness.report.failure import describe_observation


@pytest.fixture
def differential() -> Iterator[Differential]:
    lanes = [
        Lane(name, WorkerCommand((sys.executable,), variables), "leaking", [str(MODULES)], timeout_s=120.0)
        for name, variables in (("steady", ()), ("leaking", (("LEAKS", "1"),)))
    ]
    yield Differential(lanes[0], lanes[1], frozenset())
    for lane in lanes:
        lane.close()


def program(name: str, size: int, *observe: Observe) -> Program:
    return Program("leaking", (Step("call", name, (size,)),), observe=observe)


def test_a_program_by_which_one_backend_grows_is_a_leak(differential: Differential) -> None:
    finding = differential.run(program("keep", 4000, "memory"))
    assert finding is not None
    assert finding.identity == ("leak", "keep()")
    assert (finding.divergence.reference, finding.divergence.other) == ("steady", "grows")
    grows = finding.other[0].effects["grows"]
    assert 3_500_000 < grows < 6_000_000
    told = list(describe_observation(finding.other[0]))
    assert told[1] == f"grows: the process, by {grows / 1024:.0f} KiB in 1,000 repeats"


def test_what_is_freed_is_no_leak_whatever_it_takes_meanwhile(differential: Differential) -> None:
    assert differential.run(program("take", 1_000_000, "memory")) is None
    assert differential.run(program("make_a_cycle", 4000, "memory")) is None
    assert differential.run(program("keep_once", 3_000_000, "memory")) is None


def test_a_leak_within_the_bound_and_one_of_both_are_none(differential: Differential) -> None:
    assert differential.run(program("keep", 0, "memory")) is None
    assert differential.run(program("keep_everywhere", 4000, "memory")) is None


def examined(differential: Differential, name: str, *observe: Observe) -> Examination:
    drawn = strategies.integers(3000, 4000).map(lambda size: program(name, size, *observe))
    plan = Plan("leaks.yaml::case", 1, 10, hypothesis.settings(), None)
    return examine(drawn, differential, Known(()), plan)


def test_a_case_that_asks_for_it_has_the_leak_confirmed_in_fresh_workers(differential: Differential) -> None:
    examination = examined(differential, "keep", "memory")
    assert [(each.finding.identity, each.flaky) for each in examination.findings] == [(("leak", "keep()"), "")]


def test_a_case_that_does_not_ask_is_looked_at_when_one_worker_has_grown(
    differential: Differential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaks, "GROWN_BYTES", 8 * 2**20)
    assert differential.run(program("take", 1)) is None
    examination = examined(differential, "keep_a_lot")
    assert [each.finding.identity for each in examination.findings] == [("leak", "keep_a_lot()")]
    assert examined(differential, "take").verdict == "agree"
