"""What a person reads: failure texts as golden files, and entries that can be pasted into a case file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from books import FOUND, entry, parsed
from exactly import exact
from hypothesis import given
from hypothesis import strategies as st
from test_codec import PROGRAM

from conftest import CheckGolden
from harness.blame import Makeup, Part, Touched, Vote, blame
from harness.book.drafts import draft_of
from harness.book.entries import Entry
from harness.compare import compare
from harness.findings import Finding, Judged, Known, place_of
from harness.observation import Crashed, Divergence, Hung, Observation, Raised, Returned, Unsupported
from harness.odd_strategies import anything, failing
from harness.program import Program, Step
from harness.render import render, render_program
from harness.report import failure
from harness.values import Absent, Cycle, Inherited, InTurn, NoMethod, Odd, Opaque, Raises, Result, Subclassed, Value

SEGV = Crashed("died with SIGSEGV", "thread panicked\nnote: \x1b[31mred\x1b[0m\n")


def exception(path: str = "builtins.ValueError", text: Any = "no", *arguments: Any, **details: Any) -> list[Any]:
    return ["e", path, list(arguments), {"str": text, **details}]


def finding(program: Program, reference: list[Observation], other: list[Observation]) -> Finding:
    found = compare(frozenset(), reference=reference, other=other).divergence
    assert found is not None
    return Finding(program, tuple(reference), tuple(other), found)


def call(*arguments: Value, **keywords: Value) -> Program:
    return Program("numbers", (Step("call", "add_i64", arguments, tuple(keywords.items())),))


# --- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**63, "2**63"),
        (-(2**63) - 1, "-2**63 - 1"),
        (2**63 + 1, "2**63 + 1"),
        (2**64 - 2, "2**64 - 2"),
        (-(2**127) + 1, "-2**127 + 1"),
        (2**31, "2**31"),
        (255, "255"),
        (2**63 + 3, "9223372036854775811"),
        (3**6000, hex(3**6000)),
        (float("nan"), "nan"),
        (-0.0, "-0.0"),
        ({"b", "a"}, "{'a', 'b'}"),
        (frozenset(), "frozenset()"),
        (Odd("object", None, (("__len__", NoMethod()),)), "odd(__len__=no_method())"),
        (Odd("int", 5, (("__index__", 6),)), "int_subclass(5, __index__=6)"),
        (InTurn((1, Raises("KeyError"))), "in_turn(1, raises('KeyError'))"),
        (Absent(), "absent()"),
        (Opaque("m.A", "<A>"), "<m.A: <A>>"),
        (Subclassed("m.A", [1]), "<m.A: [1]>"),
        ([Cycle(1)], "[<the container 1 levels out>]"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)  # fmt: skip
def test_a_value_is_shown_as_the_expression_that_makes_it(value: Value, text: str) -> None:
    assert render(value) == text


# --- failure texts ---------------------------------------------------------------------------------

ALONE = Makeup((3, 14), frozenset({Part("interpreter", "One")}))
FULL = Makeup((3, 14), frozenset({Part("interpreter", "Two"), Part("ABI", "stable"), Part("host", "Two's host")}))
CONTROL = Makeup((3, 15), frozenset({Part("interpreter", "One"), Part("ABI", "stable")}))
VOTES = [
    Vote("control", "One 3.15, stable", CONTROL, "reference", "returned 1"),
    Vote("newer", "One 3.15", Makeup((3, 15), ALONE.parts), "neither", "returned 3"),
    Vote("older", "One 3.13", Makeup((3, 13), ALONE.parts), "flaky", "returned 4"),
    Vote("oldest", "One 3.9", Makeup((3, 9), ALONE.parts), "absent", "it is not compiled for it"),
    Vote("stranger", "Three", Makeup((3, 9)), "absent", "it is not compiled for it"),
]

TRACES = """Current thread 0x00007feabae61780 (most recent call first):
  File "/x/package/inner.py", line 12 in crash
  File "/x/worker.py", line 870 in perform
