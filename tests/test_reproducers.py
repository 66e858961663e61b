"""A reproducer is a plain script, and shows with two interpreters alone what the finding says."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import CheckGolden
from harness import worker
from harness.acting.objects import Names, Scope, keyword_texts, operand
from harness.acting.reproducer import reproducer_of
from harness.acting.running import Output, run_script
from harness.acting.snippets.contexts import CONTEXTS as CONTEXT_SNIPPETS
from harness.acting.stored import StoredFinding, findings_in
from harness.codec import decode, encode
from harness.differential import Differential
from harness.eventlog import FORMAT, Caller, Header, ItemEvent
from harness.findings import Judged
from harness.item_events import record_of
from harness.lanes import Lane
from harness.observation import Kind
from harness.odd_strategies import anything
from harness.process import WorkerCommand
from harness.program import CONTEXTS, Context, Observe, Program, Step
from harness.render import render
from harness.rules import NAN_PAYLOADS
from harness.values import (
    Callback,
    ExceptionValue,
    Inherited,
    InTurn,
    IteratorOf,
    Made,
    Named,
    NoMethod,
    Odd,
    Raises,
    Result,
    Value,
)

SITE = Path(__file__).parent / "fakes/every_kind"
NAMES = ("alpha", "beta")
COMMANDS = {name: WorkerCommand((sys.executable,), (("FAKE_BACKEND", name),)) for name in NAMES}
HEADER = Header(FORMAT, "2026-01-01T00:00:00+00:00", "0.1.0", "alpha", NAMES, 0, {"pytest": "9"})


def call(name: str, *arguments: Value, **keywords: Value) -> Step:
    return Step("call", name, arguments, tuple(keywords.items()))


def method(name: str, number: int, *arguments: Value) -> Step:
    return Step("method", name, (Result(number), *arguments))


def program(*steps: Step, context: Context = "plain", observe: tuple[Observe, ...] = ()) -> Program:
    return Program("sample", steps, context, observe)


@dataclass(frozen=True)
class Both:
    """Two interpreters, and what a script says on each."""

    differential: Differential
    directory: Path

    def found(self, given: Program, caller: Caller | None = None) -> StoredFinding:
        finding = self.differential.run(given)
        assert finding is not None, "the fakes are to differ"
        event = ItemEvent("c.yaml::c[beta]", "c", "beta", "diverge", "failed", 1, 0, 0.0, (record_of(Judged(finding)),))
        return next(findings_in([msgspec.structs.replace(HEADER, caller=caller), event]))

    def outputs(self, found: StoredFinding) -> dict[str, Output]:
        return {name: self.output(found, name) for name in NAMES}

    def output(self, found: StoredFinding, name: str, *, timeout_s: float = 60.0) -> Output:
        script = self.directory / f"{found.name}.py"
        script.write_text(reproducer_of(found), encoding="utf-8")
        return run_script(COMMANDS[name], script, SITE, timeout_s=timeout_s)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    lanes = [Lane(name, COMMANDS[name], "sample", [str(SITE)], timeout_s=1.0) for name in NAMES]
    yield Both(Differential(*lanes, frozenset({NAN_PAYLOADS})), tmp_path_factory.mktemp("scripts"))
    for lane in lanes:
        lane.close()


FAILING = Odd("object", None, (("__index__", InTurn((Raises("ValueError", "no"), 1))), ("__eq__", True)))
SETS, ASKS = Step("set", "given", (Result(0), 1)), call("value", (Result(1), Result(2)))
SHOWN: dict[str, tuple[str, Program]] = {
    "value": ("value", program(call("value", Odd("int", 5)))),
    "type": ("type", program(call("number", 2**63))),
    "bits of a NaN": ("value", program(call("negated", float("nan")))),
    "order": ("order", program(call("order"))),
    "outcome": ("outcome", program(call("index", FAILING))),
    "exception-type": ("exception-type", program(call("exception_type", "'\"\"\"\\ \ud800"))),
    "exception-message": ("exception-message", program(call("exception_message"))),
    "exception-arguments": ("exception-arguments", program(call("exception_arguments"))),
    "exception-notes": ("exception-notes", program(call("exception_notes"))),
    "exception-cause": ("exception-cause", program(call("exception_cause"))),
    "cause of a cause": ("exception-cause", program(call("exception_far_cause"))),
    "exception-context": ("exception-context", program(call("exception_context"))),
    "exception-attributes": ("exception-attributes", program(call("exception_attributes"))),
    "exception-bases": ("exception-bases", program(call("exception_bases"))),
    "no text": ("exception-arguments", program(call("textless"))),
    "argument": ("argument", program(call("change", [1, 2]))),
    "argument by name": ("argument", program(call("change", given=[]))),
    "self": ("results", program(call("items"), call("Thing", Result(0)), method("change", 1))),
    "stdout": ("stdout", program(call("chat"))),
    "stderr": ("stderr", program(call("complain"))),
    "warnings": ("warnings", program(call("warn"))),
    "unraisable": ("unraisable", program(call("die"))),
    "thread-exceptions": ("thread-exceptions", program(call("fail_in_thread"))),
    "calls": ("calls", program(call("call", Callback((None,))))),
    "identity": ("identity", program(call("same", [1]))),
    "identity inside": ("identity", program(call("twice_in_it"))),
    "state": ("state", program(call("Thing"), observe=("state",))),
    "equality": ("equality", program(call("Thing"), call("Thing"), observe=("equality",))),
    "leaked": ("leaked", program(call("Thing"), method("keep", 0), observe=("lifetimes",))),
    "died": ("died", program(call("Thing"), method("keep", 0), Step("forget", count=0), observe=("lifetimes",))),
    "exit": ("exit", program(call("leave"), context="exit")),
    "leak": ("leak", program(call("take", 10_000), observe=("memory",))),
    "pickled": ("pickled", program(call("Pickled"), Step("pickle", "", (Result(0),), count=2))),
    "crash": ("outcome", program(call("value", 1), call("crash"))),
    "a step before raised": ("type", program(call("exception_type"), call("number", 1))),
    "a statement gives None": ("value", program(call("Thing"), SETS, Step("collect"), ASKS)),
    "surface": ("value", program(Step("surface", "bases", ("Own",)))),
}  # fmt: skip

INDEXED = Odd("object", None, (("__index__", InTurn((Raises("ValueError", "no"), 7))), ("__int__", 9)))
AFTER: dict[str, tuple[str, Program, str]] = {
    "another": ("value", replace(program(call("spoilt")), after=(program(call("spoil", 5)),)), "[5]"),
    "several": (
        "value",
        replace(
            program(call("agree"), call("spoilt"), context="except"),
            after=(
                program(call("agree"), Step("builtin", "len", (Result(0),)), call("spoil", INDEXED), context="thread"),
                program(call("spoil", 2), context="except"),
                program(call("spoil", 3), context="twice"),
            ),
        ),
        "[9, 2, 3, 3]",
    ),
    "objects that are counted anew": (
        "value",
        replace(program(call("hashed", INDEXED)), after=(program(call("agree", INDEXED)),)),
        "[1, True]",
    ),
    "at exit": (
        "value",
        replace(program(call("spoilt_at_exit")), after=(program(call("spoil_at_exit"), context="exit"),)),
        "True",
    ),
}


@pytest.mark.parametrize("name", AFTER)
def test_the_script_executes_what_the_program_comes_after(both: Both, name: str) -> None:
    kind, given, shown = AFTER[name]
    found = both.found(given)
    assert found.record.kind == kind
    outputs = both.outputs(found)
    assert shown in outputs["beta"].stdout
    assert outputs["alpha"].differs_from(outputs["beta"], with_stderr=False)
    assert all(each.stderr == "" for each in outputs.values())


def test_the_script_waits_for_what_programs_leave_behind(both: Both) -> None:
    found = both.found(replace(program(call("agree")), after=(program(call("die_soon")),)))
    assert found.record.other[0]["early"]
    assert both.output(found, "alpha").ended == "ended with exit code 0"
    assert both.output(found, "beta").ended == "died with SIGSEGV"


def test_the_script_calls_callbacks_by_what_the_project_names(tmp_path: Path) -> None:
    lanes = [Lane(name, COMMANDS[name], "sample", [str(SITE)], timeout_s=9.0, caller="sample.apply") for name in NAMES]
    both = Both(Differential(*lanes, frozenset()), tmp_path)
    try:
        found = both.found(program(call("where"), context="callback"), Caller("sample", "sample.apply"))
    finally:
        for lane in lanes:
            lane.close()
    assert "    sample.apply(callback)\n" in reproducer_of(found)
    assert found.other_site is None
    for name, observation in found.differing:
        told = decode(observation.outcome.value)  # type: ignore[union-attr]
        shown = both.output(found, name).stdout
        assert shown.startswith("returned <class 'dict'> ")
        assert told == {**ast.literal_eval(shown.partition("> ")[2]), "caller": told["caller"]}


VARYING = ("type", "no text", "identity inside", "leaked", "crash")
"""Run twice: what they show has addresses, hashes, or how a process died."""


@pytest.mark.parametrize("name", SHOWN)
def test_the_script_shows_the_difference_and_nothing_but_it_varies(both: Both, name: str) -> None:
    kind, given = SHOWN[name]
    found = both.found(given)
    assert found.record.kind == kind
    outputs = both.outputs(found)
    assert outputs["alpha"].differs_from(outputs["beta"], with_stderr=kind == "stderr"), outputs
    for output in outputs.values():
        assert "Traceback" not in output.stderr
    if name in VARYING:
        assert both.outputs(found) == outputs


@pytest.mark.parametrize("context", CONTEXTS)
def test_the_script_makes_the_call_where_the_program_does(both: Both, context: Context) -> None:
    found = both.found(program(call("where"), context=context))
    outputs = both.outputs(found)
    assert outputs["alpha"].differs_from(outputs["beta"], with_stderr=False)
    for name, observation in found.differing:
        told = decode(observation.outcome.value)  # type: ignore[union-attr]
        shown = ast.literal_eval(outputs[name].stdout.strip().partition("returned <class 'dict'> ")[2].splitlines()[0])
        if context not in SAME_CALLER:
            # The function around the call has a name of its own there.
            told, shown = ({**each, "caller": ""} for each in (told, shown))
        assert told == shown


SAME_CALLER = ("generator", "comprehension", "class", "optimised")


def test_every_kind_of_difference_is_shown() -> None:
    # Only native code leaves an exception behind: see test_reproducers_end_to_end.
    assert {kind for kind, _ in SHOWN.values()} | {"handled"} == set(get_args(Kind))


def test_a_hang_is_ended(both: Both) -> None:
    found = both.found(program(call("hang")))
    assert both.output(found, "alpha").ended == "ended with exit code 0"
    assert both.output(found, "beta", timeout_s=3).ended == "did not end within 3 s"


# --- objects -----------------------------------------------------------------------------------------


def made(value: Value) -> object:
    """Return the object that a script makes of a value."""
    scope = Scope(Names("sample"))
    text = scope.expression(value)
    names: dict[str, object] = {"Counted": worker.Counted}
    for module in scope.names.imports:
        names[module.partition(".")[0]] = __import__(module)
    exec("\n".join([*scope.before, f"value = {text}"]), names)
    return names["value"]


plain = st.one_of(
    anything().filter(lambda value: not any(each in render(value) for each in ("odd(", "_subclass(", "callback("))),
    st.builds(Made, st.just("decimal.Decimal"), st.tuples(st.just("1.5"))),
    st.just(Named("collections.abc.Mapping")),
)


@given(plain)
def test_a_value_is_the_one_that_a_worker_makes(value: Value) -> None:
    if isinstance(value, IteratorOf):
        return
    assert worker.encode(made(value)) == worker.encode(worker.build(encode(value), []))


@given(anything())
def test_every_value_has_a_text_that_old_interpreters_read(value: Value) -> None:
    scope = Scope(Names("sample"), gap=2)
    text = scope.expression(value)
    ast.parse("\n".join([*scope.before, text]), feature_version=(3, 9))


def test_an_odd_object_does_what_it_is_told() -> None:
    inner = Odd("int", 7, (("__int__", InTurn((1, 2))),))
    value: object = made(
        Odd(
            "list",
            [1, 2],
            (
                ("__index__", InTurn((1, Raises("ValueError", "no"), 3))),
                ("__iter__", IteratorOf((1, Raises("KeyError"), 2))),
                ("__len__", Inherited()),
                ("__hash__", NoMethod()),
                ("__float__", inner),
            ),
        )
    )
    assert isinstance(value, list)
    assert value.__index__() == 1  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"^no$"):
        value.__index__()  # type: ignore[attr-defined]
    assert [value.__index__(), value.__index__()] == [3, 3]  # type: ignore[attr-defined]
    assert len(value) == 2
    assert type(value).__hash__ is None
    taken = iter(value)
    assert next(taken) == 1
    with pytest.raises(KeyError):
        next(taken)
    assert list(taken) == [2]
    # Made anew for each call, as a worker does, so that its turns begin anew.
    answers = [value.__float__() for _ in range(2)]  # type: ignore[attr-defined]
    assert [int(answers[0]), int(answers[0]), int(answers[1])] == [1, 2, 1]


def test_a_method_of_a_class_of_its_own_can_make_the_instance() -> None:
    value = made(Odd("str", "abc", (("__new__", None), ("__eq__", True))))
    assert value == 5
    assert str.__len__(value) == 3  # type: ignore[arg-type]


def test_an_exception_has_its_notes_and_links() -> None:
    cause = ExceptionValue("KeyError", (1,), ("a note",))
    value = made(ExceptionValue("ValueError", ("x",), cause=cause, context=ExceptionValue("OSError")))
    assert isinstance(value, ValueError)
    assert isinstance(value.__cause__, KeyError)
    assert value.__cause__.__notes__ == ["a note"]
    assert isinstance(value.__context__, OSError)
    assert value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "beside", "before_a_dot"),
    [
        ("-1", "(-1)", "(-1)"),
        ("5", "5", "(5)"),
        ("2**63 - 1", "(2**63 - 1)", "(2**63 - 1)"),
        ("f(1)", "f(1)", "f(1)"),
        ("[1, 2]", "[1, 2]", "[1, 2]"),
        ("(1,)", "(1,)", "(1,)"),
        ("r0", "r0", "r0"),
    ],
)
def test_an_operand_has_brackets_where_it_needs_them(text: str, beside: str, before_a_dot: str) -> None:
    assert operand(text) == beside
    assert operand(text, of_attribute=True) == before_a_dot


def test_a_keyword_that_python_has_no_syntax_for_goes_through_a_dict() -> None:
    assert keyword_texts([("a", "1"), ("class", "2"), ("b c", "3")]) == ["a=1", "**{'class': 2, 'b c': 3}"]


def test_every_context_has_a_snippet_or_is_about_the_whole_program() -> None:
    assert {*CONTEXT_SNIPPETS, "plain", "exit", "twice"} == set(CONTEXTS)


# --- the text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exception-type", "outcome", "bits of a NaN", "leaked"])
def test_scripts_are_as_in_the_golden_files(both: Both, golden: CheckGolden, name: str) -> None:
    golden(f"reproducer_{name.replace(' ', '_').replace('-', '_')}.txt", reproducer_of(both.found(SHOWN[name][1])))


def test_a_script_with_programs_before_is_as_in_the_golden_file(both: Both, golden: CheckGolden) -> None:
    golden("reproducer_after.txt", reproducer_of(both.found(AFTER["several"][1])))


def test_a_script_with_a_caller_of_another_extension_is_as_in_the_golden_file(both: Both, golden: CheckGolden) -> None:
    found = both.found(program(call("where"), context="callback"), Caller("../callables", "callables.inner.apply"))
    golden("reproducer_called.txt", reproducer_of(found))
