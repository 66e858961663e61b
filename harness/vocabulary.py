"""The words of case files: Hypothesis's strategies, ours beside them, and the same words for values.

``STRATEGY_NAMES`` is what an input's expression may use; ``VALUE_NAMES`` is what a stored program may
use, where ``int_subclass(5)`` is a value and not a strategy.  ``docs/case-files.md`` lists both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness import expressions
from harness.odd_strategies import (
    SUBCLASS_BASES,
    SUBCLASSES,
    absent,
    any_path,
    anything,
    callback,
    callback_of,
    exception_types,
    exceptions,
    failing,
    in_turn,
    iterator,
    mostly,
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
    raises,
    result,
)
from harness.plain_strategies import (
    Values,
    any_bytes,
    any_complex,
    any_float,
    any_int,
    any_text,
    bytearrays,
    containers,
    float_from_bits,
    identifiers,
    lift,
    nested,
    ranges,
    scalar,
    slices,
)
from harness.values import (
    Absent,
    ArrayOf,
    ExceptionValue,
    Inherited,
    InTurn,
    IteratorOf,
    Made,
    Named,
    NoMethod,
    Odd,
    Result,
    Value,
    ViewOf,
)

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
    "inherited": Inherited,
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
        "callback": lambda *outcomes: callback_of(outcomes),
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
