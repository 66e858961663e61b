"""What counts as the same, and what kind a difference is."""

from __future__ import annotations

import struct
from typing import Any, get_args

import hypothesis.strategies as st
import pytest
from hypothesis import given

from harness.codec import encode
from harness.compare import Comparison, compare
from harness.differences import difference_of, mask_addresses
from harness.findings import place_of
from harness.observation import (
    Crashed,
    Divergence,
    Hung,
    Kind,
    Observation,
    Outcome,
    Raised,
    Returned,
    Unsupported,
    outcome_name,
)
from harness.odd_strategies import anything
from harness.plain_strategies import float_from_bits
from harness.program import Program, Step
from harness.render import render
from harness.rules import NAN_PAYLOADS, RULE_NAMES, RULES
from harness.values import Value

NO_RULES: frozenset[str] = frozenset()
NAN, NEGATIVE_NAN, OTHER_NAN = (
    float_from_bits(bits) for bits in ("7ff8000000000000", "fff8000000000000", "7ff8000000000001")
)


def difference(reference: Value, other: Value, *rules: str) -> tuple[str, str] | None:
    """Return kind and path of the difference between two returned values."""
    return step_difference(Observation(Returned(encode(reference))), Observation(Returned(encode(other))), *rules)


def step_difference(reference: Observation, other: Observation, *rules: str) -> tuple[str, str] | None:
    found = compare(frozenset(rules), reference=[reference], other=[other]).divergence
    back = compare(frozenset(rules), reference=[other], other=[reference]).divergence
    assert (found is None) == (back is None), "comparing must not depend on the side"
    return None if found is None else (found.kind, found.path)


def exception(path: str = "builtins.ValueError", *arguments: Any, **details: Any) -> list[Any]:
    return ["e", path, [encode(each) for each in arguments], {"str": "text", **details}]


def raised(*arguments: Any, **details: Any) -> Observation:
    return Observation(Raised(exception(*arguments, **details)))


def returned(**effects: Any) -> Observation:
    return Observation(Returned(None), effects)


