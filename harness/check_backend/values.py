"""The values that are sent to a worker and must come back as they were, by what they try."""

from __future__ import annotations

from typing import Any

from harness.handshake import Capabilities
from harness.values import (
    ArrayOf,
    Callback,
    ExceptionValue,
    IteratorOf,
    Made,
    Named,
    Odd,
    Raises,
    Value,
    ViewOf,
)

VALUES: dict[str, tuple[Value, ...]] = {
    "None and booleans": (None, True, False),
    "integers of any size": (0, -1, 2**53, -(2**53), 2**53 + 1, 2**64, -(2**200)),
    "floats by their bits": (0.0, -0.0, 1.5, 5e-324, 1.7976931348623157e308, float("inf"), -float("inf"), float("nan")),
    "complex numbers": (1j, complex(-0.0, float("inf"))),
    "texts": ("", "plain", "é", "\0", '"\\\n', "\U0001f600", "x" * 10_000),
    "texts with surrogates": ("\ud800", "a\udfffb"),
    "texts with surrogates side by side": ("\ud83d\ude00",),
    "bytes": (b"", b"\0\xff", bytearray(b""), bytearray(b"\x80")),
    "lists and tuples": ([], (), [1, [2, (3,)]], ((), [()])),
    "sets": (set(), {1, 2, "x"}, frozenset(), frozenset({1, (2, 3)})),
    "dicts in their order": ({}, {"b": 1, "a": 2}, {1: [2], (3,): None}),
    "ranges and slices": (range(0), range(1, 10, 3), slice(None), slice(1, None, -1)),
    "singletons": (..., NotImplemented),
    "types": (Named("builtins.int"), Named("collections.OrderedDict")),
    "objects of the library": (
        *(Made("decimal.Decimal", ("1.50",)), Made("fractions.Fraction", (1, 3)), Made("datetime.date", (2026, 1, 2))),
        Made("uuid.UUID", ("12345678-1234-5678-1234-567812345678",)),
    ),
    "arrays and views": (ArrayOf("b", b"\1\xff"), ViewOf(b"ab"), ViewOf(b"ab", "B", False)),
    "exceptions": (
        ExceptionValue("builtins.ValueError", ("no", 1)),
        ExceptionValue("builtins.KeyError", ("k",), cause=ExceptionValue("builtins.TypeError", ())),
    ),
    "objects with methods of ours": (
        Odd("object", None, (("__len__", 3),)),
        Odd("int", 5, (("__index__", Raises("ValueError", "no")),)),
        Odd("list", [1], (("__iter__", IteratorOf((1,))),)),
    ),
    "callbacks and iterators": (Callback((1, Raises("KeyError", "x"))), IteratorOf((1, 2))),
}
"""What is tried, and the values; they are echoed, and come back in the form in which they were sent."""


def unsupported(what: str, capabilities: Capabilities) -> str:
    """Return why values need not come back, which the handshake says; empty if they must."""
    if what == "texts with surrogates side by side" and not capabilities.surrogate_pairs:
        return "the handshake says that it has no surrogate pairs"
    return ""


def comparable(wire: Any) -> Any:
    """Return the wire form of a value as it was sent: the text of an exception is the worker's to add."""
    if isinstance(wire, list) and wire[:1] == ["e"]:
        kept = {name: comparable(part) for name, part in wire[3].items() if name in ("notes", "cause", "context")}
        if kept.get("context") == "the cause":
            del kept["context"]
        return ["e", wire[1], [comparable(each) for each in wire[2]], kept]
    return [comparable(each) for each in wire] if isinstance(wire, list) else wire
