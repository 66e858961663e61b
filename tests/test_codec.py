"""Values to the wire and back, and to Python text and back, without loss."""

from __future__ import annotations

import json
import struct
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from exactly import exact
from hypothesis import given

from harness import worker as worker_file
from harness.codec import decode, decode_program, encode, encode_program
from harness.errors import UnsendableValueError
from harness.odd_strategies import any_path, anything, callback
from harness.plain_strategies import float_from_bits, nested
from harness.program import Program, Step
from harness.render import render, render_program
from harness.values import (
    Absent,
    ArrayOf,
    Callback,
    Cycle,
    ExceptionValue,
    Inherited,
    InTurn,
    IteratorOf,
    Made,
    Named,
    NoMethod,
    Odd,
    Opaque,
    Raises,
    Result,
    Subclassed,
    Value,
    ViewOf,
)
from harness.vocabulary import evaluate_value


def deep(levels: int) -> Value:
    value: Value = "bottom"
    for level in range(levels):
        value = [value] if level % 2 else (value,)
    return value


BY_HAND: dict[str, Value] = {
    "largest plain integer": 2**53,
    "smallest tagged integer": 2**53 + 1,
    "negative tagged integer": -(2**53) - 1,
    "integer of 1000 bits": 2**1000 - 1,
    "integer of 20000 bits": -(2**20000) + 1,
    "integer of 20000 bits near no limit": 3**12000,
    "limits of widths": [sign * 2**63 + step for sign in (1, -1) for step in range(-3, 4)],
    "bool": True,
    "minus zero": -0.0,
    "subnormal": 5e-324,
    "infinity": float("-inf"),
    "quiet nan": float("nan"),
    "negative nan": float_from_bits("fff8000000000000"),
    "nan with payload": float_from_bits("7ff8000000000123"),
    "signalling nan": float_from_bits("7ff0000000000001"),
    "complex of minus zeros": complex(-0.0, -0.0),
    "complex of nans": complex(float_from_bits("7ff8000000000001"), float("-inf")),
    "lone high surrogate": "a\ud800b",
    "lone low surrogate": "\udfff",
    "surrogates in the wrong order": "\udc00\ud800",
    "surrogate pair": "\ud83d\ude00",
    "astral": "\U0001f600",
    "nul": "a\0b",
    "quotes and newlines": "'\"\\\n\r\t\x7f\x85\u2028",
    "text like a tag": "l",
    "list like a tag": ["i", "0x10"],
    "list like an outcome": ["!", "ValueError"],
    "bytes": bytes(range(256)),
    "bytearray": bytearray(b"\0\xff"),
    "no bytes": b"",
    "empty containers": [[], (), {}, set(), frozenset()],
    "one-tuple": (1,),
    "200 deep": deep(200),
    "order of dicts": {"b": 1, "a": 2, None: 3},
    "keys of every kind": {(1, "x"): 1, b"k": 2, 1.5: 3, frozenset({1}): 4, "\ud800": 5},
    "bool beside int": [True, 1, 1.0, {False: 0}],
    "set": {1, "a", None, (2, 3)},
    "set of nan": {float_from_bits("7ff8000000000001")},
    "range": range(5, -(2**70), -3),
    "slice": slice(None, 2**70, -1),
    "slice of floats": slice(float("nan"), -0.0, "\ud800"),
    "slice of an odd object": slice(Odd("int", 1, (("__index__", 2),)), None, None),
    "ellipsis": ...,
    "not implemented": NotImplemented,
    "named": Named("builtins.int"),
    "made": Made("decimal.Decimal", ("1.50",)),
    "array": ArrayOf("i", b"\1\0\0\0"),
    "view": ViewOf(b"\1\2\3\4", "H", False),
    "read-only view": ViewOf(b"", "B", True),
    "result": Result(3),
    "iterator": IteratorOf((1, Raises("ValueError", "stop"), ["!", "x"])),
    "iterator of nothing": IteratorOf(()),
    "callback": Callback((1, Raises("KeyError"), "last")),
    "odd object": Odd("object", None, (("__len__", 3), ("__iter__", IteratorOf((1,))))),
    "odd with turns": Odd("object", None, (("__getitem__", InTurn((1, Raises("IndexError", "end")))),)),
    "odd without a method": Odd("object", None, (("__iter__", NoMethod()), ("__hash__", None))),
    "message with a surrogate": Odd("object", None, (("__str__", Raises("ValueError", "\ud800")),)),
    "odd in odd": Odd("list", [Odd("int", 5)], (("__len__", Odd("int", 2)),)),
    **{
        f"{base} subclass": Odd(base, payload)
        for base, payload in {
            "int": 2**70,
            "float": -0.0,
            "complex": 1j,
            "str": "\ud800",
            "bytes": b"x",
            "bytearray": bytearray(b"x"),
            "list": [1],
            "tuple": (1,),
            "dict": {"b": 1, "a": 2},
            "set": {1},
            "frozenset": frozenset({1}),
        }.items()
    },
    "exception": ExceptionValue("ValueError", ("text", 1.5)),
    "exception of a module": ExceptionValue("decimal.InvalidOperation", ()),
    "exception with everything": ExceptionValue(
        "KeyError",
        ("\ud800",),
        ("note 1", "note \udfff"),
        ExceptionValue("LookupError", (2, "gone"), ("inner",)),
        ExceptionValue("TypeError", (), (), None, ExceptionValue("IndexError")),
    ),
}
by_hand = pytest.mark.parametrize("value", BY_HAND.values(), ids=list(BY_HAND))


