"""Programs: what one example executes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from harness.values import Result, Value

StepKind = Literal[
    "call",
    "method",
    "get",
    "set",
    "delete",
    "operator",
    "builtin",
    "iterate",
    "forget",
    "with",
    "await",
    "apply",
    "subclass",
    "unpack",
    "pickle",
    "collect",
]

STEP_KINDS: tuple[StepKind, ...] = get_args(StepKind)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation.

    ``name`` is the function's dotted path in the module, the method, attribute, operator or builtin; for
    ``with`` what its body does, for ``await`` how it is driven, for ``subclass`` the base class, and for
    ``unpack`` the targets.  Where it is empty ``count`` tells how many items (``iterate``), which result
    (``forget``), which protocol (``pickle``) or which generation (``collect``).  ``arguments`` holds the
    operands, the object itself first (not for ``call`` and ``subclass``).
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