# One pair of observations for each kind; the test below holds that none is left out.
PAIRS: dict[Kind, tuple[Observation, Observation, str]] = {
    "outcome": (returned(), raised(), ""),
    "value": (Observation(Returned(["l", 1, 2])), Observation(Returned(["l", 1, 3])), "[1]"),
    "type": (Observation(Returned(["l", 1])), Observation(Returned(["t", 1])), ""),
    "order": (Observation(Returned(["d", "a", 1, "b", 2])), Observation(Returned(["d", "b", 2, "a", 1])), ""),
    "exception-type": (raised("builtins.ValueError"), raised("builtins.TypeError"), ""),
    "exception-arguments": (raised("E", "x", 1), raised("E", "x", 2), ".args[1]"),
    "exception-message": (raised("E", str="a"), raised("E", str="b"), ""),
    "exception-notes": (raised("E", notes=["a", "b"]), raised("E", notes=["a", "c"]), ".__notes__[1]"),
    "exception-cause": (raised("E", cause=exception("A")), raised("E", cause=exception("B")), ".__cause__"),
    "exception-context": (
        raised("E", context=exception("A", 1)),
        raised("E", context=exception("A", 2)),
        ".__context__.args[0]",
    ),
    "exception-attributes": (raised("E", attributes={"errno": 1}), raised("E", attributes={"errno": 2}), ".errno"),
    "argument": (returned(arguments={"0": ["l", 1]}), returned(arguments={"0": ["l", 2]}), " argument 0[0]"),
    "stdout": (returned(stdout="a"), returned(stdout="b"), ""),
    "stderr": (returned(stderr="a"), returned(), ""),
    "warnings": (returned(warnings=[["W", "a"]]), returned(warnings=[["W", "b"]]), ""),
    "unraisable": (
        returned(unraisable=[[exception("E"), None, ["o", "m.Box", "<Box at 0x1>"]]]),
        returned(unraisable=[[exception("E"), None, ["o", "m.Lid", "<Lid at 0x2>"]]]),
        "",
    ),
    "calls": (returned(calls=[["__len__", 0], ["__iter__", 0]]), returned(calls=[["__len__", 0]]), ""),
    "identity": (returned(same=["0"]), returned(), ""),
    "exception-bases": (raised("E", bases=["A", "B"]), raised("E", bases=["B", "A"]), ".__bases__"),
    "state": (
        Observation(Returned(["l", ["o", "m.Box", "<Box>", {"size": 1, "x": None}]])),
        Observation(Returned(["l", ["o", "m.Box", "<Box>", {"size": 2, "x": None}]])),
        "[0].size",
    ),
    "results": (returned(results={"0": ["l", 1]}), returned(results={"0": ["l", 2]}), " result 0[0]"),
    "equality": (returned(equality={"0": [True, True]}), returned(equality={"0": [True, False]}), ""),
    "thread-exceptions": (returned(**{"thread-exceptions": [[exception("E")]]}), returned(), ""),
    "pickled": (returned(pickled=[["b", "80"]]), returned(pickled=[["b", "81"]]), ""),
    "handled": (returned(handled=[exception("E")]), returned(), ""),
    "died": (returned(died=["object 0", "result 1"]), returned(died=["result 1", "object 0"]), ""),
    "leaked": (returned(leaked=["result 0"]), returned(), ""),
    "leak": (returned(), returned(grows=4_000_000), ""),
    "exit": (returned(exit={"stderr": "a"}), returned(), ""),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_a_difference_of_each_kind_is_found_with_its_path(kind: Kind) -> None:
    reference, other, path = PAIRS[kind]
    assert step_difference(reference, other) == (kind, path)


@pytest.mark.parametrize("kind", PAIRS)
def test_an_observation_is_the_same_as_itself(kind: Kind) -> None:
    for observation in PAIRS[kind][:2]:
        assert step_difference(observation, observation) is None


def test_no_kind_is_left_out() -> None:
    assert set(PAIRS) == set(get_args(Kind))


def test_the_same_object_again_is_told_from_an_equal_one() -> None:
    again = Observation(Returned(["l", ["l"], ["&", 1]]))
    assert step_difference(again, Observation(Returned(["l", ["l"], ["l"]]))) == ("identity", "[1]")
    assert step_difference(again, Observation(Returned(["l", ["l"], ["&", 0]]))) == ("identity", "[1]")
    assert step_difference(again, again) is None


def test_attributes_are_compared_only_where_both_were_asked_for_them() -> None:
    without = Observation(Returned(["k", "m.Bag", ["l"]]))
    assert step_difference(without, Observation(Returned(["k", "m.Bag", ["l"], {"size": 1}]))) is None
    one = Observation(Returned(["k", "m.Bag", ["l"], {"size": 1}]))
    assert step_difference(one, Observation(Returned(["k", "m.Bag", ["l"], {}]))) == ("state", ".size")


@given(anything())
def test_any_value_is_the_same_as_itself(value: Value) -> None:
    assert difference(value, value) is None
    assert difference(value, value, NAN_PAYLOADS) is None


@given(anything(), anything())
def test_two_values_are_the_same_only_if_their_wires_are_or_differ_in_nans_and_addresses(a: Value, b: Value) -> None:
    if difference(a, b, NAN_PAYLOADS) is None:
        assert mask_addresses(repr(encode(a))) == mask_addresses(repr(encode(b)))


# --- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "other", "expected"),
    [
        (1, True, ("type", "")),
        (0, False, ("type", "")),
        (1, 1.0, ("type", "")),
        (None, False, ("type", "")),
        ("a", b"a", ("type", "")),
        (b"a", bytearray(b"a"), ("type", "")),
        ({1}, frozenset({1}), ("type", "")),
        (1.0, 1 + 0j, ("type", "")),
        (2**53, 2**53 + 1, ("value", "")),
        (2**70, 2**70, None),
        (2**70, 2**70 + 1, ("value", "")),
        (-(2**70), 2**70, ("value", "")),
        (0.0, -0.0, ("value", "")),
        (0.1 + 0.2, 0.3, ("value", "")),
        (0.3, 0.3, None),
        (float("inf"), float("inf"), None),
        (float("inf"), float("-inf"), ("value", "")),
        (float("inf"), 1e308, ("value", "")),
        (NAN, NAN, None),
        (NAN, NEGATIVE_NAN, None),
        (NAN, OTHER_NAN, None),
        (NAN, 0.0, ("value", "")),
        (complex(0.0, NAN), complex(0.0, OTHER_NAN), None),
        (complex(0.0, 0.0), complex(0.0, -0.0), ("value", "[1]")),
        ("\ud800", "\ud800", None),
        ("\ud800", "\udc00", ("value", "")),
        ("é", "e\u0301", ("value", "")),
        ([1, [2, (3, {"k": [4]})]], [1, [2, (3, {"k": [5]})]], ("value", "[1][1][1]['k'][0]")),
        ([1, [True]], [1, [1]], ("type", "[1][0]")),
        ([1], [1, 2], ("value", "")),
        ({"a": 1}, {"a": 2}, ("value", "['a']")),
        ({"a": 1}, {"b": 1}, ("value", "")),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ("order", "")),
        ([{"a": 1, "b": 2}], [{"b": 3, "a": 1}], ("order", "[0]")),
        ({1: "x"}, {True: "x"}, ("value", "")),
        ({1: "x"}, {1.0: "x"}, ("value", "")),
        ({NAN: 1}, {OTHER_NAN: 1}, None),
        ({(1, 2): [1]}, {(1, 2): [2]}, ("value", "['…'][0]")),
        ({1: {2: 3}}, {1: {2: 4}}, ("value", "[1][2]")),
        ({1, "a", None}, {None, 1, "a"}, None),
        ({1, 2}, {1, 3}, ("value", "")),
        ({1}, {True}, ("type", "")),
        ({NAN, 1}, {OTHER_NAN, 1}, None),
        ([frozenset({(1, 2)})], [frozenset({(1, 3)})], ("value", "[0]")),
        (range(3), range(0, 3, 1), None),
        (range(3), range(4), ("value", "[1]")),
        (slice(1), slice(None, 1, None), None),
        (slice(1), slice(2), ("value", "[1]")),
        (..., NotImplemented, ("type", "")),
    ],
    ids=render,
)
def test_values_are_compared_by_exact_type_and_bits(
    reference: Value, other: Value, expected: tuple[str, str] | None
) -> None:
    assert difference(reference, other) == expected


