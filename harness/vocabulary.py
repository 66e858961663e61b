"""The words of case files: Hypothesis's strategies, ours beside them, and the same words for values.

``STRATEGY_NAMES`` is what an input's expression may use; ``VALUE_NAMES`` is what a stored program may
use, where ``int_subclass(5)`` is a value and not a strategy.  ``docs/case-files.md`` lists both.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness import expressions
from harness.values import (
    Absent,
    ArrayOf,
    Callback,
    ExceptionValue,
    InTurn,
    IteratorOf,
    Made,
    Named,
    NoMethod,
    Odd,
    Raises,
    Result,
    Value,
    ViewOf,
)

Values = SearchStrategy[Value]

INTEGER_WIDTHS = (7, 8, 15, 16, 31, 32, 53, 63, 64, 127, 128, 1024)
BUILTIN_EXCEPTIONS = (
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "OverflowError",
    "ZeroDivisionError",
    "StopIteration",
    "RuntimeError",
    "RecursionError",
    "MemoryError",
    "OSError",
    "KeyboardInterrupt",
    "SystemExit",
    "GeneratorExit",
)


def lift(value: Any) -> Values:
    """Return a strategy: the value itself if it is one, else the strategy that draws just it."""
    return value if isinstance(value, SearchStrategy) else st.just(value)


# --- plain values, drawn where backends could differ -----------------------------------------------


@cache
def any_int() -> Values:
    """Integers of every size: small, the limits of every width plus and minus one, and huge."""
    limits = {sign * 2**width + step for width in INTEGER_WIDTHS for sign in (-1, 1) for step in (-2, -1, 0, 1)}
    simplest_first = sorted(limits, key=lambda limit: (abs(limit), limit < 0))
    return st.one_of(
        st.integers(-300, 300), st.sampled_from(simplest_first), st.integers(), st.integers(-(2**70), 2**70)
    )


@cache
def any_float() -> Values:
    """Floats of every kind: NaNs with payloads, infinities, negative zero, subnormals, whole numbers."""
    special = [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]
    special += [float(2**width + step) for width in (24, 31, 53, 63, 64) for step in (-1, 0, 1)]
    return st.one_of(st.floats(), st.sampled_from(special), st.integers(-(10**6), 10**6).map(float), _nans())


def _nans() -> Values:
    payloads = st.sampled_from(["7ff8000000000001", "fff8000000000000", "7ff0000000000001", "7fffffffffffffff"])
    return payloads.map(float_from_bits)


@cache
def any_complex() -> Values:
    """Complex numbers whose parts are any floats."""
    return st.builds(complex, any_float(), any_float())


@cache
def any_text() -> Values:
    """Text with every kind of code point: lone surrogates, NUL, combining marks, beyond the BMP."""
    awkward = st.sampled_from(["\0", "\ud800", "\udc00", "\udfff", "\xe9", "e\u0301", "\xdf", "\u0131", "\u0130"])
    astral = st.sampled_from(["\U0001f600", "\u200d", "\ufeff"])
    pieces = st.lists(st.one_of(st.characters(), awkward, astral), max_size=8)
    return st.one_of(st.text(max_size=20), pieces.map("".join))


@cache
def any_bytes() -> Values:
    """Bytes, among them what is almost UTF-8."""
    almost = st.sampled_from([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\x00b", b"\xc0\x80"])
    return st.one_of(st.binary(max_size=20), almost)


def bytearrays(values: Any = None) -> Values:
    """Bytearrays with the bytes that ``values`` draws."""
    return (any_bytes() if values is None else lift(values)).map(bytearray)


@cache
def identifiers() -> Values:
    """Names that Python accepts for a keyword argument."""
    return st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True)


def ranges() -> Values:
    """Ranges, empty and backward ones too."""
    small = st.integers(-20, 20)
    return st.builds(range, small, small, small.filter(bool))


def slices() -> Values:
    """Slices with parts that are None, small, huge, or no integers at all."""
    part = st.one_of(st.none(), st.integers(-6, 6), any_int())
    return st.builds(slice, part, part, part)


@cache
def scalar() -> Values:
    """None, booleans, numbers, text and bytes."""
    return st.one_of(st.none(), st.booleans(), any_int(), any_float(), any_text(), any_bytes(), any_complex())


def nested(depth: int = 5, leaves: Any = None) -> Values:
    """Containers inside each other, up to ``depth`` deep; leaves are scalars unless given."""
    leaf = scalar() if leaves is None else lift(leaves)
    wrappers = st.lists(st.sampled_from(["list", "tuple", "dict", "pair"]), max_size=depth)
    return st.builds(_wrap, leaf, wrappers)


def _wrap(value: Value, wrappers: list[str]) -> Value:
    for wrapper in wrappers:
        match wrapper:
            case "list":
                value = [value]
            case "tuple":
                value = (value,)
            case "dict":
                value = {"k": value}
            case _:
                value = [0, value]
    return value


@cache
def containers() -> Values:
    """Lists, tuples, dicts and sets of scalars, one level or two."""
    keys = st.one_of(st.integers(-5, 5), st.text(max_size=3), st.booleans(), st.none())
    inner = st.one_of(scalar(), st.lists(scalar(), max_size=3))
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=3),
        st.sets(keys, max_size=3),
        st.frozensets(keys, max_size=3),
        bytearrays(),
    )


@cache
def anything() -> Values:
    """Every kind of value there is, odd objects included."""
    return st.one_of(
        scalar(), containers(), odd_any(), ranges(), slices(), exceptions(), exception_types(), st.just(...)
    )


def mostly(values: Any) -> Values:
    """What ``values`` draws; about once in ten times anything else."""
    return st.integers(0, 9).flatmap(lambda n: anything() if n == 9 else lift(values))


# --- objects with odd special methods --------------------------------------------------------------


def odd(base: str = "object", payload: Any = None, /, **methods: Any) -> Values:
    """An object whose special methods return what is drawn, or raise."""
    names = tuple(methods)
    drawn = st.tuples(*(lift(each) for each in methods.values()))
    return st.builds(lambda value, outcomes: Odd(base, value, tuple(zip(names, outcomes))), lift(payload), drawn)


def _subclass(base: str) -> Callable[..., Values]:
    def strategy(payload: Any, **methods: Any) -> Values:
        return odd(base, payload, **methods)

    strategy.__doc__ = f"Instances of a subclass of {base}, with special methods of its own if given."
    return strategy


SUBCLASS_BASES = ("int", "float", "complex", "str", "bytes", "bytearray", "list", "tuple", "dict", "set", "frozenset")
SUBCLASSES = {f"{base}_subclass": _subclass(base) for base in SUBCLASS_BASES}


def raises(exception: str, message: str = "") -> Raises:
    """A call that raises."""
    return Raises(exception, message)


def failing() -> Values:
    """Raises one of several exceptions."""
    return st.sampled_from(BUILTIN_EXCEPTIONS[:8]).map(lambda name: Raises(name, "odd"))


@cache
def odd_int() -> Values:
    """Subclasses of int, and objects whose ``__index__`` or ``__int__`` is odd or raises."""
    answers = st.one_of(any_int(), failing(), st.booleans(), any_float(), st.none(), int_subclass(any_int()))
    return st.one_of(
        int_subclass(any_int()),
        odd(__index__=answers),
        odd(__int__=answers),
        odd(__index__=answers, __int__=answers),
        odd("float", any_float(), __index__=answers),
        int_subclass(any_int(), __index__=answers, __int__=answers),
    )


@cache
def odd_float() -> Values:
    """Subclasses of float, and objects whose ``__float__`` or ``__index__`` is odd or raises."""
    answers = st.one_of(any_float(), failing(), any_int(), st.none(), float_subclass(any_float()))
    return st.one_of(
        float_subclass(any_float()),
        odd(__float__=answers),
        odd(__index__=any_int()),
        odd(__complex__=st.one_of(any_complex(), failing(), any_float())),
        float_subclass(any_float(), __float__=answers),
    )


@cache
def odd_str() -> Values:
    """Subclasses of str and bytes, and objects whose ``__str__`` or ``__repr__`` is odd or raises."""
    answers = st.one_of(any_text(), failing(), st.none(), str_subclass(any_text()), any_bytes())
    return st.one_of(
        str_subclass(any_text()),
        bytes_subclass(any_bytes()),
        odd(__str__=answers),
        odd(__repr__=answers),
        str_subclass(any_text(), __str__=answers),
        odd(__bytes__=answers),
        odd(__format__=answers),
    )


@cache
def odd_iterable() -> Values:
    """Iterators that raise, lengths that lie, ``__iter__`` that gives no iterator, list subclasses."""
    items = st.lists(st.one_of(scalar(), failing()), max_size=4).map(lambda each: IteratorOf(tuple(each)))
    lengths = st.one_of(st.integers(-1, 6), any_int(), failing(), st.none())
    return st.one_of(
        items,
        odd(__iter__=st.one_of(items, failing(), st.none(), st.lists(scalar(), max_size=2))),
        odd(__iter__=items, __len__=lengths),
        odd(__iter__=items, __length_hint__=lengths),
        list_subclass(st.lists(scalar(), max_size=3), __iter__=items),
        tuple_subclass(st.lists(scalar(), max_size=3).map(tuple), __len__=lengths),
        set_subclass(st.sets(st.integers(0, 9), max_size=3)),
        odd(__iter__=st.just(NoMethod())),
    )


@cache
def odd_sequence() -> Values:
    """Objects with ``__len__`` and ``__getitem__`` that disagree or raise."""
    lengths = st.one_of(st.integers(-1, 4), any_int(), failing())
    turns = st.lists(st.one_of(scalar(), st.just(Raises("IndexError", "end"))), min_size=1, max_size=4)
    items = turns.map(lambda each: InTurn((*each, Raises("IndexError", "end"))))
    return st.one_of(
        odd(__len__=lengths, __getitem__=items),
        odd(__getitem__=items),
        odd(__len__=lengths),
        list_subclass(st.lists(scalar(), max_size=3), __len__=lengths),
        list_subclass(st.lists(scalar(), max_size=3), __getitem__=failing()),
    )


@cache
def odd_mapping() -> Values:
    """Subclasses of dict and objects with ``keys`` and ``__getitem__`` that are odd or raise."""
    keys = st.lists(st.text(max_size=3), max_size=3)
    values = st.one_of(scalar(), failing())
    # It ends, as a mapping's does: iterated as a sequence, a ``__getitem__`` that never raises is endless.
    ending = st.lists(values, min_size=1, max_size=3).map(lambda each: InTurn((*each, Raises("KeyError", "end"))))
    pairs = st.dictionaries(st.text(max_size=3), scalar(), max_size=3)
    return st.one_of(
        dict_subclass(pairs),
        odd(keys=st.one_of(keys, failing(), st.none()), __getitem__=ending),
        odd(items=st.one_of(keys, failing()), __len__=st.integers(0, 3)),
        dict_subclass(pairs, __getitem__=values),
        dict_subclass(pairs, __iter__=failing()),
        dict_subclass(pairs, __missing__=values),
    )


@cache
def odd_bool() -> Values:
    """Objects whose truth is odd: ``__bool__`` that gives no bool or raises, ``__len__`` instead."""
    answers = st.one_of(st.booleans(), failing(), st.integers(-1, 2), st.none())
    return st.one_of(odd(__bool__=answers), odd(__len__=st.one_of(st.integers(-1, 2), failing())))


@cache
def odd_hash() -> Values:
    """Objects whose ``__hash__`` is odd, raises, or is None."""
    answers = st.one_of(any_int(), failing(), st.none(), st.just(NoMethod()))
    return st.one_of(odd(__hash__=answers), odd(__hash__=any_int(), __eq__=st.one_of(st.booleans(), failing())))


@cache
def odd_eq() -> Values:
    """Objects whose comparisons are odd: always, never, ``NotImplemented``, not a bool, or raising."""
    answers = st.one_of(st.booleans(), failing(), st.just(NotImplemented), st.integers(0, 2), st.text(max_size=2))
    return st.one_of(
        odd(__eq__=answers),
        odd(__eq__=answers, __hash__=st.integers(0, 3)),
        odd(__lt__=answers, __gt__=answers),
        odd(__eq__=answers, __ne__=answers, __le__=answers),
    )


@cache
def odd_any() -> Values:
    """Any of the odd objects."""
    return st.one_of(
        odd_int(),
        odd_float(),
        odd_str(),
        odd_iterable(),
        odd_sequence(),
        odd_mapping(),
        odd_bool(),
        odd_hash(),
        odd_eq(),
        odd(),
    )


@cache
def any_path() -> Values:
    """Paths: text, bytes, ``pathlib`` objects, and objects whose ``__fspath__`` is odd."""
    names = st.one_of(st.text(max_size=10), st.sampled_from(["a/b", "/", "", ".", "../x", "a\0b", "\udcff", "é/ü"]))
    answers = st.one_of(names, any_bytes(), failing(), st.none(), st.integers())
    return st.one_of(
        names,
        any_bytes(),
        names.filter(lambda name: "\0" not in name).map(lambda name: Made("pathlib.PurePosixPath", (name,))),
        odd(__fspath__=answers),
        str_subclass(names),
    )


# --- exceptions, callables, iterators --------------------------------------------------------------


@cache
def exceptions() -> Values:
    """Exception instances with arguments, notes, a cause and a context."""
    plain = st.builds(
        ExceptionValue,
        st.sampled_from([name for name in BUILTIN_EXCEPTIONS if name != "OSError"]),
        st.lists(scalar(), max_size=2).map(tuple),
        st.lists(st.text(max_size=5), max_size=2).map(tuple),
    )
    linked = st.one_of(st.none(), plain)
    return st.one_of(
        plain, st.builds(ExceptionValue, st.just("ValueError"), st.just(("outer",)), st.just(()), linked, linked)
    )


@cache
def exception_types() -> Values:
    """Exception classes."""
    return st.sampled_from(BUILTIN_EXCEPTIONS).map(lambda name: Named(f"builtins.{name}"))


def callback(outcome: Any = None, *more: Any) -> Values:
    """A callable that records its calls; each argument draws the outcome of one call, the last repeats."""
    return st.tuples(*(lift(each) for each in (outcome, *more))).map(Callback)


def iterator(entries: Any) -> Values:
    """An iterator over a drawn list; a ``raises(...)`` in it raises at its turn."""
    return lift(entries).map(lambda drawn: IteratorOf(tuple(drawn)))


def in_turn(*outcomes: Any) -> Values:
    """Different outcomes for successive calls of one special method."""
    return st.tuples(*(lift(each) for each in outcomes)).map(InTurn)


def result(step: int | None = None) -> Values:
    """The result of an earlier step: the given one, or any."""
    return st.integers(0, 15).map(Result) if step is None else st.just(Result(step))


def absent() -> Values:
    """Leaves the argument out."""
    return st.just(Absent())


def float_from_bits(bits: str) -> float:
    """Return the float with these 64 bits, 16 hexadecimal digits with the sign first (IEEE 754)."""
    number: float = struct.unpack(">d", bytes.fromhex(bits))[0]
    return number


int_subclass = SUBCLASSES["int_subclass"]
float_subclass = SUBCLASSES["float_subclass"]
str_subclass = SUBCLASSES["str_subclass"]
bytes_subclass = SUBCLASSES["bytes_subclass"]
list_subclass = SUBCLASSES["list_subclass"]
tuple_subclass = SUBCLASSES["tuple_subclass"]
dict_subclass = SUBCLASSES["dict_subclass"]
set_subclass = SUBCLASSES["set_subclass"]

CONSTANTS: dict[str, Any] = {"nan": float("nan"), "inf": float("inf"), "NotImplemented": NotImplemented}

HYPOTHESIS_NAMES = (
    *("binary", "booleans", "characters", "complex_numbers", "dictionaries", "fixed_dictionaries", "floats"),
    *("from_regex", "frozensets", "integers", "just", "lists", "none", "nothing", "one_of", "permutations"),
    *("sampled_from", "sets", "text", "tuples"),
)

OWN_STRATEGIES: dict[str, Callable[..., Any]] = {
    each.__name__: each
    for each in (
        any_int,
        any_float,
        any_complex,
        any_text,
        any_bytes,
        any_path,
        anything,
        bytearrays,
        callback,
        containers,
        exception_types,
        exceptions,
        failing,
        absent,
        identifiers,
        in_turn,
        iterator,
        mostly,
        nested,
        odd,
        odd_any,
        odd_bool,
        odd_eq,
        odd_float,
        odd_hash,
        odd_int,
        odd_iterable,
        odd_mapping,
        odd_sequence,
        odd_str,
        ranges,
        result,
        scalar,
        slices,
    )
}


def exception(name: str, *arguments: Value, **links: Any) -> ExceptionValue:
    """An exception instance; ``notes``, ``cause`` and ``context`` by keyword."""
    return ExceptionValue(name, arguments, tuple(links.get("notes", ())), links.get("cause"), links.get("context"))


def _odd_value(base: str) -> Callable[..., Odd]:
    def value(payload: Value = None, **methods: Value) -> Odd:
        return Odd(base, payload, tuple(methods.items()))

    return value


def _bounded(make: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse to make a container of more items than an expression may hold: ``set(range(10**9))``."""

    def bounded(*arguments: Any) -> Any:
        for each in arguments:
            items = len(each) if isinstance(each, range) else each
            if isinstance(items, int) and items > expressions.SIZE_LIMIT:
                raise ValueError(f"more than {expressions.SIZE_LIMIT} items")
        return make(*arguments)

    return bounded


