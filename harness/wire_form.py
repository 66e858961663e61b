"""The wire form of values and observations, as one table: it checks what a worker sends, and makes the schema.

What each tag means stands in ``docs/protocol.md``.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.observation import Wire

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the wire form: whether data is one, and the JSON Schema that says the same."""

    fits: Callable[[Wire], bool]
    schema: Schema


def _matching(pattern: str) -> Part:
    compiled = re.compile(pattern)
    return Part(
        lambda wire: isinstance(wire, str) and compiled.fullmatch(wire) is not None,
        {"type": "string", "pattern": f"^({pattern})$"},
    )


def _list_of(part: Part) -> Part:
    return Part(
        lambda wire: isinstance(wire, list) and all(map(part.fits, wire)), {"type": "array", "items": part.schema}
    )


def _mapping_to(part: Part) -> Part:
    return Part(
        lambda wire: isinstance(wire, dict) and all(map(part.fits, wire.values())),
        {"type": "object", "additionalProperties": part.schema},
    )


def _row(*parts: Part, least: int | None = None) -> Part:
    """Return the part for an array with these parts in this order; those after ``least`` may be missing."""
    fewest = len(parts) if least is None else least

    def fits(wire: Wire) -> bool:
        return (
            isinstance(wire, list)
            and fewest <= len(wire) <= len(parts)
            and all(part.fits(each) for part, each in zip(parts, wire))
        )

    return Part(fits, {"type": "array", "prefixItems": [each.schema for each in parts], "items": False, **_at(fewest)})


def _fields(**parts: Part) -> Part:
    """Return the part for an object with these fields and no others; any may be missing."""
    named = {name.replace("_", "-"): part for name, part in parts.items()}

    def fits(wire: Wire) -> bool:
        return isinstance(wire, dict) and all(name in named and named[name].fits(each) for name, each in wire.items())

    properties = {name: part.schema for name, part in named.items()}
    return Part(fits, {"type": "object", "properties": properties, "additionalProperties": False})


def _either(*parts: Part) -> Part:
    return Part(lambda wire: any(part.fits(wire) for part in parts), {"anyOf": [each.schema for each in parts]})


def _exactly(value: Any) -> Part:
    return Part(lambda wire: type(wire) is type(value) and wire == value, {"const": value})


def _at(least: int) -> Schema:
    return {"minItems": least}


def _named(name: str, fits: Callable[[Wire], bool]) -> Part:
    """Return the part that stands under a name in the schema, so that it can hold itself."""
    return Part(fits, {"$ref": f"#/$defs/{name}"})


TEXT = Part(lambda wire: isinstance(wire, str), {"type": "string"})
NUMBER = Part(lambda wire: type(wire) is int, {"type": "integer"})
COUNT = Part(lambda wire: type(wire) is int and wire >= 0, {"type": "integer", "minimum": 0})
TRUTH = Part(lambda wire: isinstance(wire, bool), {"type": "boolean"})
NOTHING = Part(lambda wire: wire is None, {"type": "null"})
BYTES = _matching("([0-9a-f]{2})*")
LONG = _matching("-?0x[0-9a-f]+")
BITS = _matching("[0-9a-f]{16}")
CODE = Part(
    lambda wire: type(wire) is int and 0 <= wire < 0x110000, {"type": "integer", "minimum": 0, "maximum": 0x10FFFF}
)
# The functions stand below, for they need the tables that are made of these.
VALUE = _named("value", lambda wire: is_value(wire))  # noqa: PLW0108
EXCEPTION = _named("exception", lambda wire: isinstance(wire, list) and wire[:1] == ["e"] and is_value(wire))
OUTCOME = _named("outcome", lambda wire: is_outcome(wire))  # noqa: PLW0108

_VALUES = _list_of(VALUE)
_STATE = _mapping_to(VALUE)
_FLOAT = _either(
    Part(lambda wire: type(wire) in (int, float), {"type": "number"}),
    _row(_exactly("f"), BITS),
)
_METHODS = _list_of(_row(_either(TEXT, VALUE), _either(_list_of(OUTCOME), NOTHING)))
_LINK = _either(EXCEPTION, _exactly("the cause"))
_DETAILS = _fields(
    str=_either(TEXT, VALUE),
    bases=_list_of(TEXT),
    notes=_VALUES,
    cause=EXCEPTION,
    context=_LINK,
    suppress=TRUTH,
    attributes=_STATE,
    cut=TEXT,
)