@pytest.mark.parametrize(
    ("reference", "other", "expected"),
    [
        (["T", "builtins.int"], ["T", "builtins.bool"], ("value", "")),
        (["k", "m.A", 1], ["k", "m.B", 1], ("type", "")),
        (["k", "m.A", ["l", 1]], ["k", "m.A", ["l", 2]], ("value", "[0]")),
        (["k", "m.A", 1], 1, ("type", "")),
        (["O", "int", 1, []], ["O", "int", 2, []], ("value", "")),
        (["O", "object", None, [["__len__", [1]]]], ["O", "object", None, [["__len__", [2]]]], ("value", "")),
        (["O", "int", 1, []], ["O", "float", 1.0, []], ("type", "")),
        (["o", "m.A", "<A>"], ["o", "m.A", "<B>"], ("value", "")),
        (["o", "m.A", "<A>"], ["o", "m.B", "<A>"], ("type", "")),
        (["o", "m.A", "<A at 0x7f00aa>"], ["o", "m.A", "<A at 0x7f00bb>"], None),
        (["M", "decimal.Decimal", ["1"]], ["M", "decimal.Decimal", ["1.0"]], ("value", "[0]")),
        (["M", "decimal.Decimal", ["1"]], ["M", "pathlib.PosixPath", ["1"]], ("type", "")),
        (["a", "i", "00"], ["a", "I", "00"], ("value", "")),
        (["m", "00", "B", True], ["m", "00", "B", False], ("value", "")),
        (["@", 1], ["@", 2], ("value", "")),
        (["@", 1], ["l"], ("type", "")),
        (["C", [1]], ["C", [2]], ("value", "")),
        (["I", [1, 2]], ["I", [2]], ("value", "")),
        (["l", exception("E", 1)], ["l", exception("E", 2)], ("value", "[0].args[0]")),
        (["l", exception("E")], ["l", exception("F")], ("type", "[0]")),
    ],
    ids=repr,
)
def test_what_only_workers_send_is_compared(reference: Any, other: Any, expected: tuple[str, str] | None) -> None:
    assert step_difference(Observation(Returned(reference)), Observation(Returned(other))) == expected


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_floats_are_the_same_exactly_if_their_bits_are_or_both_are_nan(left: int, right: int) -> None:
    a, b = (struct.unpack(">d", struct.pack(">Q", bits))[0] for bits in (left, right))
    assert (difference(a, b, NAN_PAYLOADS) is None) == (left == right)
    assert (difference(a, b) is None) == (left == right or (a != a and b != b))  # noqa: PLR0124


