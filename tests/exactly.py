"""Equality without Python's leniencies: exact types, floats by bits, the order of dicts."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any


def exact(value: Any) -> Any:
    """Return a picture of a value; two pictures are equal only if the values are the same in every respect."""
    name = type(value).__name__
    match value:
        case float():
            return name, struct.pack(">d", value)
        case complex():
            return name, exact(value.real), exact(value.imag)
        case list() | tuple():
            return name, [exact(each) for each in value]
        case set() | frozenset():
            return name, sorted((exact(each) for each in value), key=repr)
        case dict():
            return name, [(exact(key), exact(item)) for key, item in value.items()]
        case range() | slice():
            return name, exact(value.start), exact(value.stop), exact(value.step)
        case _ if dataclasses.is_dataclass(value):
            return name, [exact(getattr(value, field.name)) for field in dataclasses.fields(value)]
    return name, value
