"""Examining a case: differences are found, shrunk, confirmed, told from flakiness, and none is lost."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import books
import hypothesis
import pytest
from fake_lanes import Answer, FakeLane, fake_pump
from hypothesis.database import ExampleDatabase, InMemoryExampleDatabase

from harness import differential, examine, lanes
from harness.alone import PROCESSES, RUNS
from harness.cases import parse_case_file
from harness.differential import Differential
from harness.examine import Examination, Plan
from harness.findings import Judged, Known
from harness.handshake import Capabilities
from harness.observation import Crashed, Hung
from harness.program import CONTEXTS, Program, Step
from harness.protocol import encode_body
from harness.render import render_program
from harness.replies import Reply
from harness.restarts import Restarts
from harness.strategies import programs_of

SEGV = Crashed("died with SIGSEGV")
INTEGER = "args: ['integers(-10000, 10000)']"


@pytest.fixture(autouse=True)
def lanes_are_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differential, "pump", fake_pump)


class Run:
    """One examination of a case with two answering functions."""

    def __init__(
        self,
        reference: Answer,
        other: Answer,
        case: str = INTEGER,
        *,
        lag: int = 0,
        seed: int = 1,
        max_examples: int = 200,
        database: ExampleDatabase | None = None,
        known: str = "known: []",
    ) -> None:
        text = "extension: fake\ncases:\n  f:\n" + "".join(f"    {line}\n" for line in case.splitlines())
        [found] = parse_case_file(text, Path("fake.yaml")).cases
        self.lanes = FakeLane("reference", reference, lag=lag), FakeLane("other", other)
        self.differential = Differential(*self.lanes, frozenset(found.spec.rules))
        plan = Plan("fake.yaml::f[other]", seed, max_examples, hypothesis.settings(), database)
        programs = programs_of(found, "fake", Capabilities())
        self.result: Examination = examine.examine(programs, self.differential, books.known(known), plan)

    @property
    def drawn(self) -> list[Program]:
        return self.lanes[1].programs

    @property
    def smallest(self) -> list[str]:
        return [render_program(each.finding.program) for each in self.result.findings]


def examine_with(reference: FakeLane, other: FakeLane, case: str = INTEGER, *, known: str = "known: []") -> Examination:
    """Examine a case on two lanes that are there."""
    text = "extension: fake\ncases:\n  f:\n" + "".join(f"    {line}\n" for line in case.splitlines())
    [found] = parse_case_file(text, Path("fake.yaml")).cases
    plan = Plan("fake.yaml::f[other]", 1, 200, hypothesis.settings(), None)
    programs = programs_of(found, "fake", Capabilities())
    both = Differential(reference, other, frozenset(found.spec.rules))
    return examine.examine(programs, both, books.known(known), plan)


def same(name: str, x: Any) -> Any:
    return x


def agrees_until(limit: int, wrong: Any = "wrong") -> Answer:
    def answer(name: str, x: int) -> Any:
        return wrong if x >= limit else x

    return answer


# --- agreement -------------------------------------------------------------------------------------


def test_agreement_runs_the_examples_of_the_plan_and_no_more() -> None:
    run = Run(same, same, max_examples=300)
    assert run.result == Examination("agree", 300, accounts=Counter(given=300, agreed=300))
    assert len(run.drawn) == 300
    assert sum(lane.freshened for lane in run.lanes) == 0


def test_fewer_examples_are_run_where_there_are_fewer() -> None:
    run = Run(same, same, "args: ['booleans()']\ncontexts: []")
    assert run.result.verdict == "agree"
    assert run.result.examples == 2


def test_both_backends_get_the_same_programs() -> None:
    run = Run(same, agrees_until(5000))
    assert run.lanes[0].programs == run.lanes[1].programs


# --- findings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lag", [0, 31, 100, 255])
def test_a_difference_is_found_and_shrunk_to_the_smallest(lag: int) -> None:
    run = Run(same, agrees_until(1000), lag=lag)
    assert run.result.verdict == "diverge"
    assert run.smallest == ["f(1000)"]
    [judged] = run.result.findings
    assert judged == Judged(judged.finding, "")
    assert judged.finding.identity == ("type", "f()")


@pytest.mark.parametrize("ended", [SEGV, Hung(1.0)], ids=["crash", "hang"])
def test_an_end_is_shrunk_like_any_other_difference(ended: Crashed | Hung) -> None:
    run = Run(same, agrees_until(1000, ended))
    assert run.smallest == ["f(1000)"]
    assert run.result.findings[0].finding.other[0].outcome == ended
    assert run.result.findings[0].finding.identity == ("outcome", "f()")


def test_an_exception_on_one_side_is_shrunk() -> None:
    def raises(name: str, x: int) -> int:
        if x < -100:
            raise OverflowError(f"{x} is too small")
        return x

    run = Run(same, raises)
    assert run.smallest == ["f(-101)"]


def test_a_finding_is_confirmed_on_each_backend_alone_in_fresh_workers_and_again_in_the_same() -> None:
    run = Run(same, agrees_until(1000))
    assert [lane.freshened for lane in run.lanes] == [PROCESSES, PROCESSES]
    again = [render_program(each) for each in run.drawn[-PROCESSES * RUNS :]]
    assert again == ["f(1000)"] * PROCESSES * RUNS


def test_different_findings_of_one_case_are_each_shrunk() -> None:
    def answer(name: str, x: int) -> Any:
        if x >= 1000:
            return "wrong"
        if x <= -500:
            raise ValueError("no")
        return x

    run = Run(same, answer)
    assert sorted(run.smallest) == ["f(-500)", "f(1000)"]
    assert {each.finding.divergence.kind for each in run.result.findings} == {"outcome", "type"}


def test_shrinking_one_finding_does_not_slip_into_another() -> None:
    def answer(name: str, x: int) -> Any:
        # A smaller number differs in another way.
        return SEGV if x >= 1000 else "wrong" if x >= 10 else x

    run = Run(same, answer)
    assert sorted(run.smallest) == ["f(10)", "f(1000)"]


def test_steps_that_do_not_matter_are_shrunk_away() -> None:
    case = (
        "program:\n  start: [{call: make}]\n"
        "  steps:\n    - {call: grow, args: ['result(0)', 'integers(0, 9)']}\n    - {call: noise, args: ['text()']}\n"
    )

    def answer(name: str, *arguments: Any) -> Any:
        match name:
            case "make":
                return []
            case "grow":
                arguments[0].append(arguments[1])
                return len(arguments[0])
        return None

    def capped(name: str, *arguments: Any) -> Any:
        return min(2, answer(name, *arguments) or 0) if name == "grow" else answer(name, *arguments)

    run = Run(answer, capped, case, max_examples=400)
    assert run.smallest == ["r0 = make()\nr1 = grow(r0, 0)\nr2 = grow(r0, 0)\nr3 = grow(r0, 0)"]


@pytest.mark.parametrize("ended", [SEGV, Hung(1.0)], ids=["crash", "hang"])
def test_a_program_that_ends_a_worker_is_one_finding_and_ends_with_the_step_that_did(ended: Crashed | Hung) -> None:
    case = (
        "program:\n  start: [{call: quiet}, {call: fatal}, {call: quiet}, {call: louder}]\n  steps: [{call: quiet}]\n"
    )

    def dies(name: str, *arguments: Any) -> Any:
        return ended if name == "fatal" else 0

    run = Run(lambda name: 0, dies, case, max_examples=30)
    [judged] = run.result.findings
    assert run.smallest == ["r0 = quiet()\nr1 = fatal()"]
    assert judged.finding.identity == ("outcome", "program")
    assert judged.finding.divergence.step == 1
    assert not judged.flaky


@pytest.mark.parametrize("lag", [0, 200])
@pytest.mark.parametrize("position", [0, 31, 32, 33, 100, 199])
def test_a_difference_is_not_lost_wherever_it_is_drawn(lag: int, position: int) -> None:
    # The same seed draws the same programs, so that the only one that differs can be chosen beforehand.
    drawn = Run(same, same, lag=lag).drawn
    chosen = drawn[position].steps[0].arguments[0]
    run = Run(same, lambda name, x: "wrong" if x == chosen else x, lag=lag)
    assert run.smallest == [f"f({chosen})"]


def test_what_was_on_its_way_when_drawing_ended_is_executed_again_when_shrinking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Drawing ends at the first finding; the smaller ones were sent but never compared.
    monkeypatch.setattr(examine, "FINDINGS_LIMIT", 1)
    run = Run(same, agrees_until(-9000), lag=255)
    assert run.smallest == ["f(0)"]
    assert run.result.note.startswith("Drawing ended at 1 findings")


def test_a_shrink_that_takes_too_long_still_gives_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "SHRINK_LIMIT_S", 0.0)
    run = Run(same, agrees_until(1000))
    assert run.result.verdict == "diverge"
    [text] = run.smallest
    assert int(text[2:-1]) >= 1000


def test_a_case_in_which_everything_dies_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "Restarts", lambda: Restarts(of_a_case=10))
    run = Run(lambda name, x: SEGV, lambda name, x: SEGV, max_examples=1000)
    assert run.result.verdict == "broken"
    assert run.result.note == (
        "workers died or hung more than 10 times in this case, the last time on reference; "
        "what was found up to then is kept (setting restarts-per-case)"
    )
    assert run.result.examples < 100


def test_what_was_found_before_too_many_died_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "Restarts", lambda: Restarts(of_a_case=50))
    run = Run(same, lambda name, x: SEGV if x % 2 else -x, max_examples=1000)
    assert run.result.verdict == "broken"
    assert {each.finding.divergence.kind for each in run.result.findings} >= {"value"}


# --- flakiness -------------------------------------------------------------------------------------


def test_a_difference_that_does_not_show_again_is_flaky() -> None:
    seen: Counter[int] = Counter()

    def once(name: str, x: int) -> Any:
        seen[x] += 1
        return "wrong" if x >= 1000 and seen[x] == 1 else x

    run = Run(same, once)
    assert run.result.verdict == "flaky"
    assert [each.flaky for each in run.result.findings] == [
        "it did not show in fresh workers: other answered otherwise there (type at f(): 'wrong', then 1000)"
    ]


@pytest.mark.parametrize(
    ("varying", "steady", "text"),
    [
        (True, False, "reference answered two ways"),
        (False, True, "other answered two ways"),
        (True, True, "reference answered two ways and other answered two ways"),
    ],
)
def test_a_backend_that_does_not_agree_with_itself_is_named(varying: bool, steady: bool, text: str) -> None:
    counter = iter(range(10**9))

    def random(name: str, x: int) -> Any:
        return next(counter)

    run = Run(random if varying else same, random if steady else same)
    assert run.result.verdict == "flaky"
    told = {re.sub(r" \(value at f\(\)[^:]*: \d+, then \d+\)", "", each.flaky) for each in run.result.findings}
    assert told == {text}


def test_a_backend_that_varies_rarely_is_found_out_by_many_runs() -> None:
    turns = iter(range(10**9))

    def now_and_then(name: str, x: int) -> Any:
        return "wrong" if x >= 1000 and next(turns) % 3 else x

    run = Run(same, now_and_then)
    assert run.result.verdict == "flaky"
    assert all(each.flaky.startswith("other answered two ways (type at f(): ") for each in run.result.findings)


def test_an_extension_that_counts_its_calls_is_not_flaky() -> None:
    class Counting(FakeLane):
        def __init__(self, backend: str, step: int) -> None:
            super().__init__(backend, self.count)
            self.step, self.calls = step, 0

        def count(self, name: str, x: int) -> Any:
            self.calls += self.step
            return self.calls

        def fresh(self) -> None:
            super().fresh()
            self.calls = 0

    result = examine_with(Counting("reference", 1), Counting("other", 2))
    assert result.verdict == "diverge"
    assert [each.flaky for each in result.findings] == [""]


def test_one_finding_that_stands_makes_the_verdict_beside_flaky_ones() -> None:
    counter = iter(range(10**9))

    def answer(name: str, x: int) -> Any:
        return "wrong" if x >= 1000 else float(next(counter)) if x < 0 else x

    run = Run(lambda name, x: 0.5 if x < 0 else x, answer)
    assert run.result.verdict == "diverge"
    assert sorted(bool(each.flaky) for each in run.result.findings) == [False, True]


# --- known divergences -----------------------------------------------------------------------------

KNOWN = books.written("kind: type, place: 'f()', other: wrong, reason: because, witness: [{call: f, args: ['2000']}]")


def test_a_known_divergence_is_replayed_counted_and_no_finding() -> None:
    run = Run(same, agrees_until(1000), known=KNOWN)
    assert run.result.verdict == "known"
    assert run.result.findings == ()
    assert run.result.known[("type", "f()")] > 10
    assert render_program(run.drawn[0]) == "f(2000)"


def test_a_known_divergence_that_is_gone_is_stale() -> None:
    run = Run(same, same, known=KNOWN)
    assert run.result.verdict == "stale"
    assert [entry.reason for entry in run.result.stale] == ["who: because"]
    assert run.result.examples > 100, "the rest of the case is examined all the same"


def test_a_witness_that_shows_something_else_is_told_once_and_not_as_a_finding_of_its_own() -> None:
    run = Run(same, agrees_until(1000, SEGV), known=KNOWN)
    assert run.result.verdict == "changed"
    assert run.result.findings == run.result.stale == ()
    [changed] = run.result.changed
    assert changed.judged.finding.identity[0] == "outcome"
    assert render_program(changed.judged.finding.program) == "f(2000)"


def test_a_witness_that_shows_now_this_and_now_that_is_flaky() -> None:
    answers = iter(range(10**6))
    run = Run(same, lambda name, x: next(answers) if x >= 1000 else x, known=KNOWN)
    assert run.result.verdict == "flaky"
    assert run.result.changed == ()


def test_a_changed_witness_does_not_hide_what_else_is_found() -> None:
    def answer(name: str, x: int) -> Any:
        return SEGV if x >= 1000 else "wrong" if x <= -1000 else x

    run = Run(same, answer, known=KNOWN.replace("other: wrong", "other: right"))
    assert run.result.verdict == "diverge"
    assert run.smallest == ["f(-1000)"]
    assert len(run.result.changed) == 1


def test_something_new_beside_a_known_divergence_is_a_finding() -> None:
    def answer(name: str, x: int) -> Any:
        return "wrong" if x >= 1000 else SEGV if x <= -1000 else x

    run = Run(same, answer, known=KNOWN)
    assert run.result.verdict == "diverge"
    assert run.smallest == ["f(-1000)"]
    assert run.result.known[("type", "f()")] > 0


STEPS = "program: {start: [], steps: [{call: old}, {call: new}, {call: quiet}], max_steps: 4}\ncontexts: []"
KNOWN_STEP = books.written("kind: type, place: 'old()', any_difference: so, reason: because, witness: [{call: old}]")


def test_a_second_thing_is_found_in_programs_that_do_not_show_the_known_one_first() -> None:
    def answer(name: str) -> Any:
        return {"old": "wrong", "new": 2.0, "quiet": 0}[name]

    run = Run(lambda name: 0, answer, STEPS, known=KNOWN_STEP)
    assert run.smallest == ["new()"]
    assert run.result.known[("type", "old()")] > 0


def test_thousands_of_examples_of_one_thing_are_one_finding() -> None:
    run = Run(lambda name, x: 0, lambda name, x: "wrong", "args: ['integers()']\ncontexts: []", max_examples=3_000)
    assert run.result.examples >= 3_000
    assert run.smallest == ["f(0)"]


def test_steps_after_one_that_diverged_are_not_judged_and_the_examples_are_counted() -> None:
    case = "program:\n  start: [{call: old}, {call: new}]\n  steps: [{call: quiet}]\ncontexts: []"
    # What the second step does is never judged, for the first has always diverged.
    run = Run(lambda name: 0, lambda name: {"old": "wrong", "new": 2.0, "quiet": 0}[name], case, known=KNOWN_STEP)
    assert run.result.verdict == "known"
    assert run.result.judged_in_part == run.result.examples - 1, "all but the replayed one, which has one step"
    assert Run(lambda name: 0, lambda name: 0, STEPS).result.judged_in_part == 0


class Effects(FakeLane):
    """Answers every step with the same value and effects."""

    def __init__(self, backend: str, value: int, **effects: Any) -> None:
        super().__init__(backend, same)
        self.reply = Reply(json.dumps([["r", value, effects]]).encode())

    def execute(self, program: Program) -> Reply:
        return self.reply


def test_what_else_a_known_step_does_differently_is_a_finding() -> None:
    entry = books.written(
        "kind: value, place: 'f()', any_difference: so, reason: because, witness: [{call: f, args: ['0']}]"
    )
    known_only = examine_with(Effects("reference", 1, stdout="a"), Effects("other", 2, stdout="a"), known=entry)
    assert known_only.verdict == "known"
    more = examine_with(Effects("reference", 1, stdout="a"), Effects("other", 2, stdout="b"), known=entry)
    assert more.verdict == "diverge"
    assert [each.finding.identity for each in more.findings] == [("stdout", "f()")]
    assert [render_program(each.finding.program) for each in more.findings] == ["f(0)"]
    assert not more.stale


def test_without_an_entry_one_step_is_one_finding() -> None:
    result = examine_with(Effects("reference", 1, stdout="a"), Effects("other", 2, stdout="b"))
    assert [each.finding.identity for each in result.findings] == [("value", "f()")]


# --- reproducing -----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_programs_and_finding() -> None:
    case = "args: ['mostly(any_int())', 'any_int()']"
    first, second = (Run(lambda name, x, y: y, lambda name, x, y: y % 1000, case) for _ in range(2))
    assert [encode_body(each) for each in first.drawn] == [encode_body(each) for each in second.drawn]
    assert first.smallest == second.smallest != []


def test_another_seed_gives_other_programs() -> None:
    assert Run(same, same, seed=1).drawn != Run(same, same, seed=2).drawn


def test_a_finding_is_saved_and_found_again_at_once() -> None:
    database = InMemoryExampleDatabase()
    first = Run(same, agrees_until(1000), database=database)
    assert first.smallest == ["f(1000)"]
    # Another seed, and too few examples to find it by chance.
    again = Run(same, agrees_until(1000), database=database, seed=7, max_examples=1)
    assert again.smallest == ["f(1000)"]
    assert render_program(again.drawn[0]) == "f(1000)"
    assert len(again.drawn) < 50
    assert (first.result.saved, again.result.saved) == (False, True)


def test_a_saved_finding_that_is_gone_is_forgotten() -> None:
    database = InMemoryExampleDatabase()
    Run(same, agrees_until(1000), database=database)
    assert any(database.data.values())
    assert Run(same, same, database=database, seed=7).result.verdict == "agree"
    assert not any(database.data.values())


def test_cases_do_not_share_their_saved_findings() -> None:
    database = InMemoryExampleDatabase()
    Run(same, agrees_until(1000), database=database)
    before = dict(database.data)
    other = Run(same, agrees_until(10), "args: ['integers(0, 10000)']", database=database)
    assert other.result.verdict == "diverge"
    assert before


def test_without_a_database_nothing_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Run(same, agrees_until(1000))
    assert list(tmp_path.iterdir()) == []


# --- contexts --------------------------------------------------------------------------------------


class ElsewhereLane(FakeLane):
    """Answers wrongly in some contexts only."""

    def __init__(self, backend: str, *contexts: str) -> None:
        super().__init__(backend, same)
        self.contexts = contexts

    def execute(self, program: Program) -> Reply:
        answered = super().execute(program)
        return Reply(b'[["r", "wrong"]]') if program.context in self.contexts else answered


def examine_in(case: str, *contexts: str, known: str = "known: []") -> Examination:
    [found] = parse_case_file(f"extension: fake\ncases:\n  f:\n{case}", Path("fake.yaml")).cases
    lanes = FakeLane("reference", same), ElsewhereLane("other", *contexts)
    plan = Plan("fake.yaml::f[other]", 1, 1000, hypothesis.settings(), None)
    programs = programs_of(found, "fake", Capabilities())
    return examine.examine(programs, Differential(*lanes, frozenset()), books.known(known), plan)


NUMBERS = "    args: ['integers(0, 99)']\n"


def test_a_difference_in_one_context_only_is_found_with_its_context() -> None:
    [judged] = examine_in(NUMBERS, "generator").findings
    assert judged.finding.identity == ("type", "f() in a generator")
    assert judged.finding.program == Program("fake", judged.finding.program.steps, "generator")
    assert judged.finding.program.steps[0].arguments == (0,)


def test_a_difference_in_every_context_is_one_finding_without_any() -> None:
    [judged] = examine_in(NUMBERS, *CONTEXTS).findings
    assert judged.finding.identity == ("type", "f()")
    assert judged.finding.program.context == "plain"


def test_a_difference_in_two_contexts_is_two_findings() -> None:
    found = examine_in(NUMBERS, "class", "callback").findings
    assert {each.finding.identity[1] for each in found} == {"f() in a class body", "f() in a callback"}


def in_context(place: str, context: str) -> str:
    return books.written(
        f"kind: type, place: '{place}', other: wrong, reason: it is so, context: {context}, "
        "witness: [{call: f, args: ['1']}]"
    )


@pytest.mark.parametrize(
    ("place", "context", "wrong", "verdict"),
    [
        ("f()", "plain", tuple(CONTEXTS), "known"),
        ("f() in a generator", "generator", ("generator",), "known"),
        ("f() in a generator", "generator", ("generator", "callback"), "diverge"),
        ("f() in a generator", "generator", ("callback",), "diverge"),
        ("*", "generator", ("generator", "callback"), "known"),
    ],
)
def test_an_entry_holds_in_its_context_or_in_all(
    place: str, context: str, wrong: tuple[str, ...], verdict: str
) -> None:
    result = examine_in(NUMBERS, *wrong, known=in_context(place, context))
    assert result.verdict == verdict
    assert bool(result.stale) == (wrong == ("callback",))


def test_an_entry_that_is_replayed_elsewhere_holds_all_the_same() -> None:
    [found] = parse_case_file(f"extension: fake\ncases:\n  f:\n{NUMBERS}", Path("fake.yaml")).cases
    lanes = FakeLane("reference", same), ElsewhereLane("other", "generator")
    plan = Plan("fake.yaml::f[other]", 1, 200, hypothesis.settings(), None)
    known = Known((), elsewhere=books.parsed(in_context("*", "plain")))
    programs = programs_of(found, "fake", Capabilities())
    result = examine.examine(programs, Differential(*lanes, frozenset()), known, plan)
    assert result.verdict == "known"
    assert not result.stale


# --- programs that are given -----------------------------------------------------------------------


def test_given_programs_are_run_once_and_every_difference_is_kept() -> None:
    lanes = FakeLane("reference", same), FakeLane("other", lambda name, x: "wrong" if x % 2 else x)
    programs = [Program("fake", (Step("call", f"f{number}", (number,)),)) for number in range(60)]
    plan = Plan("fake.yaml::surface[other]", 1, 1, hypothesis.settings(), None)
    result = examine.examine_all(programs, Differential(*lanes, frozenset()), Known(()), plan)
    assert [each.finding.identity[1] for each in result.findings] == [f"f{number}()" for number in range(1, 60, 2)]
    assert not any(each.flaky for each in result.findings)
    assert lanes[1].freshened == 1


def test_every_program_that_was_given_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "FINDINGS_LIMIT", 2)
    run = Run(same, lambda name, x: str(x) if x > 50 else -x if x < -50 else x, lag=100)
    accounts = dict(run.result.accounts)
    assert accounts.pop("given") == sum(accounts.values())
    assert set(accounts) == {"agreed", "diverged", "abandoned"}