def test_nans_are_told_apart_where_a_case_asks() -> None:
    assert difference([NAN], [OTHER_NAN], NAN_PAYLOADS) == ("value", "[0]")
    assert difference(NAN, NAN, NAN_PAYLOADS) is None
    assert difference(NAN, NEGATIVE_NAN, NAN_PAYLOADS) == ("value", "")


def test_the_differing_parts_are_kept_in_wire_form() -> None:
    found = difference_of(["l", ["d", "k", ["i", "0x1"]]], ["l", ["d", "k", ["i", "0x2"]]])
    assert found is not None
    assert (found.reference, found.other) == (["i", "0x1"], ["i", "0x2"])


def test_addresses_are_masked_as_a_repr_prints_them() -> None:
    assert difference("<A at 0x7f1234567890>", "<A at 0x55aa1234>") is None
    assert difference("<A at 0x7f1234567890>", "<B at 0x7f1234567890>") == ("value", "")
    assert step_difference(raised(str="<A at 0x7f1234>"), raised(str="<A at 0x55aa1234>")) is None
    assert step_difference(returned(stdout="<A at 0x7f1234>"), returned(stdout="<A at 0x55aa1234>")) is None


def test_hexadecimal_numbers_that_are_no_address_are_compared() -> None:
    assert difference("0x7f1234567890", "0x55aa12345678") == ("value", "")
    assert difference("value 0xdeadbeef", "value 0xdeadbeee") == ("value", "")
    assert mask_addresses("at 0x7f123456, that is 0xdeadbeef") == "at 0x…, that is 0xdeadbeef"


# --- exceptions ------------------------------------------------------------------------------------


def test_the_first_kind_of_difference_between_exceptions_is_told() -> None:
    assert step_difference(raised("A", 1, str="a"), raised("B", 2, str="b")) == ("exception-type", "")
    # The message is most often made from the arguments: one finding and not two.
    assert step_difference(raised("A", 1, str="a"), raised("A", 2, str="b")) == ("exception-message", "")
    assert step_difference(raised("A", 1), raised("A", 1, 2)) == ("exception-arguments", ".args")


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"notes": ["x"]}, ("exception-notes", ".__notes__")),
        ({"cause": exception("A")}, ("exception-cause", ".__cause__")),
        ({"context": exception("A")}, ("exception-context", ".__context__")),
        ({"suppress": True}, ("exception-context", ".__suppress__")),
        ({"attributes": {"errno": 2}}, ("exception-attributes", ".__attributes__")),
        ({"cut": "the chain"}, ("exception-context", ".__cut__")),
    ],
)
def test_what_hangs_on_only_one_of_two_exceptions_is_told(details: dict[str, Any], expected: tuple[str, str]) -> None:
    assert step_difference(raised("E"), raised("E", **details)) == expected


