"""What an expression of a case file may say, what is refused, and where the refusal points."""

from __future__ import annotations

import time

import pytest
from exactly import exact
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from harness.expressions import DEPTH_LIMIT, SOURCE_LIMIT_CHARACTERS, ExpressionError, evaluate
from harness.values import Absent, Callback, Inherited, InTurn, IteratorOf, Named, NoMethod, Odd, Raises, Result
from harness.vocabulary import HYPOTHESIS_NAMES, STRATEGY_NAMES, VALUE_NAMES, evaluate_strategy, evaluate_value

NOT_ALLOWED = "is not allowed here; use literals and the names in docs/case-files.md"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1", 1),
        ("-2**63", -(2**63)),
        ("2**63 - 1", 2**63 - 1),
        ("~0", -1),
        ("+1", 1),
        ("7 // 2 * 3 % 5", 4),
        ("1 << 8 | 1", 257),
        ("2 ** 0.5", 2**0.5),
        ("1e308 * 10", float("inf")),
        ("-inf", float("-inf")),
        ("0x10 + 0b1 + 1_000", 1017),
        ("'a' 'b'", "ab"),
        ("'a' * 3 + 'b'", "aaab"),
        ("b'\\xff'", b"\xff"),
        ("'\\ud800'", "\ud800"),
        ("[1, (2,), {3}, {'k': None}]", [1, (2,), {3}, {"k": None}]),
        ("[0] * 3", [0, 0, 0]),
        ("()", ()),
        ("True", True),
        ("...", ...),
        ("NotImplemented", NotImplemented),
        ("2j", 2j),
        ("  1 ", 1),
        ("(1,\n 2)", (1, 2)),
        ("range(3)", range(3)),
        ("slice(1, None)", slice(1, None)),
        ("set()", set()),
        ("frozenset({1})", frozenset({1})),
        ("bytearray(b'x')", bytearray(b"x")),
        ("complex(1, -0.0)", complex(1, -0.0)),
        ("float_bits('8000000000000000')", -0.0),
        ("result(2)", Result(2)),
        ("absent()", Absent()),
        ("named('builtins.int')", Named("builtins.int")),
        ("raises('KeyError', 'x')", Raises("KeyError", "x")),
        ("in_turn(1, raises('KeyError'))", InTurn((1, Raises("KeyError")))),
        ("odd(__len__=1, __hash__=no_method())", Odd("object", None, (("__len__", 1), ("__hash__", NoMethod())))),
        ("int_subclass(5, __index__=6)", Odd("int", 5, (("__index__", 6),))),
        ("callback(1, 2)", Callback((1, 2))),
        ("iterator([1, raises('KeyError')])", IteratorOf((1, Raises("KeyError")))),
    ],
)
def test_what_is_allowed_means_what_python_means(source: str, value: object) -> None:
    assert exact(evaluate_value(source)) == exact(value)


