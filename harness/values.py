"""Values that Python has no literal for, described as data until a worker builds them.

A drawn value is plain Python (``int``, ``list``, ...) or one of the frozen descriptions below, at any
depth.  Every description prints as the expression that makes it in a case file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Value = Any
"""A plain Python value of the kinds that :mod:`harness.codec` lists, or a description."""


@dataclass(frozen=True, slots=True)
class Raises:
    """A call that raises: the exception's name, in ``builtins`` unless dotted, and its message."""

    exception: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class InTurn:
    """Outcomes of successive calls; the last one repeats."""

    outcomes: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Odd:
    """An instance of a class made for it, derived from ``base``.

    ``methods`` maps special methods to what they return: a value, ``Raises``, ``InTurn`` of these, or
    ``NoMethod``.
    """

    base: str
    payload: Value
    methods: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class NoMethod:
    """A special method that is set to None, which is how Python says "not supported"."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """In a method that overrides another: does what the base class does."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A callable that records its calls and behaves as told, one outcome per call."""

    outcomes: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IteratorOf:
    """An iterator over entries; a ``Raises`` among them raises at its turn."""

    entries: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ExceptionValue:
    """An exception instance, with what hangs on it."""

    type: str
    arguments: tuple[Value, ...] = ()
    notes: tuple[str, ...] = ()
    cause: ExceptionValue | None = None
    context: ExceptionValue | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A type or function, by its import path: ``builtins.int``."""

    path: str


@dataclass(frozen=True, slots=True)
class Made:
    """What calling a standard library type with these arguments makes: ``decimal.Decimal("1.5")``."""

    path: str
    arguments: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """An ``array.array`` of a type code and its bytes."""

    typecode: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ViewOf:
    """A ``memoryview`` over bytes, or over a bytearray unless read-only."""

    data: bytes
    format: str = "B"
    readonly: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an earlier step of the same program, counted from 0."""

    step: int


@dataclass(frozen=True, slots=True)
class Absent:
    """An argument that is left out."""


# --- only in observations --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opaque:
    """An object that is known by its type and its repr only, and by its attributes where a case asks."""

    type: str
    repr: Value
    state: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Subclassed:
    """An instance of a subclass of a builtin type that we did not make ourselves."""

    type: str
    plain: Value
    state: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Cycle:
    """The container that many levels further out, again."""

    levels: int


@dataclass(frozen=True, slots=True)
class Again:
    """An object that was met before: by its number among those of the value, or by its name."""

    what: int | str
