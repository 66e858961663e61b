"""Programs: what one example executes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.values import Result, Value

StepKind = Literal["call", "method", "get", "set", "delete", "operator", "builtin", "iterate", "forget"]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation.

    ``name`` is the function's dotted path in the module, the method, attribute, operator or builtin;
    for ``iterate`` and ``forget`` it is empty and ``count`` tells how many items, or which result.
    ``arguments`` holds the operands, the object itself first (not for ``call``).
    """

    kind: StepKind
    name: str = ""
    arguments: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    count: int = 0

    @property
    def target(self) -> Value:
        """The object that the step works on."""
        return self.arguments[0] if self.arguments else Result(0)


@dataclass(frozen=True, slots=True)
class Program:
    """Steps over one extension module, executed in order; an exception ends a step, not the program."""

    module: str
    steps: tuple[Step, ...]
