"""Compare two observations of the same step.  Pure: reads no clock, environment, file or global."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

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
    Wire,
    outcome_name,
)
from harness.rules import NAN_PAYLOADS, RULES, mask_addresses

_EFFECT_KINDS: dict[str, Kind] = {
    "arguments": "argument",
    "results": "results",
    "same": "identity",
    "shared": "identity",
    "equality": "equality",
    "calls": "calls",
    "warnings": "warnings",
    "unraisable": "unraisable",
    "thread-exceptions": "thread-exceptions",
    "handled": "handled",
    "pickled": "pickled",
    "died": "died",
    "leaked": "leaked",
    "stdout": "stdout",
    "stderr": "stderr",
    "exit": "exit",
}
_DETAILS = {"arguments": " argument {}", "results": " result {}"}
_EXCEPTION_KINDS: dict[str, Kind] = {
    # The message is most often made from the arguments; it is looked at first, told once.
    "str": "exception-message",
    "notes": "exception-notes",
    "cause": "exception-cause",
    "context": "exception-context",
    "suppress": "exception-context",
    "attributes": "exception-attributes",
    "bases": "exception-bases",
    "cut": "exception-context",
}
_TAG_NAMES = {
    "i": "int",
    "f": "float",
    "u": "str",
    "b": "bytes",
    "B": "bytearray",
    "c": "complex",
    "l": "list",
    "t": "tuple",
    "S": "set",
    "Z": "frozenset",
    "d": "dict",
    "r": "range",
    "x": "slice",
    "E": "ellipsis",
    "N": "NotImplemented",
    "T": "type",
    "a": "array",
    "m": "memoryview",
}
_AGAIN = "again "


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two wire values first differ."""

    kind: Kind
    path: str
    reference: Wire
    other: Wire

    def inside(self, kind: Kind, prefix: str) -> Difference:
        """The same difference, seen from around it."""
        return Difference(kind, prefix + self.path, self.reference, self.other)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first divergence, or None, and which named rules made a difference legal."""

    divergence: Divergence | None
    rules_applied: frozenset[str] = frozenset()


def compare(rules: frozenset[str], *, reference: Sequence[Observation], other: Sequence[Observation]) -> Comparison:
    """Compare the observations of one program, step by step, up to the first divergence.

    What follows a diverged step is not judged: the state is no longer the same.
    """
    if ended := _differing_ends(reference, other):
        return Comparison(ended)
    applied: set[str] = set()
    for number, (expected, seen) in enumerate(zip(reference, other)):
        difference = _compare_step(rules, expected, seen, applied)
        if difference is not None:
            found = Divergence(number, difference.kind, difference.path, difference.reference, difference.other)
            return Comparison(found, frozenset(applied))
    return Comparison(None, frozenset(applied))


def _differing_ends(reference: Sequence[Observation], other: Sequence[Observation]) -> Divergence | None:
    """Compare programs of which one ended its worker: only the end is known, not the step."""
    ends = [one[0].outcome for one in (reference, other) if one and isinstance(one[0].outcome, (Crashed, Hung))]
    if len(ends) == 2 and _compare_outcomes(frozenset(), reference[0], other[0]) is None:
        return None
    if not ends:
        return None
    outcomes = [one[0 if isinstance(one[0].outcome, (Crashed, Hung)) else -1].outcome for one in (reference, other)]
    return Divergence(max(len(reference), len(other)) - 1, "outcome", "", *_told_apart(*outcomes))


def _compare_step(
    rules: frozenset[str], reference: Observation, other: Observation, applied: set[str]
) -> Difference | None:
    return _compare_outcomes(rules, reference, other) or _compare_effects(rules, reference, other, applied)


def _compare_outcomes(rules: frozenset[str], reference: Observation, other: Observation) -> Difference | None:
    expected, seen = reference.outcome, other.outcome
    match expected, seen:
        case Returned(value=left), Returned(value=right):
            return difference_of(left, right, nan_payloads=NAN_PAYLOADS in rules)
        case Raised(exception=left, unprepared=early), Raised(exception=right, unprepared=late) if early == late:
            return _differing_exceptions(left, right, NAN_PAYLOADS in rules)
        case Crashed(), Crashed() if _same_crash(expected, seen):
            return None
        case Unsupported(), Unsupported():
            return None
    if type(expected) is type(seen) and not isinstance(expected, (Raised, Crashed)):
        return None
    return Difference("outcome", "", *_told_apart(expected, seen))


def _told_apart(reference: Outcome, other: Outcome) -> tuple[str, str]:
    """Return the names of two outcomes, with what tells them apart where the names do not, and what a crash was."""
    names = _named(reference), _named(other)
    match reference, other:
        case Crashed(signal=left), Crashed(signal=right) if names[0] == names[1]:
            return f"crashed ({left})", f"crashed ({right})"
        case Raised(unprepared=early), Raised() if early:
            return "raised while its arguments were made", "raised"
        case Raised(), Raised():
            return "raised", "raised while its arguments were made"
    return names


def _named(outcome: Outcome) -> str:
    if isinstance(outcome, Crashed) and outcome.identity:
        return f"crashed ({outcome.identity}{', before it began' if outcome.early else ''})"
    return outcome_name(outcome)


def _same_crash(left: Crashed, right: Crashed) -> bool:
    """Whether two workers died of the same; one bug may end in another signal on another backend."""
    return left.early == right.early and (left.signal == right.signal or left.identity == right.identity != "")


def _compare_effects(
    rules: frozenset[str], reference: Observation, other: Observation, applied: set[str]
) -> Difference | None:
    for effect, kind in _EFFECT_KINDS.items():
        expected, seen = reference.effects.get(effect), other.effects.get(effect)
        for name in sorted(rules):
            rule = RULES.get(name)
            if rule is None or effect not in rule.effects or expected == seen:
                continue
            normal = tuple(rule.normalise(text) if isinstance(text, str) else "" for text in (expected, seen))
            if normal != (expected, seen):
                applied.add(name)
                expected, seen = normal
        nan_payloads = NAN_PAYLOADS in rules
        if effect in _DETAILS:
            difference = _differing_details(expected or {}, seen or {}, nan_payloads, _DETAILS[effect])
        elif effect == "calls":
            difference = _differing_calls(expected or [], seen or [], nan_payloads)
        else:
            difference = _differing_plain(expected, seen, "")
        if difference is not None:
            return difference.inside(kind, "")
    return None


def difference_of(reference: Wire, other: Wire, *, nan_payloads: bool = False, path: str = "") -> Difference | None:
    """Return the first difference between two wire values, or None: exact types, floats by bits."""
    names = _type_name(reference), _type_name(other)
    if names[0] != names[1]:
        # What was met before is the same object in one, and another in the other.
        again = names[0].startswith(_AGAIN) or names[1].startswith(_AGAIN)
        return Difference("identity" if again else "type", path, reference, other)
    if names[0] in ("NoneType", "bool", "int"):
        return None if reference == other else Difference("value", path, reference, other)
    if names[0] == "str":
        return _differing_texts(reference, other, path)
    if names[0] == "float":
        same = _same_float(reference, other, nan_payloads)
        return None if same else Difference("value", path, reference, other)
    tag = reference[0]
    match tag:
        case "l" | "t" | "r" | "x" | "c":
            return _differing_items(reference[1:], other[1:], reference, other, nan_payloads, path)
        case "S" | "Z":
            key = msgspec.json.encode
            left, right = sorted(reference[1:], key=key), sorted(other[1:], key=key)
            difference = _differing_items(left, right, reference, other, nan_payloads, path)
            return difference and Difference(difference.kind, path, reference, other)
        case "d":
            return _differing_dicts(reference, other, nan_payloads, path)
        case "e":
            difference = _differing_exceptions(reference, other, nan_payloads)
            return difference and difference.inside("value", path)
        case "O" | "k" | "o":
            difference = difference_of(reference[2], other[2], nan_payloads=nan_payloads, path=path)
            more = _differing_plain if tag == "O" else _differing_states
            return difference or more(reference[3:], other[3:], path)
        case "M":
            left, right = reference[2], other[2]
            return _differing_items(left, right, reference, other, nan_payloads, path)
        case _:
            return _differing_plain(reference[1:], other[1:], path)


def _type_name(wire: Wire) -> str:
    if not isinstance(wire, list):
        return type(wire).__name__
    tag = str(wire[0])
    if tag in ("k", "o", "M", "e"):
        return str(wire[1])
    if tag in ("O", "&"):
        return f"{'odd' if tag == 'O' else 'again'} {wire[1]}"
    return _TAG_NAMES.get(tag, tag)


def _same_float(reference: Wire, other: Wire, nan_payloads: bool) -> bool:
    left, right = _float_bits(reference), _float_bits(other)
    if left == right:
        return True
    both = struct.unpack(">2d", left + right)
    return not nan_payloads and math.isnan(both[0]) and math.isnan(both[1])


def _float_bits(wire: Wire) -> bytes:
    return bytes.fromhex(wire[1]) if isinstance(wire, list) else struct.pack(">d", wire)


def _differing_texts(reference: Wire, other: Wire, path: str) -> Difference | None:
    if reference == other:
        return None
    if isinstance(reference, str) and isinstance(other, str) and mask_addresses(reference) == mask_addresses(other):
        return None
    return Difference("value", path, reference, other)


def _differing_items(
    left: list[Wire], right: list[Wire], reference: Wire, other: Wire, nan_payloads: bool, path: str
) -> Difference | None:
    if len(left) != len(right):
        return Difference("value", path, reference, other)
    for index, (expected, seen) in enumerate(zip(left, right)):
        difference = difference_of(expected, seen, nan_payloads=nan_payloads, path=f"{path}[{index}]")
        if difference is not None:
            return difference
    return None


def _differing_dicts(reference: list[Wire], other: list[Wire], nan_payloads: bool, path: str) -> Difference | None:
    left, right = reference[1::2], other[1::2]
    if _differing_items(left, right, reference, other, nan_payloads, path) is not None:
        key = msgspec.json.encode
        in_order = _differing_items(sorted(left, key=key), sorted(right, key=key), left, right, nan_payloads, path)
        return Difference("order" if in_order is None else "value", path, reference, other)
    for name, expected, seen in zip(left, reference[2::2], other[2::2]):
        shown = name if isinstance(name, (str, int)) else "…"
        difference = difference_of(expected, seen, nan_payloads=nan_payloads, path=f"{path}[{shown!r}]")
        if difference is not None:
            return difference
    return None


def _differing_states(left: list[Wire], right: list[Wire], path: str) -> Difference | None:
    """Compare the attributes of two objects, which are there only where a case asks for them."""
    if not left or not right:
        return None
    difference = _differing_details(left[0], right[0], False, ".{}")
    return difference and difference.inside("state", path)


def _differing_exceptions(reference: list[Wire], other: list[Wire], nan_payloads: bool) -> Difference | None:
    if reference[1] != other[1]:
        return Difference("exception-type", "", reference, other)
    arguments = _differing_items(reference[2], other[2], reference[2], other[2], nan_payloads, ".args")
    left, right = reference[3], other[3]
    for name, kind in _EXCEPTION_KINDS.items():
        difference = _differing_part(name, left.get(name), right.get(name), nan_payloads)
        if difference is not None:
            return difference.inside(kind, "")
    return arguments and arguments.inside("exception-arguments", "")


def _differing_part(name: str, left: Wire, right: Wire, nan_payloads: bool) -> Difference | None:
    """Compare one part of two exceptions, which may be missing from either."""
    path = "" if name == "str" else f".__{name}__"
    if left is None or right is None or name in ("suppress", "cut"):
        return None if left == right else Difference("value", path, left, right)
    match name:
        case "notes":
            return _differing_items(left, right, left, right, nan_payloads, path)
        case "cause" | "context":
            if isinstance(left, str) or isinstance(right, str):
                # A context that is the cause is told by these words alone.
                return None if left == right else Difference("value", path, left, right)
            difference = _differing_exceptions(left, right, nan_payloads)
            return difference and difference.inside("value", path)
        case "attributes":
            return _differing_details(left, right, nan_payloads, ".{}")
        case "bases":
            return _differing_plain(left, right, path)
    return difference_of(left, right, path=path)


def _differing_details(
    left: dict[str, Wire], right: dict[str, Wire], nan_payloads: bool, path_format: str
) -> Difference | None:
    for name in sorted(left.keys() | right.keys()):
        path = path_format.format(name)
        if name not in left or name not in right:
            return Difference("value", path, left.get(name), right.get(name))
        difference = difference_of(left[name], right[name], nan_payloads=nan_payloads, path=path)
        if difference is not None:
            return difference
    return None


def _differing_calls(left: list[Wire], right: list[Wire], nan_payloads: bool) -> Difference | None:
    if [name for name, _ in left] != [name for name, _ in right]:
        return Difference("value", "", left or None, right or None)
    for index, ((name, expected), (_, seen)) in enumerate(zip(left, right)):
        difference = difference_of(expected, seen, nan_payloads=nan_payloads, path=f" call[{index}] of {name}")
        if difference is not None:
            return difference
    return None


def _differing_plain(reference: Wire, other: Wire, path: str) -> Difference | None:
    """Compare JSON data that holds texts and wire values at unknown places."""
    if isinstance(reference, str) and isinstance(other, str):
        return _differing_texts(reference, other, path)
    if isinstance(reference, list) and isinstance(other, list) and len(reference) == len(other):
        for expected, seen in zip(reference, other):
            if _differing_plain(expected, seen, path) is not None:
                return Difference("value", path, reference, other)
        return None
    if isinstance(reference, dict) and isinstance(other, dict) and reference.keys() == other.keys():
        for name, expected in reference.items():
            if _differing_plain(expected, other[name], path) is not None:
                return Difference("value", path, reference, other)
        return None
    alike = type(reference) is type(other) and reference == other and not isinstance(reference, (list, dict))
    if alike and (not isinstance(reference, float) or _same_float(reference, other, True)):
        return None
    return Difference("value", path, reference, other)