def test_a_context_that_is_the_cause_differs_from_one_of_its_own() -> None:
    cause = exception("A", 1)
    shared, separate = raised("E", cause=cause, context="the cause"), raised("E", cause=cause, context=cause)
    assert step_difference(shared, separate) == ("exception-context", ".__context__")
    assert step_difference(separate, shared) == ("exception-context", ".__context__")
    assert step_difference(shared, shared) is None


def test_a_cause_is_compared_as_far_as_it_goes() -> None:
    inner = exception("A", cause=exception("B", 1))
    other = exception("A", cause=exception("B", 1.0))
    assert step_difference(raised("E", cause=inner), raised("E", cause=other)) == (
        "exception-cause",
        ".__cause__.__cause__.args[0]",
    )
    assert step_difference(raised("E", cause=exception("A", NAN)), raised("E", cause=exception("A", OTHER_NAN))) is None


def test_attributes_of_exceptions_are_compared_as_values() -> None:
    assert step_difference(raised("E", attributes={"code": 1}), raised("E", attributes={"code": True})) == (
        "exception-attributes",
        ".code",
    )
    assert step_difference(raised("E", attributes={"code": 1}), raised("E", attributes={"name": 1})) == (
        "exception-attributes",
        ".code",
    )


# --- effects ---------------------------------------------------------------------------------------


def test_an_argument_that_only_one_backend_changed_is_told() -> None:
    assert step_difference(returned(arguments={"0": ["l", 1]}), returned()) == ("argument", " argument 0")
    both = returned(arguments={"0": ["l"], "k": ["l", ["f", "7ff8000000000001"]]})
    other = returned(arguments={"0": ["l"], "k": ["l", ["f", "7ff8000000000002"]]})
    assert step_difference(both, other) is None
    assert step_difference(both, other, NAN_PAYLOADS) == ("argument", " argument k[0]")


def test_calls_are_compared_by_name_number_and_what_they_were_given() -> None:
    once = returned(calls=[["callback", encode(((1.0,), {}))]])
    again = returned(calls=[["callback", encode(((1,), {}))]])
    assert step_difference(once, again) == ("calls", " call[0] of callback[0][0]")
    nans = [returned(calls=[["callback", encode(((nan,), {}))]]) for nan in (NAN, OTHER_NAN)]
    assert step_difference(nans[0], nans[1]) is None
    assert step_difference(nans[0], nans[1], NAN_PAYLOADS) == ("calls", " call[0] of callback[0][0]")
    assert step_difference(returned(), once) == ("calls", "")


def test_a_differing_result_is_told_before_a_differing_effect() -> None:
    one = Observation(Returned(1), {"stdout": "a"})
    other = Observation(Returned(2), {"stdout": "b"})
    assert step_difference(one, other) == ("value", "")


# --- outcomes and steps ----------------------------------------------------------------------------

OUTCOMES: list[Outcome] = [
    Returned(1),
    Raised(exception()),
    Raised(exception(), unprepared=True),
    Crashed("died with SIGSEGV", "one text"),
    Crashed("died with SIGABRT"),
    Hung(1.0),
    Unsupported(("PyFoo",)),
]


@pytest.mark.parametrize("left", OUTCOMES, ids=repr)
@pytest.mark.parametrize("right", OUTCOMES, ids=repr)
def test_outcomes_are_the_same_only_if_they_are_one(left: Outcome, right: Outcome) -> None:
    found = compare(NO_RULES, reference=[Observation(left)], other=[Observation(right)]).divergence
    if left is right:
        assert found is None
    else:
        assert found is not None
        assert found.kind == "outcome"
        assert found.reference != found.other, "a difference that cannot be seen helps nobody"
        assert found.reference.startswith(outcome_name(left))
        assert found.other.startswith(outcome_name(right))


