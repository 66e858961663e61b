"""Findings made small and run again, on lanes without processes."""

from __future__ import annotations

from typing import Any

import pytest
from fake_lanes import FakeLane, fake_pump

from harness import differential as differential_module
from harness.alone import PROCESSES
from harness.confirm import confirmed, repeated, smallest, without
from harness.differential import Differential
from harness.findings import Finding
from harness.observation import Crashed
from harness.program import Program, Step
from harness.values import Result


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differential_module, "pump", fake_pump)


class Fresh(FakeLane):
    """A lane whose answers count the calls since the worker was replaced."""

    def __init__(self, backend: str, wrong_from: int) -> None:
        super().__init__(backend, self.count)
        self.wrong_from = wrong_from
        self.calls = 0

    def count(self, name: str, *arguments: Any) -> Any:
        self.calls += 1
        return "wrong" if self.calls >= self.wrong_from else 1

    def fresh(self) -> None:
        super().fresh()
        self.calls = 0


def pair(answer: Any) -> Differential:
    """Return lanes of which the other answers with the function."""
    return Differential(FakeLane("reference", lambda *_: 1), FakeLane("other", answer), frozenset())


def found(differential: Differential, *steps: Step) -> Finding:
    finding = differential.run(Program("fake", steps))
    assert finding is not None
    return finding


def call(name: str, *arguments: Any) -> Step:
    return Step("call", name, arguments)


def test_steps_that_are_not_needed_are_left_out() -> None:
    differential = pair(lambda name, *_: "wrong" if name == "use" else 1)
    finding = found(
        differential, call("idle"), call("make"), call("use", Result(1)), call("after"), call("late", Result(2))
    )
    assert smallest(differential, finding).program.steps == (call("make"), call("use", Result(0)))


def test_a_step_that_is_needed_stays() -> None:
    made: list[str] = []

    def answer(name: str, *_: Any) -> Any:
        made.append(name)
        return "wrong" if name == "use" and made[-2:] == ["arm", "use"] else 1

    differential = pair(answer)
    finding = found(differential, call("idle"), call("arm"), call("use"))
    assert smallest(differential, finding).program.steps == (call("arm"), call("use"))


def test_what_shows_only_at_the_third_call_is_repeated_in_fresh_workers() -> None:
    differential = Differential(Fresh("reference", 1000), Fresh("other", 3), frozenset())
    for _ in range(2):
        differential.run(Program("fake", (call("f"),)))
    judged = confirmed(differential, found(differential, call("f")))
    assert judged.flaky == ""
    assert judged.finding.program.steps == (call("f"), call("f"), call("f"))
    assert judged.finding.divergence.step == 2


def test_what_does_not_show_again_is_flaky() -> None:
    turns = iter([2, *[1] * 100])
    differential = pair(lambda *_: next(turns))
    assert confirmed(differential, found(differential, call("f"))).flaky == (
        "it did not show in fresh workers: other answered otherwise there (value at f(): 2, then 1)"
    )


def test_a_backend_that_answers_two_ways_is_flaky() -> None:
    turns = iter(range(5, 100))
    differential = pair(lambda *_: next(turns))
    flaky = confirmed(differential, found(differential, call("f"))).flaky
    assert flaky == "other answered two ways (value at f(): 6, then 11)"


def test_each_backend_is_run_alone() -> None:
    order: list[str] = []

    def answers(backend: str) -> Any:
        def answer(name: str) -> Any:
            order.append(backend)
            return backend

        return answer

    differential = Differential(
        FakeLane("reference", answers("reference")), FakeLane("other", answers("other")), frozenset()
    )
    finding = found(differential, call("f"))
    order.clear()
    assert confirmed(differential, finding).flaky == ""
    assert order == ["reference"] * (len(order) // 2) + ["other"] * (len(order) // 2)


def test_a_program_that_ends_its_worker_is_not_run_again_in_the_same() -> None:
    differential = pair(lambda *_: Crashed("died with SIGSEGV"))
    finding = found(differential, call("f"))
    before = len(differential.other.programs)  # type: ignore[attr-defined]
    assert confirmed(differential, finding).flaky == ""
    assert len(differential.other.programs) - before == PROCESSES  # type: ignore[attr-defined]


def test_a_step_is_taken_out_with_its_number() -> None:
    program = Program("m", (call("a"), call("b"), Step("method", "c", (Result(1),)), Step("forget", count=1)))
    assert without(program, 1) is None
    shorter = without(program, 0)
    assert shorter is not None
    assert shorter.steps == (call("b"), Step("method", "c", (Result(0),)), Step("forget", count=0))
    assert without(Program("m", (call("a"),)), 0) is None


def test_a_repeated_program_makes_its_objects_anew() -> None:
    program = Program("m", (call("a"), call("b", [Result(0)])))
    assert repeated(program, 2).steps == (call("a"), call("b", [Result(0)]), call("a"), call("b", [Result(2)]))
