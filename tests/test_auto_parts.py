"""The pure parts of --auto: what is called, what stubs say, and what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.auto.kinds import FIRST_INSTANCE, PLAIN, instance_kind
from harness.auto.operations import operand_count, step_with_operands, steps_without_operands
from harness.auto.selection import Selection, select
from harness.auto.stubs import kind_of, read_stubs
from harness.auto.surface import Class, Function, Special, Surface, surface_of
from harness.auto.written import case_file_text
from harness.case_specs import CaseSpec, ProgramSpec, StepSpec
from harness.cases import parse_case_file
from harness.codec import encode
from harness.values import Result
from harness.vocabulary import evaluate_strategy, evaluate_value

# --- what is called --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["exit", "os.remove", "delete_all", "deleteAll", "sys_abort", "fork", "Sleep", "mod.KILL", "force_unlink"]
)
def test_a_dangerous_name_is_left_alone(name: str) -> None:
    assert not Selection().allows(name)
    assert Selection(include=(name,)).allows(name)
    assert not Selection(include=(name,), exclude=("*",)).allows(name)


@pytest.mark.parametrize("name", ["existing", "abortion_rate", "sleepy", "dropped", "remover", "area", "exits"])
def test_a_name_that_only_begins_so_is_called(name: str) -> None:
    assert Selection().allows(name)
    assert not Selection(exclude=(name[:4] + "*",)).allows(f"inner.{name}")


def test_a_container_may_remove_what_is_in_it_and_a_file_may_not() -> None:
    remove = Function("remove", "method", ())
    leave = Function("exit", "method", ())
    container = Class("Bag", "m.Bag", False, (), (remove, leave), ("size",), (Special("__len__", None),))
    file = Class("File", "m.File", False, (), (remove,), (), ())
    surface = Surface("m", (Function("area", "function", ()), Function("quit", "function", ())), (container, file), ())
    chosen, left_out = select(surface, Selection())
    assert [each.name for each in chosen.functions] == ["area"]
    assert [[each.name for each in cls.methods] for cls in chosen.classes] == [["remove"], []]
    assert left_out == ("quit", "Bag.exit", "File.remove")


def test_a_surface_is_read_from_plain_data() -> None:
    described = {
        "name": "m",
        "functions": [{"name": "f", "kind": "function", "parameters": [["a", "KEYWORD_ONLY", True, None]]}],
        "classes": [],
        "constants": ["PI"],
    }
    assert surface_of(described).functions[0].parameters[0].optional  # type: ignore[index]


# --- stubs -----------------------------------------------------------------------------------------

STUBS = """
from typing import Optional, Callable, overload
def area(width: float, height: float = ...) -> float: ...
def pick(items: list[tuple[str, int]], /, *rest: bytes, key: Callable[[int], int] | None = None, **more: int): ...
@overload
def twice(value: int) -> int: ...
class Account:
    owner: str
    def __new__(cls, owner: str, limit: "Optional[int]" = None) -> Account: ...
    @property
    def balance(self) -> int: ...
    @staticmethod
    def parse(text: str) -> Account: ...
    @classmethod
    def empty(cls) -> Account: ...
    def merge(self, other: Account) -> None: ...
