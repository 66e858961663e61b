"""Feeding two lanes and comparing what they say: nothing is lost, nothing overtakes."""

from __future__ import annotations

from typing import Any

import pytest
from fake_lanes import FakeLane, fake_pump
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import differential
from harness.differential import BATCH, IN_FLIGHT, Differential
from harness.errors import WorkerProtocolError
from harness.observation import Crashed, Divergence, Hung
from harness.plain_strategies import float_from_bits
from harness.program import Program, Step
from harness.protocol import encode_body
from harness.replies import Reply


@pytest.fixture(autouse=True)
def lanes_are_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differential, "pump", fake_pump)


def echo(name: str, *arguments: Any) -> Any:
    return list(arguments)


def pair(other: Any = echo, *, reference: Any = echo, lags: tuple[int, int] = (0, 0), rules: str = "") -> Differential:
    lanes = FakeLane("reference", reference, lag=lags[0]), FakeLane("other", other, lag=lags[1])
    return Differential(*lanes, frozenset(filter(None, [rules])))


def program(*arguments: Any) -> Program:
    return Program("fake", (Step("call", "f", arguments),))


def test_agreement_is_no_finding() -> None:
    assert pair().run(program(1)) is None


def test_a_difference_is_a_finding_with_both_observations() -> None:
    finding = pair(lambda name, x: [x + 1]).run(program(1))
    assert finding is not None
    assert finding.divergence == Divergence(0, "value", "[0]", 1, 2)
    assert finding.identity == ("value", "f()[…]")
    assert [len(each) for each in (finding.reference, finding.other)] == [1, 1]


def test_different_bytes_can_be_the_same_observation() -> None:
    nans = float_from_bits("7ff8000000000001"), float_from_bits("7ff8000000000002")
    assert pair(lambda name: nans[0], reference=lambda name: nans[1]).run(program()) is None
    found = pair(lambda name: nans[0], reference=lambda name: nans[1], rules="nan-payloads").run(program())
    assert found is not None


@pytest.mark.parametrize("ended", [Crashed("died with SIGSEGV"), Hung(1.0)])
def test_an_end_on_both_sides_is_agreement_and_on_one_side_is_not(ended: Crashed | Hung) -> None:
    assert pair(lambda name: ended, reference=lambda name: ended).run(program()) is None
    finding = pair(lambda name: ended).run(program())
    assert finding is not None
    assert finding.other[0].outcome == ended
    assert finding.divergence.kind == "outcome"


def test_programs_are_counted() -> None:
    both = pair()
    for number in range(3):
        both.run(program(number))
    list(both.submit(program(9), encode_body(program(9))))
    assert both.executed == 3
    list(both.drain())
    assert both.executed == 4


@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(count=st.integers(0, 700), lags=st.tuples(st.integers(0, 300), st.integers(0, 300)))
def test_every_program_comes_back_once_and_in_order_however_late_the_answers(count: int, lags: tuple[int, int]) -> None:
    both = pair(lambda name, x: ["wrong"] if x % 97 == 13 else [x], lags=lags)
    came: list[tuple[Program, Any]] = []
    for number in range(count):
        came += both.submit(program(number), encode_body(program(number)))
        on_their_way = number + 1 - len(came)
        assert on_their_way <= IN_FLIGHT + BATCH
    came += both.drain()
    assert [each for each, _ in came] == [program(number) for number in range(count)]
    wrong = [each.steps[0].arguments[0] for each, finding in came if finding is not None]
    assert wrong == [number for number in range(count) if number % 97 == 13]
    assert all(finding is None or finding.program == each for each, finding in came)


def test_programs_travel_in_batches() -> None:
    both = pair()
    for number in range(BATCH - 1):
        assert list(both.submit(program(number), encode_body(program(number)))) == []
    assert len(both.other.programs) == 0  # type: ignore[attr-defined]
    assert len(list(both.submit(program(99), encode_body(program(99))))) == BATCH


def test_a_single_program_cannot_overtake() -> None:
    both = pair()
    list(both.submit(program(1), encode_body(program(1))))
    with pytest.raises(AssertionError, match="cannot overtake"):
        both.run(program(2))


def test_what_is_abandoned_is_forgotten_and_the_next_program_is_answered_rightly() -> None:
    both = pair(lags=(BATCH, 0))
    for number in range(BATCH + 5):
        list(both.submit(program(number), encode_body(program(number))))
    both.abandon()
    assert both.reference.closed == 1  # type: ignore[attr-defined]
    assert both.other.closed == 0, "a worker with nothing on its way can live on"  # type: ignore[attr-defined]
    assert list(both.drain()) == []
    finding = both.run(program(7))
    assert finding is None


def test_replies_out_of_step_are_our_error() -> None:
    both = pair()
    both.other.replies.append((99, Reply(b"[]")))
    with pytest.raises(WorkerProtocolError, match=r"^replies out of step: 1 and 99$"):
        both.run(program(1))


def test_rules_that_applied_are_counted() -> None:
    class Panicking(FakeLane):
        def execute(self, program: Program) -> Reply:
            text = f"thread 'main' ({id(self)}) panicked at src/lib.rs"
            return Reply(b'[["r", null, {"stderr": "%s"}]]' % text.encode())

    both = Differential(Panicking("a", echo), Panicking("b", echo), frozenset({"panic-thread-id"}))
    assert [both.run(program(number)) for number in range(3)] == [None] * 3
    assert both.rules_applied == {"panic-thread-id": 3}