ATTACKS: list[tuple[str, int, str]] = [
    ("().__class__.__bases__[0]", 0, f"indexing {NOT_ALLOWED}"),
    ("().__class__", 0, f"attribute access {NOT_ALLOWED}"),
    ("just((1).real)", 5, f"attribute access {NOT_ALLOWED}"),
    ("''.join(['a'])", 0, f"attribute access {NOT_ALLOWED}"),
    ("integers().map(print)", 0, f"attribute access {NOT_ALLOWED}"),
    ("text().filter(1)", 0, f"attribute access {NOT_ALLOWED}"),
    ("integers.__globals__['os']", 0, f"indexing {NOT_ALLOWED}"),
    ("__import__('os')", 0, "unknown name '__import__'"),
    ("one_of(none(), eval('1'))", 15, "unknown name 'eval'"),
    ("open('/etc/passwd')", 0, "unknown name 'open'"),
    ("exec", 0, "unknown name 'exec'"),
    ("builds(int)", 0, "unknown name 'builds'"),
    ("data()", 0, "unknown name 'data'"),
    ("register_type_strategy(int, none())", 0, "unknown name 'register_type_strategy'"),
    ("__builtins__", 0, "unknown name '__builtins__'"),
    ("print('x')", 0, "unknown name 'print'"),
    ("integer(0, 5)", 0, "unknown name 'integer'; did you mean 'integers'?"),
    ("lists(intgers())", 6, "unknown name 'intgers'; did you mean 'integers'?"),
    ("'\u00e9\u00e9' + foo", 7, "unknown name 'foo'"),
    ("   foo", 3, "unknown name 'foo'"),
    ("(1,\n 2,\r\n foo)", 10, "unknown name 'foo'"),
    ("[x for x in (1,)]", 0, f"a comprehension {NOT_ALLOWED}"),
    ("just({x for x in (1,)})", 5, f"a comprehension {NOT_ALLOWED}"),
    ("{1: 2 for x in (1,)}", 0, f"a comprehension {NOT_ALLOWED}"),
    ("tuples(x for x in (1,))", 6, f"a comprehension {NOT_ALLOWED}"),
    ("lambda: 1", 0, f"a lambda {NOT_ALLOWED}"),
    ("just(lambda: 1)", 5, f"a lambda {NOT_ALLOWED}"),
    ("f'{1}'", 0, f"an f-string {NOT_ALLOWED}"),
    ("'a' f'{().__class__}'", 0, f"an f-string {NOT_ALLOWED}"),
    ("(x := 1)", 1, f"an assignment {NOT_ALLOWED}"),
    ("one_of(*[none()])", 7, f"unpacking {NOT_ALLOWED}"),
    ("[*(1, 2)]", 1, f"unpacking {NOT_ALLOWED}"),
    ("integers(**{'min_value': 0})", 0, f"unpacking {NOT_ALLOWED}"),
    ("{**{}}", 0, f"unpacking {NOT_ALLOWED}"),
    ("[1][0]", 0, f"indexing {NOT_ALLOWED}"),
    ("1 if True else 2", 0, f"a conditional expression {NOT_ALLOWED}"),
    ("1 < 2", 0, f"a comparison {NOT_ALLOWED}"),
    ("1 and 2", 0, f"a boolean operator {NOT_ALLOWED}"),
    ("not 1", 0, f"this operator {NOT_ALLOWED}"),
    ("1 / 2", 0, f"this operator {NOT_ALLOWED}"),
    ("1 @ 2", 0, f"this operator {NOT_ALLOWED}"),
    ("await none()", 0, f"await {NOT_ALLOWED}"),
    ("(yield)", 1, f"yield {NOT_ALLOWED}"),
    ("just(1)(2)", 0, f"calling this {NOT_ALLOWED}"),
    ("nan()", 0, "nan is a constant and cannot be called"),
    ("import os", 0, "not an expression: invalid syntax"),
    ("x = 1", 2, "not an expression: invalid syntax"),
    ("1; 2", 1, "not an expression: invalid syntax"),
    ("integers(0, 5", 8, "not an expression: '(' was never closed"),
    ("just('a\nb')", 5, "not an expression: unterminated string literal (detected at line 1)"),
    ("(1,\n  2 3)", 6, "not an expression: invalid syntax. Perhaps you forgot a comma?"),
    ("", 0, "an expression is missing; an empty text is written ''"),
    ("\n ", 0, "an expression is missing; an empty text is written ''"),
    ("'\0'", 0, "not an expression: source code string cannot contain null bytes"),
    # Bombs.
    ("2 ** 2 ** 30", 0, "an integer of more than 100000 bits"),
    ("(10 ** 9) ** (10 ** 9)", 0, "an integer of more than 100000 bits"),
    ("2 ** -10000000", 0, "an integer of more than 100000 bits"),
    ("1 << 10 ** 9", 0, "an integer of more than 100000 bits"),
    ("(1 << 99999) << 99999", 0, "an integer of more than 100000 bits"),
    ("(1 << 60000) * (1 << 60000)", 0, "an integer of more than 100000 bits"),
    ("'a' * 10 ** 9", 0, "more than 100000 items"),
    ("10 ** 9 * b'a'", 0, "more than 100000 items"),
    ("[0] * 10 ** 9", 0, "more than 100000 items"),
    ("('a' * 60000) + ('b' * 60000)", 0, "more than 100000 items"),
    ("[[0] * 1000] * 1000", 0, "more than 100000 items"),
    ("[[[[0] * 99] * 99] * 99] * 99", 1, "more than 100000 items"),
    ("'%999999999d' % 1", 0, "% is for numbers only"),
    ("b'%s' % b''", 0, "% is for numbers only"),
    ("set(range(10 ** 9))", 0, "set: more than 100000 items"),
    ("bytearray(10 ** 9)", 0, "bytearray: more than 100000 items"),
    ("2.0 ** 100000", 0, "Numerical result out of range"),
    # Python's own refusals, at the place where they arise.
    ("1 // 0", 0, "integer division or modulo by zero"),
    ("[1, 'a' + 1]", 4, 'can only concatenate str (not "int") to str'),
    ("{[]: 1}", 0, "unhashable type: 'list'"),
    ("(1, {[1]})", 4, "unhashable type: 'list'"),
    ("(0, range(1.5))", 4, "range: 'float' object cannot be interpreted as an integer"),
    ("result()", 0, "result: Result.__init__() missing 1 required positional argument: 'step'"),
]


