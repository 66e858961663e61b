"""What an extension shows of itself, as data."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from harness.values import Value

ParameterKind = Literal["POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL", "KEYWORD_ONLY", "VAR_KEYWORD"]


class Parameter(msgspec.Struct, frozen=True, array_like=True):
    """One parameter, as :func:`inspect.signature` tells it; ``annotation`` is its text, or None."""

    name: str
    kind: ParameterKind
    optional: bool
    annotation: str | None = None


class Function(msgspec.Struct, frozen=True):
    """Something to call; ``name`` is dotted inside the module, or plain inside its class.

    ``parameters`` is None if there is no signature.
    """

    name: str
    kind: Literal["function", "method", "class", "static"]
    parameters: tuple[Parameter, ...] | None


class Special(msgspec.Struct, frozen=True, array_like=True):
    """A special method that a class defines; only ``__call__`` has parameters."""

    name: str
    parameters: tuple[Parameter, ...] | None


class Class(msgspec.Struct, frozen=True):
    """A class; ``path`` is how its instances' type is named in observations."""

    name: str
    path: str
    exception: bool
    parameters: tuple[Parameter, ...] | None
    methods: tuple[Function, ...]
    attributes: tuple[str, ...]
    special: tuple[Special, ...]


class Surface(msgspec.Struct, frozen=True):
    """All that a module offers."""

    name: str
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    constants: tuple[str, ...]


def surface_of(described: Value) -> Surface:
    """Return the surface that a worker described.  Raises: msgspec.ValidationError -- it is no description."""
    plain: Any = described
    return msgspec.convert(plain, Surface)