ROWS: dict[str, Part] = {
    "i": _row(TEXT, LONG),
    "f": _row(TEXT, BITS),
    "u": _row(TEXT, _list_of(CODE)),
    "b": _row(TEXT, BYTES),
    "B": _row(TEXT, BYTES),
    "c": _row(TEXT, _FLOAT, _FLOAT),
    "r": _row(TEXT, VALUE, VALUE, VALUE),
    "x": _row(TEXT, VALUE, VALUE, VALUE),
    "E": _row(TEXT),
    "N": _row(TEXT),
    "T": _row(TEXT, TEXT),
    "M": _row(TEXT, TEXT, _VALUES),
    "a": _row(TEXT, TEXT, BYTES),
    "m": _row(TEXT, BYTES, TEXT, TRUTH),
    "e": _row(TEXT, TEXT, _VALUES, _DETAILS),
    "O": _row(TEXT, TEXT, VALUE, _METHODS),
    "C": _row(TEXT, _list_of(OUTCOME)),
    "I": _row(TEXT, _list_of(OUTCOME)),
    "R": _row(TEXT, COUNT),
    "k": _row(TEXT, TEXT, VALUE, _STATE, least=3),
    "o": _row(TEXT, TEXT, VALUE, _STATE, least=3),
    "&": _row(TEXT, _either(COUNT, TEXT)),
    "@": _row(TEXT, COUNT),
}
"""The tags whose parts are fixed; the first part is the tag itself."""

SEQUENCES = ("l", "t", "S", "Z", "d")
"""The tags that any number of values follow; for ``d`` keys and values in turn."""

_PRINTED = {"stdout": TEXT, "stderr": TEXT}
_DURING: dict[str, Part] = {
    **_PRINTED,
    "warnings": _list_of(_row(TEXT, VALUE, TEXT)),
    # A hook may be given an exception's type alone.
    "unraisable": _list_of(_row(VALUE, _either(TEXT, NOTHING), VALUE)),
    "thread_exceptions": _list_of(_row(VALUE)),
}
EFFECTS = _fields(
    **_DURING,
    calls=_list_of(_row(TEXT, VALUE)),
    arguments=_mapping_to(VALUE),
    results=_mapping_to(VALUE),
    same=_list_of(TEXT),
    shared=_list_of(_row(COUNT, TEXT, COUNT)),
    pickled=_VALUES,
    handled=_list_of(VALUE),
    equality=_mapping_to(_row(VALUE, _either(TRUTH, TEXT))),
    died=_list_of(TEXT),
    leaked=_list_of(TEXT),
    grows=COUNT,
    exit=_fields(**_DURING),
    unprepared=_exactly(True),
)
"""What a step can do besides returning or raising."""

OBSERVATION = _either(
    _row(_exactly("r"), VALUE, EFFECTS, least=2),
    _row(_exactly("e"), EXCEPTION, EFFECTS, least=2),
)


def is_value(wire: Wire) -> bool:
    """Whether data is the wire form of a value, at every depth."""
    if not isinstance(wire, (list, dict)):
        return True
    if not isinstance(wire, list) or not wire or not isinstance(wire[0], str):
        return False
    if wire[0] in SEQUENCES:
        return (wire[0] != "d" or len(wire) % 2 == 1) and all(map(is_value, wire[1:]))
    row = ROWS.get(wire[0])
    return row is not None and row.fits(wire)


def is_outcome(wire: Wire) -> bool:
    """Whether data is what an object of ours does when it is called."""
    if _tagged(wire, "^"):
        return len(wire) == 1
    if _tagged(wire, "!"):
        return len(wire) == 3 and isinstance(wire[1], str) and is_value(wire[2])
    return is_value(wire)


def _tagged(wire: Wire, tag: str) -> bool:
    return isinstance(wire, list) and wire[:1] == [tag]


def definitions() -> Schema:
    """Return the JSON Schema of ``value``, ``exception``, ``outcome`` and ``observation``, which refer to each other.

    The tag alone chooses what is checked; to try every row at every depth would take a validator hours.
    """
    rows: dict[str, Schema] = {tag: row.schema for tag, row in ROWS.items()}
    rows |= {tag: {"items": VALUE.schema} for tag in SEQUENCES}
    special = {"^": _row(TEXT).schema, "!": _row(TEXT, TEXT, VALUE).schema}
    scalars = ["null", "boolean", "string", "number", "array"]
    return {
        "value": {"type": scalars, **_by_tag(rows)},
        "exception": {"allOf": [_tagged_with(["e"]), ROWS["e"].schema]},
        "outcome": {"if": _tagged_with([*special]), "then": _by_tag(special), "else": VALUE.schema},
        "observation": OBSERVATION.schema,
    }


def _by_tag(rows: dict[str, Schema]) -> Schema:
    known = {"if": {"type": "array"}, "then": _tagged_with([*rows])}
    return {"allOf": [known, *({"if": _tagged_with([tag]), "then": row} for tag, row in rows.items())]}


def _tagged_with(tags: list[str]) -> Schema:
    return {"type": "array", "prefixItems": [{"enum": tags}], **_at(1)}
