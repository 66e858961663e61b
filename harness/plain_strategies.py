"""Strategies for plain values, drawn where backends could differ."""

from __future__ import annotations

import struct
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness.values import Value

Values = SearchStrategy[Value]

INTEGER_WIDTHS = (7, 8, 15, 16, 31, 32, 53, 63, 64, 127, 128, 1024)


def lift(value: Any) -> Values:
    """Return a strategy: the value itself if it is one, else the strategy that draws just it."""
    return value if isinstance(value, SearchStrategy) else st.just(value)


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
    """Lists, tuples, dicts and sets of scalars, one level or two.

    A set has one element at most: the order of a larger one is no interpreter's promise, and an
    extension that walks it would show it.  ``sets(...)`` draws larger ones where a case wants them.
    """
    keys = st.one_of(st.integers(-5, 5), st.text(max_size=3), st.booleans(), st.none())
    inner = st.one_of(scalar(), st.lists(scalar(), max_size=3))
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=3),
        st.sets(keys, max_size=1),
        st.frozensets(keys, max_size=1),
        bytearrays(),
    )


def float_from_bits(bits: str) -> float:
    """Return the float with these 64 bits, 16 hexadecimal digits with the sign first (IEEE 754)."""
    number: float = struct.unpack(">d", bytes.fromhex(bits))[0]
    return number