"""


def test_signatures_are_read_without_self_and_without_properties() -> None:
    stubs = read_stubs(STUBS)
    assert set(stubs.signatures) == {"area", "pick", "Account", "Account.parse", "Account.empty", "Account.merge"}
    assert [each.name for each in stubs.parameters("Account") or ()] == ["owner", "limit"]
    assert [(each.name, each.kind, each.optional) for each in stubs.parameters("pick") or ()] == [
        ("items", "POSITIONAL_ONLY", False),
        ("rest", "VAR_POSITIONAL", False),
        ("key", "KEYWORD_ONLY", True),
        ("more", "VAR_KEYWORD", False),
    ]
    assert stubs.parameters("Account.empty") == ()


def test_annotations_become_kinds() -> None:
    stubs = read_stubs(STUBS)
    hints = stubs.hints("pick", {})
    assert hints["items"].expression == "lists(tuples(any_text(), any_int()), max_size=6)"
    assert hints["items"].samples == ([("a", 1)],)
    assert hints["key"].expression == "one_of(callback(scalar(), scalar()), none())"
    merge = stubs.hints("Account.merge", {"Account": instance_kind("Account", FIRST_INSTANCE + 2)})
    assert merge["other"].samples == (Result(FIRST_INSTANCE + 2),)
    assert stubs.hints("Account.merge", {}) == {}


@pytest.mark.parametrize(
    "annotation",
    [
        *("int", "str | None", "typing.Optional[bytes]", "Union[int, str]", "dict[str, list[float]]", "set[int]"),
        *("frozenset[str]", "tuple[int, ...]", "tuple[int, str]", "Iterable[int]", "typing.Literal['a', 'b']"),
        *("Sequence", "datetime.date", "decimal.Decimal", "os.PathLike[str]", "collections.abc.Callable", "object"),
        *("SupportsFloat | SupportsIndex", "SupportsGetItem[int, SupportsIndex]", "Buffer"),
        *("typing.Annotated[int, 5]", "Mapping[int, bool]", "memoryview | bytes", "'int'"),
    ],
)
def test_an_annotation_draws_what_it_says(annotation: str) -> None:
    kind = kind_of(annotation, {})
    assert kind is not None
    evaluate_strategy(kind.expression)
    encode(kind.samples[0])


@pytest.mark.parametrize("annotation", [None, "Unknown", "list[Unknown]", "not python", "1 + 2"])
def test_an_annotation_that_is_not_understood_says_nothing(annotation: str | None) -> None:
    assert kind_of(annotation, {}) is None


# --- the table of kinds ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.name)
def test_a_kind_can_be_drawn_sent_and_told(kind: object) -> None:
    from harness.auto.kinds import Kind
    from harness.render import render

    assert isinstance(kind, Kind)
    evaluate_strategy(kind.expression)
    for sample in kind.samples:
        encode(sample)
        assert repr(evaluate_value(render(sample))) == repr(sample)


@pytest.mark.parametrize(
    ("special", "operands", "expected"),
    [
        ("__add__", ("1",), StepSpec(operator="add", args=("1",))),
        ("__radd__", ("1",), StepSpec(operator="add", args=("1",), reflected=True)),
        ("__iand__", ("1",), StepSpec(operator="iand", args=("1",))),
        ("__rdivmod__", ("1",), StepSpec(builtin="divmod", args=("1",), reflected=True)),
        ("__eq__", ("1",), StepSpec(operator="eq", args=("1",))),
        ("__setitem__", ("1", "2"), StepSpec(operator="setitem", args=("1", "2"))),
    ],
)
def test_a_special_method_is_reached_by_its_operator(
    special: str, operands: tuple[str, ...], expected: StepSpec
) -> None:
    assert operand_count(special) == len(operands)
    assert step_with_operands(special, 0, operands) == expected


def test_special_methods_without_operands_have_steps_and_unknown_ones_none() -> None:
    for special in ("__neg__", "__len__", "__iter__", "__next__", "__enter__", "__format__", "__hash__", "__repr__"):
        assert steps_without_operands(special, 0), special
    assert steps_without_operands("__set_name__", 0) == ()


# --- what is written -------------------------------------------------------------------------------


def test_what_is_written_is_read_back_as_it_was() -> None:
    steps = (
        StepSpec(call="f", args=("one_of(none(), just(2))", "'ä\U0001f600'"), kwargs={"no": "none()", "on": "1"}),
        StepSpec(method="no", on="one_of(result(0), result(1))", extra_args="lists(none())"),
        StepSpec(set="x", value="any_text()", on=1),
        StepSpec(operator="add", args=("'" + "long " * 40 + "'",), reflected=True),
        StepSpec(with_="pass"),
        StepSpec(await_="run", on=0),
        StepSpec(pickle=-1),
        StepSpec(iterate=3),
        StepSpec(subclass="f", kwargs={"g": "inherited()"}),
    )
    cases = {"null": CaseSpec(program=ProgramSpec((steps[0],), steps, 3)), "b-1": CaseSpec(program=ProgramSpec(steps))}
    text = case_file_text("../crate", cases, left_out=("exit",))
    read = parse_case_file(text, Path("cases.yaml"))
    assert read.extension == "../crate"
    assert {each.name: each.spec for each in read.cases} == {
        "null": cases["null"],
        "b-1": CaseSpec(program=ProgramSpec(steps)),
    }
    assert "exit" in text


def test_a_file_without_cases_is_one_too() -> None:
    assert parse_case_file(case_file_text("./x", {}), Path("x.yaml")).cases == ()
