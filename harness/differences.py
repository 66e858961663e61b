"""Where two values of the wire form first differ: exact types, floats by bits, exceptions part by part.  Pure."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from harness.observation import Kind, Wire

ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{4,16}\b")
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
_PLAIN = ("NoneType", "bool", "int", "float")


def mask_addresses(text: str) -> str:
    """Replace addresses, as a ``repr`` prints them; always done, because no two processes agree on them.

    Only after "at", so that a function which formats numbers is still compared.
    """
    return ADDRESS.sub("0x…", text)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two wire values differ."""

    kind: Kind
    path: str
    reference: Wire
    other: Wire

    def inside(self, kind: Kind, prefix: str = "") -> Difference:
        """The same difference, seen from around it."""
        return Difference(kind, prefix + self.path, self.reference, self.other)


Differences = Iterator[Difference]


def difference_of(reference: Wire, other: Wire, *, nan_payloads: bool = False, path: str = "") -> Difference | None:
    """Return the first difference between two wire values, or None."""
    return next(differences_of(reference, other, nan_payloads, path), None)


def differences_of(reference: Wire, other: Wire, nan_payloads: bool = False, path: str = "") -> Differences:
    """Yield the differences between two wire values, in their order; what a difference holds is not gone into."""
    names = _type_name(reference), _type_name(other)
    if names[0] != names[1]:
        # What was met before is the same object in one, and another in the other.
        again = names[0].startswith(_AGAIN) or names[1].startswith(_AGAIN)
        yield Difference("identity" if again else "type", path, reference, other)
    elif names[0] == "str":
        yield from _texts(reference, other, path)
    elif names[0] in _PLAIN:
        same = _same_float(reference, other, nan_payloads) if names[0] == "float" else reference == other
        if not same:
            yield Difference("value", path, reference, other)
    else:
        yield from _inside(reference, other, nan_payloads, path)


def _inside(reference: list[Wire], other: list[Wire], nan_payloads: bool, path: str) -> Differences:
    """Yield the differences between two values of the same type that have a tag."""
    match reference[0]:
        case "l" | "t" | "r" | "x" | "c":
            yield from _items(reference[1:], other[1:], reference, other, nan_payloads, path)
        case "S" | "Z":
            key = msgspec.json.encode
            left, right = sorted(reference[1:], key=key), sorted(other[1:], key=key)
            yield from _first(_items(left, right, reference, other, nan_payloads, path), path, reference, other)
        case "d":
            yield from _dicts(reference, other, nan_payloads, path)
        case "e":
            for difference in differing_exceptions(reference, other, nan_payloads):
                yield difference.inside("value", path)
        case "O":
            yield from differences_of(reference[2], other[2], nan_payloads, path)
            yield from differing_plain(reference[3:], other[3:], path)
        case "k" | "o":
            yield from differences_of(reference[2], other[2], nan_payloads, path)
            yield from _states(reference[3:], other[3:], path)
        case "M":
            yield from _items(reference[2], other[2], reference, other, nan_payloads, path)
        case _:
            yield from differing_plain(reference[1:], other[1:], path)


def _first(differences: Differences, path: str, reference: Wire, other: Wire) -> Differences:
    """Yield the first difference alone, as one of the whole."""
    for difference in differences:
        yield Difference(difference.kind, path, reference, other)
        return


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


def _texts(reference: Wire, other: Wire, path: str) -> Differences:
    if reference == other:
        return
    if isinstance(reference, str) and isinstance(other, str) and mask_addresses(reference) == mask_addresses(other):
        return
    yield Difference("value", path, reference, other)


def _items(
    left: list[Wire], right: list[Wire], reference: Wire, other: Wire, nan_payloads: bool, path: str
) -> Differences:
    if len(left) != len(right):
        yield Difference("value", path, reference, other)
        return
    for index, (expected, seen) in enumerate(zip(left, right)):
        yield from differences_of(expected, seen, nan_payloads, f"{path}[{index}]")


