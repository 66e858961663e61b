"""What versions of Python may explain is skew: kept apart, neither shrunk nor confirmed, and never a failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import books
import hypothesis
import pytest
from fake_lanes import Answer, FakeLane, fake_pump

from harness import differential, examine
from harness.cases import parse_case_file
from harness.differential import Differential
from harness.examination import Examination, Plan, SkewJudge
from harness.findings import Finding
from harness.handshake import Capabilities
from harness.observation import Crashed, Divergence, Hung, Kind, Observation, Raised, Returned
from harness.program import Program, Step
from harness.report.failure import describe_skew
from harness.skew import Gap, asked_of_interpreter, gap_between, is_beyond_versions, is_interpreters_step, is_wording
from harness.skew_found import KNOWN_ANSWER
from harness.strategies import programs_of
from harness.values import Result


@pytest.fixture(autouse=True)
def lanes_are_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differential, "pump", fake_pump)


class Judge:
    """Takes findings of some kinds for skew: at once, or only after it was asked for evidence."""

    def __init__(self, at_once: tuple[Kind, ...] = (), evidence: tuple[Kind, ...] = ()) -> None:
        self.kinds = at_once
        self.evidence = evidence
        self.asked: list[str] = []

    def at_once(self, finding: Finding) -> str:
        return "other words" if finding.divergence.kind in self.kinds else ""

    def decide(self, finding: Finding) -> str:
        self.asked.append(finding.place)
        return self.at_once(finding) or ("evidence" if finding.divergence.kind in self.evidence else "")


def examined(
    reference: Answer, other: Answer, judge: SkewJudge | None, known: str = "known: []"
) -> tuple[Examination, FakeLane]:
    text = "extension: fake\ncases:\n  f:\n    args: ['integers(-10000, 10000)']\n"
    [case] = parse_case_file(text, Path("fake.yaml")).cases
    lanes = FakeLane("reference", reference), FakeLane("other", other)
    plan = Plan("fake.yaml::f[other]", 1, 100, hypothesis.settings(), None, skew=judge)
    both = Differential(*lanes, frozenset())
    return examine.examine(programs_of(case, "fake", Capabilities()), both, books.known(known), plan), lanes[1]


def same(name: str, x: Any) -> Any:
    return x


def refuses(words: str, limit: int = 0) -> Answer:
    def answer(name: str, x: int) -> int:
        if x > limit:
            raise ValueError(words)
        return x

    return answer


def test_other_words_alone_are_skew_and_cost_nothing_more() -> None:
    result, lane = examined(refuses("too big"), refuses("too large"), Judge(at_once=("exception-message",)))
    assert result.verdict == "skew"
    assert result.findings == ()
    [skewed] = result.skewed
    assert skewed.skew == "other words"
    assert lane.freshened == 0, "nothing was confirmed"
    assert len(lane.programs) == result.examples <= 101, "nothing was shrunk"


def test_evidence_is_asked_for_once_and_nothing_is_shrunk() -> None:
    judge = Judge(evidence=("value",))
    result, lane = examined(same, lambda name, x: x if x < 9 else -1, judge)
    assert (result.verdict, [each.skew for each in result.skewed]) == ("skew", ["evidence"])
    assert len(judge.asked) == 1
    assert lane.freshened == 0


def test_a_planted_difference_is_found_beside_skew() -> None:
    def other(name: str, x: int) -> int:
        if x == 5000 or x > 9000:
            return x + 1
        return refuses("too large", 9)(name, x)

    result, _ = examined(refuses("too big", 9), other, Judge(at_once=("exception-message",)))
    assert result.verdict == "diverge"
    assert [each.finding.divergence.kind for each in result.findings] == ["outcome"]
    assert [each.finding.divergence.kind for each in result.skewed] == ["exception-message"]


def test_without_a_gap_between_versions_nothing_is_skew() -> None:
    result, _ = examined(refuses("too big"), refuses("too large"), None)
    assert (result.verdict, result.skewed) == ("diverge", ())


ENTRY = """
known:
  - case: f
    kind: exception-message
    place: f()
    reference: ^recorded words$
    other: ^too large$
    blame: somebody
    reason: other words
    found: 2026-11-01
    witness:
      - {call: f, args: ["1"]}