# What makes the same value in a stored program and, with the value drawn as is, in a strategy.
BUILDERS: dict[str, Callable[..., Any]] = {
    "array_of": ArrayOf,
    "exception": exception,
    "float_bits": float_from_bits,
    "made": lambda path, *arguments: Made(path, arguments),
    "named": Named,
    "no_method": NoMethod,
    "raises": raises,
    "result": Result,
    "view_of": ViewOf,
    "range": range,
    "slice": slice,
    "bytearray": _bounded(bytearray),
    "complex": complex,
    "set": _bounded(set),
    "frozenset": _bounded(frozenset),
}


def _drawn(builder: Callable[..., Any]) -> Callable[..., Values]:
    def strategy(*arguments: Any, **keywords: Any) -> Values:
        if not any(isinstance(each, SearchStrategy) for each in (*arguments, *keywords.values())):
            # Made at once, so that what is wrong with it is known when the case file is read.
            return st.just(builder(*arguments, **keywords))
        positional = st.tuples(*map(lift, arguments))
        named = st.fixed_dictionaries({name: lift(value) for name, value in keywords.items()})
        return st.builds(lambda drawn, more: builder(*drawn, **more), positional, named)

    return strategy


def _validated(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have Hypothesis check a strategy's arguments when it is made, and not when it is first drawn from."""

    @wraps(function)
    def strategy(*arguments: Any, **keywords: Any) -> Any:
        made = function(*arguments, **keywords)
        if isinstance(made, SearchStrategy):
            made.validate()
        return made

    return strategy


STRATEGY_NAMES: dict[str, Any] = CONSTANTS | {
    name: _validated(function)
    for name, function in (
        *((name, getattr(st, name)) for name in HYPOTHESIS_NAMES),
        *((name, _drawn(builder)) for name, builder in BUILDERS.items()),
        *OWN_STRATEGIES.items(),
        *SUBCLASSES.items(),
    )
}
VALUE_NAMES: dict[str, Any] = (
    CONSTANTS
    | BUILDERS
    | {f"{base}_subclass": _odd_value(base) for base in SUBCLASS_BASES}
    | {
        "odd": lambda **methods: Odd("object", None, tuple(methods.items())),
        "callback": lambda *outcomes: Callback(outcomes),
        "iterator": _bounded(lambda entries: IteratorOf(tuple(entries))),
        "in_turn": lambda *outcomes: InTurn(outcomes),
        "absent": Absent,
    }
)


@cache
def evaluate_strategy(source: str) -> Values:
    """Return the strategy that an expression means; a plain value means just that value.

    Raises: ExpressionError -- see :func:`harness.expressions.evaluate`.
    """
    return lift(expressions.evaluate(source, STRATEGY_NAMES))


def evaluate_value(source: str) -> Value:
    """Return the value that an expression of :func:`harness.render.render` means.

    Raises: ExpressionError -- see :func:`harness.expressions.evaluate`.
    """
    return expressions.evaluate(source, VALUE_NAMES)