def test_the_stderr_and_the_time_of_an_end_are_not_compared() -> None:
    dead = [Observation(Crashed("died with SIGSEGV", text)) for text in ("a", "b")]
    assert step_difference(dead[0], dead[1]) is None
    assert step_difference(Observation(Hung(1.0)), Observation(Hung(2.0))) is None


def test_a_crash_of_a_program_of_many_steps_is_told_at_its_last() -> None:
    whole = [Observation(Returned(1))] * 3
    found = compare(NO_RULES, reference=whole, other=[Observation(Crashed("died with SIGSEGV"))]).divergence
    assert found == Divergence(2, "outcome", "", "returned", "crashed")
    found = compare(NO_RULES, reference=[Observation(Hung(1.0))], other=whole).divergence
    assert found == Divergence(2, "outcome", "", "hung", "returned")


def test_nothing_is_judged_after_the_first_divergence() -> None:
    reference = [Observation(Returned(each)) for each in (1, 2, 3)]
    other = [Observation(Returned(each)) for each in (1, 5, 6)]
    assert compare(NO_RULES, reference=reference, other=other).divergence == Divergence(1, "value", "", 2, 5)


# --- rules -----------------------------------------------------------------------------------------

PANICS = [
    returned(stderr=f"thread '<unnamed>' ({number}) panicked at src/lib.rs:1:2:\nboom\n") for number in (4711, 815)
]


def test_a_rule_makes_a_difference_legal_and_is_counted() -> None:
    assert step_difference(PANICS[0], PANICS[1]) == ("stderr", "")
    comparison = compare(frozenset({"panic-thread-id"}), reference=PANICS[:1], other=PANICS[1:])
    assert comparison == Comparison(None, frozenset({"panic-thread-id"}))


def test_a_rule_that_is_not_needed_is_not_counted() -> None:
    for rule in RULES:
        comparison = compare(frozenset({rule}), reference=PANICS[:1], other=PANICS[:1])
        assert comparison == Comparison(None, frozenset())


def test_a_rule_hides_nothing_but_its_own_difference() -> None:
    other = returned(stderr=str(PANICS[1].effects["stderr"]).replace("boom", "bang"))
    assert step_difference(PANICS[0], other, "panic-thread-id") == ("stderr", "")
    assert step_difference(returned(stdout="a"), returned(stdout="b"), *RULE_NAMES) == ("stdout", "")


def test_a_stderr_that_is_ignored_may_be_missing() -> None:
    comparison = compare(frozenset({"stderr-ignored"}), reference=[PANICS[0]], other=[returned()])
    assert comparison == Comparison(None, frozenset({"stderr-ignored"}))


def test_every_rule_is_named_by_itself_and_says_why() -> None:
    for name, rule in RULES.items():
        assert rule.name == name
        assert rule.reason.endswith(".")
        assert bool(rule.effects) != (rule.allows is not None), name


# --- identity of findings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "path", "place"),
    [
        (Step("call", "geo.area"), "[2]['key'][0]", "geo.area()[…][…][…]"),
        (Step("call", "f"), "[True][False]", "f()[…][…]"),
        (Step("method", "deposit"), ".args[1]", ".deposit().args[…]"),
        (Step("get", "total"), "", ".total"),
        (Step("set", "total"), "", ".total ="),
        (Step("delete", "total"), "", "del .total"),
        (Step("operator", "add"), "", "operator add"),
        (Step("builtin", "repr"), "", "builtin repr"),
        (Step("iterate"), "[7]", "iterate[…]"),
        (Step("forget"), "", "forget"),
        (Step("call", "f"), " call[3] of __index__", "f() call[…] of __index__"),
        (Step("call", "f"), " argument 0[1]", "f() argument 0[…]"),
    ],
)
def test_the_place_of_a_finding_leaves_positions_out(step: Step, path: str, place: str) -> None:
    program = Program("m", (Step("call", "first"), step))
    assert place_of(program, Divergence(1, "value", path, 1, 2)) == place
