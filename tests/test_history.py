"""Divergences that depend on what the worker did before: the fewest programs before are found, or it is flaky."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from fake_lanes import FakeLane, fake_pump

from harness import differential as differential_module
from harness import history
from harness.codec import decode_program, encode_program
from harness.confirm import SLOW, UNREPEATED, confirmed
from harness.differential import Differential
from harness.findings import Finding, Judged
from harness.observation import Crashed, Hung
from harness.past import PROGRAMS_LIMIT, History
from harness.program import Program, Step
from harness.protocol import encode_body
from harness.render import render_program


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differential_module, "pump", fake_pump)


class Stateful(FakeLane):
    """Answers wrongly when all that is named was called since the worker was replaced."""

    def __init__(self, needed: set[str], wrong: Any = "wrong") -> None:
        super().__init__("other", self.call)
        self.needed = needed
        self.wrong = wrong
        self.called: set[str] = set()

    def call(self, name: str, *arguments: Any) -> Any:
        wrong = name == "use" and self.needed <= self.called
        self.called.add(name)
        return self.wrong if wrong else 1

    def fresh(self) -> None:
        super().fresh()
        self.called.clear()


def program(name: str, context: str = "plain") -> Program:
    return Program("fake", (Step("call", name, ()),), context=context)


def after(other: FakeLane, *names: str, context: str = "plain") -> tuple[Finding, Judged]:
    """Return what a program showed after others, and what became of it when it was confirmed."""
    differential = Differential(FakeLane("reference", lambda *_: 1), other, frozenset())
    for each in names:
        assert differential.run(program(each, context)) is None
    finding = differential.run(program("use", context))
    assert finding is not None
    return finding, confirmed(differential, finding)


NOISE = [f"noise_{number}" for number in range(40)]


def test_the_one_program_that_it_depends_on_becomes_part_of_the_smallest_program() -> None:
    _, judged = after(Stateful({"spoil"}), *NOISE, "spoil", *NOISE)
    assert (judged.flaky, judged.finding.program.after) == ("", ())
    assert render_program(judged.finding.program) == "r0 = spoil()\nr1 = use()"
    assert judged.finding.identity == ("type", "use()")


def test_several_that_lie_apart_are_all_found_and_nothing_else() -> None:
    _, judged = after(Stateful({"spoil", "break"}), *NOISE[:9], "spoil", *NOISE[9:20], "break", *NOISE[20:])
    assert [step.name for step in judged.finding.program.steps] == ["spoil", "break", "use"]


def test_programs_that_cannot_be_one_are_told_beside_it() -> None:
    other = Stateful({"spoil"})
    finding, judged = after(other, *NOISE[:5], "spoil", *NOISE[5:9], context="thread")
    assert judged.flaky == ""
    assert judged.finding.program == replace(program("use", "thread"), after=(program("spoil", "thread"),))
    assert judged.finding.identity == finding.identity
    assert other.closed == 1, "what is examined next meets none of them"


def test_a_program_that_comes_after_others_has_workers_of_its_own() -> None:
    other = Stateful({"spoil"})
    differential = Differential(FakeLane("reference", lambda *_: 1), other, frozenset())
    whole = replace(program("use"), after=(program("spoil"),))
    for _ in range(2):
        found = differential.run(whole)
        assert found is not None
        assert found.program == whole
        assert (other.freshened, other.closed) == (1, 1)
        other.freshened = other.closed = 0
        other.called.clear()
        assert differential.run(program("use")) is None, "nothing of it is left"


def test_what_a_program_comes_after_is_stored_with_it_and_not_sent_with_it() -> None:
    whole = replace(program("use", "thread"), after=(program("spoil"), program("break", "except")))
    assert decode_program(json.loads(json.dumps(encode_program(whole)))) == whole
    assert encode_body(whole) == encode_body(program("use", "thread"))


@pytest.mark.parametrize(("needed", "told"), [((), ()), (("spoil",), ("spoil",))])
def test_what_a_program_was_given_to_come_after_is_told_only_if_it_depends_on_it(
    needed: tuple[str, ...], told: tuple[str, ...]
) -> None:
    differential = Differential(FakeLane("reference", lambda *_: 1), Stateful(set(needed)), frozenset())
    finding = differential.run(replace(program("use"), after=(program("noise"), program("spoil", "thread"))))
    assert finding is not None
    judged = confirmed(differential, finding)
    assert judged.flaky == ""
    assert [each.steps[0].name for each in judged.finding.program.after] == list(told)


def test_what_varies_after_other_programs_is_flaky() -> None:
    class Varying(Stateful):
        def call(self, name: str, *arguments: Any) -> Any:
            shown = super().call(name, *arguments)
            return f"{shown} {self.freshened}" if shown == "wrong" else shown

    _, judged = after(Varying({"spoil"}), "spoil", context="thread")
    assert judged.flaky.startswith("other answered two ways")


def test_a_crash_that_depends_on_what_was_before_is_one_program_too() -> None:
    _, judged = after(Stateful({"spoil"}, Crashed("died with SIGSEGV", identity="SIGSEGV")), "noise", "spoil", "more")
    assert [step.name for step in judged.finding.program.steps] == ["spoil", "use"]
    assert judged.finding.identity == ("outcome", "program crashed (SIGSEGV)")


def test_what_does_not_show_after_all_that_was_before_is_flaky() -> None:
    class Never(FakeLane):
        done = False

        def __init__(self) -> None:
            super().__init__("other", self.call)

        def call(self, name: str, *arguments: Any) -> Any:
            wrong = name == "use" and not self.done
            self.done = self.done or wrong
            return "wrong" if wrong else 1

    _, judged = after(Never(), *NOISE)
    assert judged.flaky.startswith(UNREPEATED)
    assert judged.finding.program.after == ()


@pytest.mark.parametrize(("limit", "number"), [("TRIALS_LIMIT", 3), ("STEPS_LIMIT", 7)])
def test_a_search_ends_at_its_limit(monkeypatch: pytest.MonkeyPatch, limit: str, number: int) -> None:
    monkeypatch.setattr(history, limit, number)
    other = Stateful({"spoil"})
    _, judged = after(other, "spoil", *NOISE)
    assert judged.flaky.startswith(UNREPEATED)
    assert other.freshened < 12


def test_a_search_does_not_depend_on_the_time_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> tuple[Program, int]:
        other = Stateful({"spoil", "break"})
        _, judged = after(other, *NOISE[:9], "spoil", *NOISE[9:20], "break", *NOISE[20:], context="thread")
        return judged.finding.program, other.freshened

    fast = found()
    hours = itertools.count(step=3600)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(hours)))
    assert found() == fast
    assert [each.steps[0].name for each in fast[0].after] == ["spoil", "break"]


def test_a_search_waits_for_a_few_hangs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "HANGS_LIMIT", 2)

    class Hanging(Stateful):
        waited = 0

        def call(self, name: str, *arguments: Any) -> Any:
            if super().call(name, *arguments) != "wrong":
                return 1
            self.waited += 1
            return Hung(self.limit_s)

    # So much is needed that without a limit the search would wait for eleven.
    other = Hanging({"spoil", *NOISE[:12]})
    _, judged = after(other, *NOISE, "spoil", *NOISE, context="thread")
    assert judged.flaky == ""
    assert other.waited < 8
    assert program("spoil", "thread") in judged.finding.program.after


def test_a_hang_that_does_not_show_with_more_time_was_none() -> None:
    class Slow(Stateful):
        def call(self, name: str, *arguments: Any) -> Any:
            return Hung(self.limit_s) if self.limit_s < 2 else 1

    _, judged = after(Slow(set()))
    assert judged.flaky == SLOW


def test_a_hang_that_shows_again_says_how_long_it_was_waited_for() -> None:
    class Hanging(Stateful):
        def call(self, name: str, *arguments: Any) -> Any:
            return Hung(self.limit_s)

    lane = Hanging(set())
    _, judged = after(lane)
    assert judged.flaky == ""
    assert judged.finding.other[0].outcome == Hung(3.0)
    assert lane.patience == 1.0


def test_the_oldest_programs_are_forgotten_first() -> None:
    remembered = History()
    pasts = []
    for number in range(PROGRAMS_LIMIT + 10):
        pasts.append(remembered.past())
        remembered.append(b"%d" % number)
    assert len(pasts[0].bodies()) == 0
    assert pasts[12].bodies() == (b"10", b"11")
    assert pasts[-1].bodies()[:1] == (b"10",)
    assert len(remembered.past().bodies()) == PROGRAMS_LIMIT


def test_bodies_can_be_told_from_the_programs_again() -> None:
    _, judged = after(Stateful({"spoil"}), "spoil", context="thread")
    assert [encode_body(each) for each in judged.finding.program.after] == [encode_body(program("spoil", "thread"))]