"""


def test_an_entry_that_holds_against_another_version_is_not_stale() -> None:
    stale, _ = examined(same, same, None, ENTRY)
    assert stale.verdict == "stale"
    spared, _ = examined(same, same, Judge(), ENTRY)
    assert (spared.verdict, spared.stale) == ("agree", ())


def test_the_recorded_answer_against_another_one_of_the_reference_is_skew() -> None:
    result, _ = examined(refuses("newer words"), refuses("too large"), Judge(), ENTRY)
    assert (result.verdict, result.changed) == ("skew", ())
    assert [each.skew for each in result.skewed] == [KNOWN_ANSWER]
    changed, _ = examined(refuses("newer words"), refuses("too large"), None, ENTRY)
    assert changed.verdict == "changed"


def test_an_entry_does_not_cover_another_answer_of_the_backend() -> None:
    result, _ = examined(refuses("newer words"), refuses("something else"), Judge(), ENTRY)
    assert (result.verdict, result.skewed) == ("changed", ())


# --- the pure part ---------------------------------------------------------------------------------


def finding(kind: Kind, *, step: Step | None = None, **parts: Any) -> Finding:
    step = step or Step("call", "f", ())
    seen = {name: parts.get(name, Returned(None)) for name in ("reference", "other")}
    told = parts.get("told", ("a", "b"))
    observations = {name: (Observation(outcome),) for name, outcome in seen.items()}
    return Finding(Program("fake", (step,)), **observations, divergence=Divergence(0, kind, "", *told))


def surface(fact: str, path: str, kind: Kind = "value", **parts: Any) -> Finding:
    return finding(kind, step=Step("surface", fact, (path,)), **parts)


def test_a_gap_is_between_language_versions_or_what_the_book_was_recorded_with() -> None:
    assert gap_between((3, 13), (3, 14)) == Gap("Python 3.13 and 3.14")
    assert gap_between((3, 14), (3, 14), patch="3.14.8") is None
    assert gap_between((3, 14), (3, 14), patch="3.14.10", recorded="3.14.10") is None
    newer = gap_between((3, 14), (3, 14), patch="3.14.11", recorded="3.14.10")
    assert newer is not None
    assert newer.wording_only
    assert gap_between((3, 15), (3, 15), patch="3.15.1", recorded="3.14.10") is None


@pytest.mark.parametrize("kind", ["exception-message", "exception-notes", "warnings", "unraisable"])
def test_what_an_interpreter_says_is_wording(kind: Kind) -> None:
    assert is_wording(finding(kind))


@pytest.mark.parametrize("kind", ["value", "type", "outcome", "exception-type", "argument", "order", "leak"])
def test_what_it_does_is_not(kind: Kind) -> None:
    assert not is_wording(finding(kind))


def names(*found: str) -> Returned:
    return Returned(["l", *found])


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (surface("help", "Account"), True),
        (surface("doc", "Account.__len__"), True),
        (surface("doc", "Account.deposit"), False),
        (surface("type", "Account.__buffer__", "outcome"), True),
        (surface("type", "Account.deposit", "outcome"), False),
        (surface("signature", "Account.deposit"), False),
        (surface("dir", "Account", reference=names("__doc__", "a"), other=names("a")), True),
        (surface("dir", "Account", reference=names("a", "b"), other=names("a")), False),
    ],
)
def test_the_surface_is_the_interpreters_where_it_is_special(seen: Finding, expected: bool) -> None:
    assert is_wording(seen) == expected


def test_no_version_explains_that_the_other_backend_dies() -> None:
    crash = finding("outcome", other=Crashed("SIGSEGV"), told=("returned", "crashed (SIGSEGV)"))
    hang = finding("outcome", other=Hung(1.0), told=("returned", "hung"))
    of_reference = finding("outcome", reference=Crashed("SIGSEGV"), told=("crashed (SIGSEGV)", "returned"))
    raised = finding("outcome", other=Raised(None), told=("returned", "raised"))
    assert [is_beyond_versions(each) for each in (crash, hang, of_reference, raised)] == [True, True, False, False]


def after(step: Step, first: object, kind: Kind, told: tuple[str, str] = ("a", "b")) -> Finding:
    """A finding at the second step, which works on what the first one returned."""
    observations = (Observation(Returned(first)), Observation(Returned(None)))
    program = Program("fake", (Step("call", "make", ()), step))
    return Finding(program, observations, observations, Divergence(1, kind, "", *told))


OBJECT = ["o", "fake.Thing", "<Thing>"]
NUMBER = 5


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (after(Step("method", "resize", (Result(0), 1)), NUMBER, "exception-type"), True),
        (after(Step("method", "deposit", (Result(0), 1)), OBJECT, "exception-type"), False),
        (after(Step("operator", "add", (Result(0), 1)), OBJECT, "value"), False),
        (after(Step("builtin", "chr", (Result(0),)), OBJECT, "exception-type"), True),
        (after(Step("call", "f", (Result(0),)), NUMBER, "exception-type"), False),
        (after(Step("call", "f", ()), OBJECT, "outcome", ("raised while its arguments were made", "raised")), True),
    ],
)
def test_what_the_interpreter_does_by_itself(seen: Finding, expected: bool) -> None:
    assert is_interpreters_step(seen) == expected


def test_functions_that_convert_and_keep_are_not_the_interpreters_doing() -> None:
    plain = ["PyLong_AsLong", "PyUnicode_FromStringAndSize", "PyErr_SetObject", "PyTuple_GetItem", "PyType_GetFlags"]
    assert asked_of_interpreter(plain) == ()
    assert asked_of_interpreter([*plain, "PyObject_Repr", "PyNumber_Power"]) == ("PyNumber_Power", "PyObject_Repr")


def test_skew_is_told_in_a_line_with_its_places_and_reasons() -> None:
    result, _ = examined(refuses("too big"), refuses("too large"), Judge(at_once=("exception-message",)))
    assert describe_skew(result.skewed) == "skew: exception-message at f() (other words)"
    assert describe_skew(result.skewed * 5).startswith(
        f"skew: {', '.join(['exception-message at f()'] * 3)} and 2 more"
    )