def _dicts(reference: list[Wire], other: list[Wire], nan_payloads: bool, path: str) -> Differences:
    left, right = reference[1::2], other[1::2]
    if next(_items(left, right, reference, other, nan_payloads, path), None) is not None:
        key = msgspec.json.encode
        in_order = _items(sorted(left, key=key), sorted(right, key=key), left, right, nan_payloads, path)
        yield Difference("order" if next(in_order, None) is None else "value", path, reference, other)
        return
    for name, expected, seen in zip(left, reference[2::2], other[2::2]):
        shown = name if isinstance(name, (str, int)) else "…"
        yield from differences_of(expected, seen, nan_payloads, f"{path}[{shown!r}]")


def _states(left: list[Wire], right: list[Wire], path: str) -> Differences:
    """Compare the attributes of two objects, which are there only where a case asks for them."""
    if left and right:
        for difference in differing_details(left[0], right[0], False, ".{}"):
            yield difference.inside("state", path)


def differing_exceptions(reference: Wire, other: Wire, nan_payloads: bool) -> Differences:
    """Yield how two exceptions differ; one of another type is another exception, whatever its parts are."""
    if reference[1] != other[1]:
        yield Difference("exception-type", "", reference, other)
        return
    left, right = reference[3], other[3]
    message = False
    for name, kind in _EXCEPTION_KINDS.items():
        for difference in _part(name, left.get(name), right.get(name), nan_payloads):
            message = message or name == "str"
            yield difference.inside(kind)
    if not message:
        for difference in _items(reference[2], other[2], reference[2], other[2], nan_payloads, ".args"):
            yield difference.inside("exception-arguments")


def _part(name: str, left: Wire, right: Wire, nan_payloads: bool) -> Differences:
    """Compare one part of two exceptions, which may be missing from either."""
    path = "" if name == "str" else f".__{name}__"
    # A context that is the cause is told by words alone.
    words = name in ("cause", "context") and (isinstance(left, str) or isinstance(right, str))
    if left is None or right is None or name in ("suppress", "cut") or words:
        if left != right:
            yield Difference("value", path, left, right)
        return
    match name:
        case "notes":
            yield from _items(left, right, left, right, nan_payloads, path)
        case "cause" | "context":
            for difference in differing_exceptions(left, right, nan_payloads):
                yield difference.inside("value", path)
        case "attributes":
            yield from differing_details(left, right, nan_payloads, ".{}")
        case "bases":
            yield from differing_plain(left, right, path)
        case _:
            yield from differences_of(left, right, path=path)


def differing_details(
    left: dict[str, Wire], right: dict[str, Wire], nan_payloads: bool, path_format: str
) -> Differences:
    """Compare wire values by name, which may be missing from either side."""
    for name in sorted(left.keys() | right.keys()):
        path = path_format.format(name)
        if name not in left or name not in right:
            yield Difference("value", path, left.get(name), right.get(name))
        else:
            yield from differences_of(left[name], right[name], nan_payloads, path)


def differing_calls(left: list[Wire], right: list[Wire], nan_payloads: bool) -> Differences:
    """Compare the calls of special methods and callbacks: which, in which order, with what."""
    if [name for name, _ in left] != [name for name, _ in right]:
        yield Difference("value", "", left or None, right or None)
        return
    for index, ((name, expected), (_, seen)) in enumerate(zip(left, right)):
        yield from differences_of(expected, seen, nan_payloads, f" call[{index}] of {name}")


def differing_plain(reference: Wire, other: Wire, path: str) -> Differences:
    """Compare JSON data that holds texts and wire values at unknown places; the whole is what differs."""
    if isinstance(reference, str) and isinstance(other, str):
        yield from _texts(reference, other, path)
    elif isinstance(reference, list) and isinstance(other, list) and len(reference) == len(other):
        pairs = zip(reference, other)
        if any(next(differing_plain(expected, seen, path), None) for expected, seen in pairs):
            yield Difference("value", path, reference, other)
    elif isinstance(reference, dict) and isinstance(other, dict) and reference.keys() == other.keys():
        if any(next(differing_plain(expected, other[name], path), None) for name, expected in reference.items()):
            yield Difference("value", path, reference, other)
    elif not _same_plain(reference, other):
        yield Difference("value", path, reference, other)


def _same_plain(reference: Wire, other: Wire) -> bool:
    alike = type(reference) is type(other) and reference == other and not isinstance(reference, (list, dict))
    return alike and (not isinstance(reference, float) or _same_float(reference, other, True))
