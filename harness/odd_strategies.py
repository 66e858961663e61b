"""Strategies for odd objects, exceptions, callables and iterators: what travels as a description."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st

from harness.plain_strategies import (
    Values,
    any_bytes,
    any_complex,
    any_float,
    any_int,
    any_text,
    containers,
    lift,
    ranges,
    scalar,
    slices,
)
from harness.values import (
    Absent,
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
)

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
        set_subclass(st.sets(st.integers(0, 9), max_size=1)),
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
    return st.tuples(*(lift(each) for each in (outcome, *more))).map(callback_of)


def callback_of(outcomes: tuple[Value, ...]) -> Callback:
    """Return a callback; ``in_turn(...)`` among its outcomes means one call for each of them."""
    return Callback(tuple(each for one in outcomes for each in (one.outcomes if type(one) is InTurn else (one,))))


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


@cache
def anything() -> Values:
    """Every kind of value there is, odd objects included."""
    return st.one_of(
        scalar(), containers(), odd_any(), ranges(), slices(), exceptions(), exception_types(), st.just(...)
    )


def mostly(values: Any) -> Values:
    """What ``values`` draws; about once in ten times anything else."""
    return st.integers(0, 9).flatmap(lambda n: anything() if n == 9 else lift(values))


int_subclass = SUBCLASSES["int_subclass"]
float_subclass = SUBCLASSES["float_subclass"]
str_subclass = SUBCLASSES["str_subclass"]
bytes_subclass = SUBCLASSES["bytes_subclass"]
list_subclass = SUBCLASSES["list_subclass"]
tuple_subclass = SUBCLASSES["tuple_subclass"]
dict_subclass = SUBCLASSES["dict_subclass"]
set_subclass = SUBCLASSES["set_subclass"]