@pytest.mark.parametrize(("source", "column", "message"), ATTACKS, ids=[attack[0][:40] for attack in ATTACKS])
def test_an_attack_is_refused_with_its_place(source: str, column: int, message: str) -> None:
    started = time.monotonic()
    # A message may name what only the other vocabulary lacks.
    evaluator = evaluate_value if "items" in message or "result" in source else evaluate_strategy
    with pytest.raises(ExpressionError) as caught:
        evaluator(source)
    assert (caught.value.message, caught.value.column) == (message, column)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 + " * 8000 + "1", f"longer than {SOURCE_LIMIT_CHARACTERS} characters"),
        ("9" * 5000, "not an expression: Exceeds the limit"),
        ("(" * 5000 + ")" * 5000, "not an expression: too many nested parentheses"),
        ("-" * 15000 + "1", "not an expression: nested too deep"),
        ("~" * 400 + "1", f"nested more than {DEPTH_LIMIT} deep"),
        ("+".join("1" * 9000), "n"),
        ("just(" * 100 + "1" + ")" * 100, ""),
        ("a" + ".b" * 5000, ""),
    ],
)
def test_a_huge_expression_is_refused_and_not_a_crash(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, {})
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("source", "column", "message"),
    [
        ("integers(5, 1)", 0, "integers: Cannot have max_value=1 < min_value=5"),
        ("lists(integers('a'))", 6, "integers: min_value='a' must be a real number."),
        ("one_of(none(), sampled_from([]))", 15, "sampled_from: Cannot sample from a length-zero sequence."),
        ("lists(5)", 0, "lists: Expected a SearchStrategy but got elements=5 (type=int)"),
        ("floats(mni_value=0)", 0, "floats: floats() got an unexpected keyword argument 'mni_value'"),
        ("text(max_size=-1)", 0, "text: "),
        ("from_regex('(')", 0, "from_regex: "),
        ("complex('x')", 0, "complex: complex() arg is a malformed string"),
    ],
)
def test_what_hypothesis_refuses_is_known_before_anything_is_drawn(source: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate_strategy(source)
    assert caught.value.message.startswith(message)
    assert caught.value.column == column


# --- the vocabulary --------------------------------------------------------------------------------

NEEDS_ARGUMENTS = {
    "dictionaries": "dictionaries(text(), integers())",
    "fixed_dictionaries": "fixed_dictionaries({'a': integers()})",
    "from_regex": "from_regex('a+')",
    "frozensets": "frozensets(integers())",
    "sets": "sets(integers())",
    "lists": "lists(integers())",
    "just": "just(1)",
    "permutations": "permutations([1, 2])",
    "sampled_from": "sampled_from([1, 2])",
    "one_of": "one_of(integers(), text())",
    "in_turn": "in_turn(integers(), raises('KeyError'))",
    "iterator": "iterator(lists(integers()))",
    "mostly": "mostly(integers())",
    "array_of": "array_of('b', binary())",
    "exception": "exception('ValueError', text(), notes=lists(text()))",
    "float_bits": "float_bits('7ff8000000000001')",
    "made": "made('decimal.Decimal', integers())",
    "named": "named('builtins.int')",
    "raises": "raises('ValueError', text())",
    "view_of": "view_of(binary())",
    "range": "range(integers(0, 5))",
    "slice": "slice(none(), integers())",
    "result": "result(1)",
    "int_subclass": "int_subclass(any_int())",
    "float_subclass": "float_subclass(floats(), __float__=any_float())",
    "complex_subclass": "complex_subclass(any_complex())",
    "str_subclass": "str_subclass(text())",
    "bytes_subclass": "bytes_subclass(binary())",
    "bytearray_subclass": "bytearray_subclass(bytearrays())",
    "list_subclass": "list_subclass(lists(none()))",
    "tuple_subclass": "tuple_subclass(tuples(none()))",
    "dict_subclass": "dict_subclass(dictionaries(text(), none()))",
    "set_subclass": "set_subclass(sets(integers()))",
    "frozenset_subclass": "frozenset_subclass(frozensets(integers()))",
}
CONSTANTS = {"nan", "inf", "NotImplemented"}


@pytest.mark.parametrize("name", sorted(STRATEGY_NAMES))
def test_every_word_draws_something_that_can_be_sent(name: str) -> None:
    from harness.codec import encode

    source = name if name in CONSTANTS else NEEDS_ARGUMENTS.get(name, f"{name}()")
    drawn: list[object] = []

    @settings(
        max_examples=5, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(evaluate_strategy(source))
    def draw(value: object) -> None:
        drawn.append(value)
        if not isinstance(value, (Absent, Inherited, Raises, InTurn)) and name != "no_method":
            encode(value)

    if name == "nothing":
        with pytest.raises(Unsatisfiable, match="nothing"):
            draw()
        return
    draw()
    assert drawn


def test_every_word_that_makes_one_value_is_there_for_strategies_too() -> None:
    assert set(VALUE_NAMES) <= set(STRATEGY_NAMES)


def test_the_words_of_hypothesis_are_its_own() -> None:
    for name in HYPOTHESIS_NAMES:
        assert STRATEGY_NAMES[name].__wrapped__ is getattr(st, name)


def test_an_explicit_value_can_stand_for_a_strategy() -> None:
    drawn = []

    @settings(max_examples=1, database=None)
    @given(evaluate_strategy("(5, [6])"))
    def draw(value: object) -> None:
        drawn.append(value)

    draw()
    assert drawn == [(5, [6])]
