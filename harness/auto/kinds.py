"""Kinds of arguments that an extension may accept: how each is drawn, and what it is tried with."""

from __future__ import annotations

from dataclasses import dataclass

from harness.values import ArrayOf, Callback, IteratorOf, Made, Named, Odd, Result, Value, ViewOf


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of argument: the expression that draws it and values that stand for it, the first above all.

    ``instance`` is the number of an instance, as :func:`instance_kind` gives it out; None for plain values.
    """

    name: str
    expression: str
    samples: tuple[Value, ...]
    instance: int | None = None


ANYTHING = Kind("anything", "anything()", (Odd("object", None),))

INTEGER = Kind("int", "any_int()", (1, 0))
TEXT = Kind("str", "any_text()", ("a", "", "bc"))
CHARACTER = Kind("character", "characters()", ("a",))

PLAIN = (
    INTEGER,
    Kind("float", "any_float()", (1.5, 0.0)),
    TEXT,
    Kind("bool", "booleans()", (True, False)),
    Kind("bytes", "any_bytes()", (b"a", b"")),
    Kind("none", "none()", (None,)),
    Kind("list of int", "lists(integers(-300, 300), max_size=6)", ([1, 2],)),
    Kind("list of float", "lists(any_float(), max_size=6)", ([1.5, 2.0],)),
    Kind("list of str", "lists(any_text(), max_size=6)", (["a", "b"],)),
    Kind("list of list", "lists(lists(integers(-300, 300), max_size=3), max_size=4)", ([[1, 2], [3, 4]],)),
    Kind("list of anything", "lists(scalar(), max_size=4)", ([None, "a", 1],)),
    Kind("pair of int", "tuples(integers(-300, 300), integers(-300, 300))", ((1, 2),)),
    Kind("pair of str and int", "tuples(any_text(), integers(-300, 300))", (("a", 1),)),
    Kind("pair of float", "tuples(any_float(), any_float())", ((1.5, 2.5),)),
    Kind("three ints", "tuples(integers(-300, 300), integers(-300, 300), integers(-300, 300))", ((1, 2, 3),)),
    Kind("tuple", "tuples(scalar(), scalar())", ((1, "a"),)),
    Kind("list of pairs", "lists(tuples(any_text(), integers(-300, 300)), max_size=4)", ([("a", 1)],)),
    Kind("dict of int", "dictionaries(text(max_size=3), integers(-300, 300), max_size=4)", ({"a": 1},)),
    Kind("dict of str", "dictionaries(text(max_size=3), any_text(), max_size=4)", ({"a": "b"},)),
    Kind("dict by int", "dictionaries(integers(-300, 300), scalar(), max_size=4)", ({1: "a"},)),
    Kind("dict", "dictionaries(text(max_size=3), scalar(), max_size=4)", ({"a": None},)),
    Kind("set of int", "sets(integers(-300, 300), max_size=1)", ({1},)),
    Kind("set of str", "sets(text(max_size=3), max_size=1)", ({"a"},)),
    Kind("frozenset", "frozensets(integers(-300, 300), max_size=1)", (frozenset({1}),)),
    Kind("complex", "any_complex()", (1j,)),
    Kind("bytearray", "bytearrays()", (bytearray(b"a"),)),
    Kind("buffer", "one_of(view_of(any_bytes()), array_of('b', any_bytes()))", (ViewOf(b"ab"), ArrayOf("b", b"a"))),
    Kind("callback", "callback(scalar(), scalar())", (Callback((1,)), Callback((None,)))),
    Kind("iterator", "iterator(lists(scalar(), max_size=4))", (IteratorOf((1, 2)),)),
    Kind("range", "ranges()", (range(3),)),
    Kind("slice", "slices()", (slice(None),)),
    Kind("type", "exception_types()", (Named("builtins.ValueError"),)),
    Kind("exception", "exceptions()", ()),
    Kind(
        "date",
        "made('datetime.date', integers(1, 9999), integers(1, 12), integers(1, 28))",
        (Made("datetime.date", (2024, 2, 29)),),
    ),
    Kind(
        "timedelta",
        "made('datetime.timedelta', integers(-9999, 9999), integers(0, 86399))",
        (Made("datetime.timedelta", (1, 2)),),
    ),
    Kind(
        "decimal",
        "made('decimal.Decimal', sampled_from(['0', '-0', '1.5', '1e30', 'NaN', 'Infinity']))",
        (Made("decimal.Decimal", ("1.5",)),),
    ),
    Kind(
        "fraction",
        "made('fractions.Fraction', integers(-99, 99), integers(1, 99))",
        (Made("fractions.Fraction", (1, 2)),),
    ),
    Kind(
        "path",
        "made('pathlib.PurePosixPath', text(alphabet='ab/.é', max_size=6))",
        (Made("pathlib.PurePosixPath", ("a",)),),
    ),
)
"""From the most likely to the least."""

LIKELY_TEXTS = (
    *("1", "-1.5", "true", "abc", "a=b", "a,b", "a b", "a.b", "a-b", "1,2", "0x1f", "#ff0000", "1.2.3", "+1", "en"),
    *("2024-02-29", "12:30:45", "2024-02-29T12:30:45Z", "127.0.0.1", "::1", "{}", "[1, 2]", '{"a": 1}', "null", "<a/>"),
    *("https://example.com/a?b=c", "a@example.com", "00000000-0000-0000-0000-000000000001", "utf-8", "SELECT 1", "(a)"),
)
"""Texts to try where every other text is refused by the function itself."""


SMALL_RANGE = 1000
NOTABLE = (-(2**31) - 1, 2**31, 2**32, 2**53 + 1, 2**64)

FIRST_INSTANCE = 1_000_000
"""Results from here on stand for instances of classes, until the steps that make them have places."""


def instance_kind(name: str, number: int) -> Kind:
    """Return the kind of an instance of the extension's class with that number, from ``FIRST_INSTANCE`` on."""
    return Kind(f"instance of {name}", f"result({number})", (Result(number),), number)


LIMITS = tuple(
    sorted(
        {
            sign * 2**width + step
            for width in (7, 8, 15, 16, 31, 32, 63, 64, 127, 128)
            for sign in (-1, 1)
            for step in (-1, 0)
        }
        | {-1, 0, 1}
    )
)
"""Where integers of a width end; what is accepted shows which width a parameter has."""


def integers_between(low: int, high: int, *, beyond: bool = True) -> str:
    """Return the expression for the integers that a parameter accepts: small ones, limits of widths, and any.

    With ``beyond`` the integers beside the accepted ones are drawn too.
    """
    if low <= LIMITS[0] and high >= LIMITS[-1]:
        return INTEGER.expression
    if high - low <= SMALL_RANGE:
        return f"integers({_limit(low - beyond)}, {_limit(high + beyond)})"
    others = [*([low - 1, high + 1] if beyond else []), *(each for each in NOTABLE if low < each < high)]
    small = [f"integers({max(low, -size)}, {min(high, size)})" for size in (3, 300)]
    limits = [f"sampled_from([{', '.join(map(_limit, each))}])" for each in ([low, high], others) if each]
    return f"one_of({', '.join([*small, *limits])}, integers({_limit(low)}, {_limit(high)}))"


def _limit(value: int) -> str:
    magnitude = abs(value)
    for step in (-2, -1, 0, 1, 2):
        power = magnitude - step
        if power > 2**16 and power & (power - 1) == 0:
            sign, rest = ("-", -step) if value < 0 else ("", step)
            return f"{sign}2**{power.bit_length() - 1}" + (f" {'-' if rest < 0 else '+'} {abs(rest)}" if rest else "")
    return str(value)