"""
PANICKED = Crashed(
    "died with SIGABRT",
    "thread panicked\n",
    identity="panic at src/lib.rs:3",
    cause="Rust panicked at src/lib.rs:3: no",
    traces=TRACES,
    early=True,
)

BEFORE = (
    Program("numbers", (Step("call", "spoil", (5,)),)),
    Program("numbers", (Step("call", "wait"),), context="thread"),
)

FINDINGS: dict[str, Judged] = {
    "value": Judged(
        finding(call(1, -0.0), [Observation(Returned(["l", 1, 0.0]))], [Observation(Returned(["l", 1, -0.0]))])
    ),
    "type": Judged(finding(call(True), [Observation(Returned(True))], [Observation(Returned(1))])),
    "exception": Judged(
        finding(
            call(2**63, base=None),
            [
                Observation(
                    Raised(
                        exception(
                            "builtins.OverflowError",
                            "too large",
                            "too large",
                            cause=exception("builtins.TypeError", "cause"),
                            context=exception("mod.Own", "context"),
                            notes=["a note", ["u", [0xD800]]],
                        )
                    )
                )
            ],
            [Observation(Raised(exception("builtins.OverflowError", text=["u", [0xD800]]), unprepared=False))],
        )
    ),
    "message with control characters": Judged(
        finding(
            call("\0"),
            [Observation(Raised(exception(text="a\nb\x1b[31m\0\u202e")))],
            [Observation(Returned("a\nb\x1b[31m\0\u202e"))],
        )
    ),
    "unprepared": Judged(
        finding(call(5), [Observation(Raised(exception(), unprepared=True))], [Observation(Raised(exception()))])
    ),
    "crash": Judged(finding(call("\ud800"), [Observation(Returned(None))], [Observation(SEGV)])),
    "two crashes": Judged(finding(call(), [Observation(Crashed("died with SIGABRT"))], [Observation(SEGV)])),
    "crash that is told": Judged(finding(call(), [Observation(Returned(None))], [Observation(PANICKED)])),
    "hang that is told": Judged(finding(call(), [Observation(Returned(None))], [Observation(Hung(2.5, TRACES))])),
    "after others": Judged(
        finding(replace(call(1), after=BEFORE), [Observation(Returned(1))], [Observation(Returned(2))])
    ),
    "hang": Judged(finding(call(), [Observation(Returned(None))], [Observation(Hung(2.5))])),
    "flaky": Judged(
        finding(call(), [Observation(Returned(1))], [Observation(Returned(2))]), "it did not show in fresh workers"
    ),
    "blamed": Judged(
        finding(call(1), [Observation(Returned(1))], [Observation(Returned(2))]),
        blame=blame(ALONE, FULL, VOTES, touched=Touched(tuple(f"PyName_{each}" for each in "abcdefghijklmn"))),
    ),
    "blamed on a part of the host that is called": Judged(
        finding(call(1), [Observation(Returned(1))], [Observation(Returned(2))]),
        blame=blame(ALONE, FULL, VOTES[:1], touched=Touched(("PyName_a",), watched=True)),
    ),
    "blamed on nothing of the host": Judged(
        finding(call(1), [Observation(Returned(1))], [Observation(Returned(2))]),
        blame=blame(ALONE, FULL, VOTES[:1], touched=Touched(watched=True)),
    ),
    "blamed on what the host made and does by itself": Judged(
        finding(call(1), [Observation(Returned(1))], [Observation(Returned(2))]),
        blame=blame(ALONE, FULL, [], touched=Touched((), True, ("PyType_FromSlots",), by_itself=True)),
    ),
    "blamed unwatched": Judged(
        finding(call(1), [Observation(Returned(1))], [Observation(Returned(2))]),
        blame=blame(ALONE, FULL, [], touched=Touched(("PyName_a",), unwatched="it did something else when it was")),
    ),
    "nobody to ask": Judged(
        finding(call(1), [Observation(Returned(1))], [Observation(Returned(2))]), blame=blame(ALONE, FULL, VOTES[3:])
    ),
    "another version": Judged(
        finding(call(1), [Observation(Returned(1))], [Observation(Returned(2))]),
        blame=blame(ALONE, Makeup((3, 13), ALONE.parts), []),
    ),
    "long": Judged(finding(call("x" * 1000), [Observation(Returned("a" * 1000))], [Observation(Returned("b" * 1000))])),
    "long and alike": Judged(
        finding(call(), [Observation(Returned("a" * 1000 + "b"))], [Observation(Returned("a" * 1000 + "c"))])
    ),
    "effects": Judged(
        finding(
            call([]),
            [
                Observation(
                    Returned(None),
                    {
                        "stdout": "one\ntwo\n",
                        "warnings": [["builtins.UserWarning", "careful", "a.py:1"]],
                        "unraisable": [
                            [exception(), "Exception ignored in", ["o", "m.Box", "<Box>"]],
                            [exception(), None, None],
                        ],
                        "thread-exceptions": [[exception()]],
                        "shared": [[1, "0", 2], [0, "result 3", 1]],
                        "pickled": [["b", "8004"]],
                        "calls": [["__len__", 0], ["callback", ["t", ["t", 1], ["d", "k", ["f", "7ff8000000000000"]]]]],
                        "arguments": {"0": ["l", ["i", "0x8000000000000000"]], "i": ["l"]},
                        "same": ["0", "E"],
                    },
                )
            ],
            [Observation(Returned(None), {"arguments": {"0": ["l", 1], "i": ["l"]}})],
        )
    ),
    "program": Judged(
        finding(
            PROGRAM,
            [Observation(Returned(0)) for _ in PROGRAM.steps],
            [Observation(Returned(number == 5 or 0)) for number, _ in enumerate(PROGRAM.steps)],
        )
    ),
}


def test_failure_texts_are_as_in_the_golden_file(golden: CheckGolden) -> None:
    told = [
        f"##### {name}\n{failure.describe_finding(judged, reference='cpython', other='rustpython')}\n"
        for name, judged in FINDINGS.items()
    ]
    golden("failures.txt", "\n".join(told))


def test_what_an_item_says_of_several_findings_is_as_in_the_golden_file(golden: CheckGolden) -> None:
    shown = [FINDINGS["value"], FINDINGS["flaky"], FINDINGS["crash"]]
    drafts = [draft_of(each.finding, case="add_i64", found=FOUND) for each in shown if not each.flaky]
    told = failure.describe_findings(
        shown, reference="cpython", other="rustpython", drafts=drafts, book="cases/known/rustpython/numbers.yaml"
    )
    golden("failures_of_one_item.txt", told)


@pytest.mark.parametrize("name", FINDINGS)
def test_no_line_of_a_failure_text_is_endless_or_upsets_a_terminal(name: str) -> None:
    for line in failure.describe_finding(FINDINGS[name], reference="a", other="b").split("\n"):
        assert len(line) < failure.LINE_LIMIT + 50
        assert line.isprintable(), line
        line.encode("utf-8")


def test_a_context_that_is_the_cause_is_told_by_these_words() -> None:
    cause = ["e", "builtins.KeyError", [], {"str": "inner"}]
    raised = Raised(["e", "builtins.ValueError", [], {"str": "outer", "cause": cause, "context": "the cause"}])
    shown = list(failure.describe_observation(Observation(raised)))
    assert [line.strip() for line in shown[1:]] == ["cause: KeyError: inner", "context: the cause"]


def test_an_unsupported_outcome_names_what_is_missing() -> None:
    [line] = failure.describe_observation(Observation(Unsupported(("PyA", "PyB"))))
    assert line == "unsupported: PyA, PyB missing"


# --- entries to paste ------------------------------------------------------------------------------


def read_back(found: Finding) -> tuple[Program, Known]:
    """Return the program and entries of a book into which a finding was pasted as it was told."""
    known = Known(parsed(f"known:\n{draft_of(found, case='add', found=FOUND)}\n"))
    return known.program_of(known.entries[0], found.program.module), known


@pytest.mark.parametrize("name", [name for name in FINDINGS if name not in ("program", "long")])
def test_a_finding_can_be_pasted_and_covers_itself(name: str) -> None:
    found = FINDINGS[name].finding
    program, known = read_back(found)
    assert exact(program) == exact(found.program)
    assert known.entry_for(found) == known.entries[0]


STEPS = st.one_of(
    st.builds(
        Step,
        st.just("call"),
        st.sampled_from(["f", "geo.area"]),
        st.lists(anything(), max_size=3).map(tuple),
        st.dictionaries(st.from_regex(r"[a-z_]{1,5}", fullmatch=True), anything(), max_size=2).map(
            lambda named: tuple(named.items())
        ),
    ),
    st.builds(lambda on, rest: Step("method", "put", (on, *rest)), anything(), st.lists(anything(), max_size=2)),
    st.builds(lambda on: Step("get", "total", (on,)), st.one_of(anything(), st.builds(Result, st.integers(0, 5)))),
    st.builds(lambda on, value: Step("set", "total", (on, value)), st.builds(Result, st.integers(0, 5)), anything()),
    st.builds(lambda on: Step("delete", "total", (on,)), anything()),
    st.builds(lambda on, more: Step("operator", "add", (on, *more)), anything(), st.lists(anything(), max_size=1)),
    st.builds(lambda on: Step("builtin", "copy.copy", (on,)), anything()),
    st.builds(lambda on, count: Step("iterate", "", (on,), count=count), anything(), st.integers(0, 9)),
    st.builds(lambda count: Step("forget", count=count), st.integers(0, 9)),
    st.builds(lambda on, rest: Step("with", "put", (on, *rest)), anything(), st.lists(anything(), max_size=2)),
    st.builds(lambda on, rest: Step("await", "drive", (on, *rest)), anything(), st.lists(anything(), max_size=2)),
    st.builds(
        lambda on, rest: Step("apply", "", (on, *rest)), st.builds(Result, st.integers(0, 5)), st.lists(anything())
    ),
    st.builds(
        lambda bases, outcome: Step("subclass", "geo.Shape", tuple(bases), (("area", outcome),)),
        st.lists(anything(), max_size=1),
        st.one_of(anything(), failing(), st.just(Inherited())),
    ),
    st.builds(lambda on: Step("unpack", "a, *b", (on,)), anything()),
    st.builds(lambda on, count: Step("pickle", "", (on,), count=count), anything(), st.integers(0, 5)),
    st.builds(lambda count: Step("collect", count=count), st.integers(0, 2)),
)


@given(st.lists(STEPS, min_size=1, max_size=4))
def test_any_program_can_be_pasted_into_a_case_file(steps: list[Step]) -> None:
    program = Program("numbers", tuple(steps))
    same = Observation(Returned(0))
    observations = (same,) * len(steps)
    found = Finding(program, observations, observations, Divergence(0, "value", "['\U0001f600 \\ud800'][3]", 1, 2))
    read, known = read_back(found)
    assert exact(read) == exact(program)
    assert known.entry_for(found) is not None


@given(st.lists(STEPS, min_size=1, max_size=3))
def test_any_program_can_be_shown(steps: list[Step]) -> None:
    program = Program("numbers", tuple(steps))
    assert len(render_program(program).split("\n")) == len(steps)
    for line in failure.program_text(program).split("\n"):
        assert line.isprintable()


@given(anything(), anything())
def test_any_two_values_can_be_told_apart_in_text(left: Value, right: Value) -> None:
    from harness.codec import encode

    reference, other = ([Observation(Returned(encode(each)))] for each in (left, right))
    found = compare(frozenset(), reference=reference, other=other).divergence
    if found is not None:
        text = failure.describe_finding(
            Judged(Finding(call(), tuple(reference), tuple(other), found)), reference="a", other="b"
        )
        assert all(line.isprintable() for line in text.split("\n"))


# --- what an entry covers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "covered"),
    [
        (entry("add_i64()"), True),
        (entry("add_*"), True),
        (entry("*"), True),
        (entry("add_*()*"), True),
        (entry("add_"), False),
        (entry("sub_*"), False),
        (entry("add_i64[)"), False),
        (entry("add_i64()", reference="^1$"), True),
        (entry("add_i64()", reference="^2$"), False),
        (entry("add_i64()", other="^2$"), True),
        (entry("add_i64()", reference="1", other="3"), False),
        (entry("*", "type"), False),
    ],
)
def test_an_entry_covers_a_finding_by_kind_place_and_what_differs(known: Entry, covered: bool) -> None:
    found = finding(call(), [Observation(Returned(1))], [Observation(Returned(2))])
    assert place_of(found.program, found.divergence) == "add_i64()"
    assert (Known([known]).entry_for(found) is known) == covered