def through_msgspec(wire: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(wire))


def through_json(wire: Any) -> Any:
    # As the worker reads and writes it.
    return json.loads(json.dumps(wire).encode("ascii"))


@by_hand
def test_a_value_by_hand_survives_the_wire(value: Value) -> None:
    assert exact(decode(through_json(through_msgspec(encode(value))))) == exact(value)


@given(anything())
def test_any_value_survives_the_wire(value: Value) -> None:
    assert exact(decode(through_json(through_msgspec(encode(value))))) == exact(value)


@given(st.one_of(any_path(), nested(40), callback(anything(), anything())))
def test_paths_and_nests_and_callbacks_survive_the_wire(value: Value) -> None:
    assert exact(decode(through_msgspec(encode(value)))) == exact(value)


@by_hand
def test_a_value_by_hand_survives_its_text(value: Value) -> None:
    assert exact(evaluate_value(render(value))) == exact(value)


@given(st.one_of(anything(), any_path(), callback(anything())))
def test_any_value_survives_its_text(value: Value) -> None:
    assert exact(evaluate_value(render(value))) == exact(value)


@given(st.sets(st.one_of(st.sampled_from([0, 8, 16, 24]), st.text(max_size=3)), min_size=2))
def test_the_order_of_a_set_reaches_neither_the_wire_nor_the_text(elements: set[Value]) -> None:
    # The hashes of texts are salted per process: the same seed must still send the same bytes.
    again: set[Value] = set()
    for element in sorted(elements, key=repr, reverse=True):
        again.add(element)
    assert encode(again) == encode(elements)
    assert render(again) == render(elements)


@pytest.mark.parametrize("value", [object(), Absent(), [Absent()], type("Sub", (int,), {})(1), memoryview(b"")])
def test_what_has_no_wire_form_is_refused_by_its_type(value: object) -> None:
    with pytest.raises(UnsendableValueError, match=r"^a value of type \w+ cannot be sent to a worker here: "):
        encode(value)


@pytest.mark.parametrize("wire", [[], ["?"], ["?", 1], {"a": 1}, [["l"]]])
def test_what_is_no_wire_form_is_refused(wire: object) -> None:
    with pytest.raises(ValueError, match=r"^not in the wire form: "):
        decode(wire)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        (["k", "mod.Sub", ["l", 1]], Subclassed("mod.Sub", [1])),
        (["o", "mod.Thing", "<thing>"], Opaque("mod.Thing", "<thing>")),
        (["l", ["@", 1]], [Cycle(1)]),
        (["S", ["O", "list", ["l"], []]], Made("builtins.set", ([Odd("list", [])],))),
        (["r", 0, ["O", "int", 3, []], 1], Made("builtins.range", (0, Odd("int", 3), 1))),
        (["d", ["O", "list", ["l"], []], 1], Made("builtins.dict", ([(Odd("list", []), 1)],))),
        (
            ["e", "builtins.ValueError", ["x"], {"str": "x", "suppress": True, "cause": ["e", "E", [], {"str": ""}]}],
            ExceptionValue("builtins.ValueError", ("x",), (), ExceptionValue("E")),
        ),
    ],
)
def test_what_only_workers_send_is_decoded(wire: object, value: Value) -> None:
    assert exact(decode(wire)) == exact(value)


PROGRAM = Program(
    "geo",
    (
        Step("call", "Account", (1, "\ud800"), (("k\u00e9y", 2**70), ("z", None))),
        Step("method", "deposit", (Result(0), -0.0), (("currency", "x"),)),
        Step("get", "total", (Result(0),)),
        Step("set", "total", (Result(0), [Result(1)])),
        Step("delete", "total", (Result(0),)),
        Step("operator", "add", (Result(0), 2)),
        Step("operator", "contains", ([1], 1)),
        Step("builtin", "repr", (Result(0),)),
        Step("iterate", "", (Result(0),), count=3),
        Step("forget", count=0),
        Step("with", "pass", (Result(1),)),
        Step("with", "raise", (Result(1), ExceptionValue("ValueError", ("x",)))),
        Step("with", "push", (Result(1), 2), (("front", True),)),
        Step("await", "run", (Result(1),)),
        Step("await", "drive", (Result(1), None, ExceptionValue("KeyError"))),
        Step("await", "with", (Result(1),)),
        Step("await", "for", (Result(1),)),
        Step(
            "subclass",
            "Account",
            (Named("builtins.dict"),),
            (("deposit", Inherited()), ("__len__", InTurn((1, Raises("ValueError", "no")))), ("__hash__", NoMethod())),
        ),
        Step("subclass", "Account"),
        Step("apply", "", (Result(17), 1), (("note", "x"),)),
        Step("unpack", "a, *b", (Result(1),)),
        Step("unpack", "**", (Result(1),)),
        Step("pickle", "", (Result(1),), count=4),
        Step("collect", count=2),
    ),
)


def test_a_program_of_every_kind_of_step_survives_the_wire() -> None:
    assert exact(decode_program(through_msgspec(encode_program(PROGRAM)))) == exact(PROGRAM)


def test_a_program_is_shown_as_python() -> None:
    assert render_program(PROGRAM).splitlines() == [
        "r0 = Account(1, '\\ud800', k\u00e9y=2**70, z=None)",
        "r1 = r0.deposit(-0.0, currency='x')",
        "r2 = r0.total",
        "r0.total = [result(1)]",
        "del r0.total",
        "r5 = r0 + 2",
        "r6 = 1 in [1]",
        "r7 = repr(r0)",
        "r8 = list(itertools.islice(r0, 3))",
        "del r0",
        "with r1 as entered: r10 = entered, None",
        "with r1: raise exception('ValueError', 'x')",
        "with r1 as entered: r12 = entered, entered.push(2, front=True)",
        "r13 = asyncio.run(r1)",
        "r14 = drive(r1, None, exception('KeyError'))",
        "r15 = asyncio.run(enter_and_leave(r1))",
        "r16 = asyncio.run(take_all(r1))",
        "class r17(named('builtins.dict'), Account): deposit = method(inherited()); "
        "__len__ = method(in_turn(1, raises('ValueError', 'no'))); __hash__ = method(no_method())",
        "class r18(Account): pass",
        "r19 = r17(1, note='x')",
        "a, *b = r1; r20 = a, b",
        "r21 = (lambda **each: each)(**r1)",
        "r22 = pickle.loads(pickle.dumps(r1, 4))",
        "gc.collect(2)",
    ]


def test_a_program_of_one_step_is_shown_without_a_name_for_its_result() -> None:
    assert render_program(Program("m", (Step("call", "f", (float("nan"),)),))) == "f(nan)"


@pytest.mark.parametrize("wire", [["call", "f"], ["set"], []])
def test_what_is_no_step_is_refused(wire: object) -> None:
    with pytest.raises(ValueError, match=r"^not the wire form of a step: "):
        decode_program(["m", [wire]])


def test_the_steps_of_a_case_file_have_a_kind_that_the_worker_knows() -> None:
    from harness.program import STEP_KINDS

    assert set(STEP_KINDS) == set(worker_file.PREPARATIONS)


# --- the worker's half, in this process ------------------------------------------------------------

worker: Any = worker_file  # Written for Python 3.9, without types.
SENT_ONLY = {"made", "result", "exception", "exception of a module", "exception with everything"}


@pytest.mark.parametrize("name", [name for name in BY_HAND if name not in SENT_ONLY])
def test_the_worker_encodes_what_it_built_as_it_was_sent(name: str) -> None:
    wire = through_msgspec(encode(BY_HAND[name]))
    assert exact(decode(worker.encode(worker.build(wire, [])))) == exact(BY_HAND[name])


@given(st.floats(allow_nan=True))
def test_a_float_keeps_its_bits_in_the_worker(value: float) -> None:
    built = worker.build(through_msgspec(encode(value)), [])
    assert struct.pack(">d", built) == struct.pack(">d", value)
