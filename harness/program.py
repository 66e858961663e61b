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
    "surface",
]

STEP_KINDS: tuple[StepKind, ...] = get_args(StepKind)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation.

    ``name`` is the function's dotted path in the module, the method, attribute, operator or builtin; for
    ``with`` what its body does, for ``await`` how it is driven, for ``subclass`` the base class, for
    ``unpack`` the targets, and for ``surface`` the fact that is asked of a name.  Where it is empty
    ``count`` tells how many items (``iterate``), which result (``forget``), which protocol (``pickle``) or
    which generation (``collect``).  ``arguments`` holds the operands, the object itself first (not for
    ``call`` and ``subclass``).
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


Context = Literal[
    "plain",
    "except",
    "finally",
    "generator",
    "comprehension",
    "class",
    "callback",
    "del",
    "settrace",
    "setprofile",
    "recursion",
    "optimised",
    "warnings",
    "twice",
    "thread",
    "executor",
    "gc",
    "task",
    "exit",
]

PLAIN: Context = "plain"
CONTEXTS: dict[Context, str] = {
    PLAIN: "",
    "except": "in an except block",
    "finally": "in a finally block",
    "generator": "in a generator",
    "comprehension": "in a comprehension",
    "class": "in a class body",
    "callback": "in a callback",
    "del": "in __del__",
    "settrace": "while sys.settrace is on",
    "setprofile": "while sys.setprofile is on",
    "recursion": "at a low recursion limit",
    "optimised": "in optimised code",
    "warnings": "with warnings as errors",
    "twice": "the second time",
    "thread": "in a thread",
    "executor": "in a thread of an executor",
    "gc": "after gc.collect()",
    "task": "in an async task",
    "exit": "at interpreter exit",
}
"""Where a program's calls can be made, each with the words for it."""

Observe = Literal["state", "equality", "lifetimes", "memory"]
"""What a case can ask to see beyond what is always seen."""


@dataclass(frozen=True, slots=True)
class Program:
    """Steps over one extension module, executed in order; an exception ends a step, not the program.

    ``context`` is where every call is made, one of ``CONTEXTS``; ``observe`` says what is to be
    seen beyond what always is.  It is about a process that has executed the programs ``after`` which it comes, and
    nothing else; if there are none, about any.
    """

    module: str
    steps: tuple[Step, ...]
    context: Context = PLAIN
    observe: tuple[Observe, ...] = ()
    after: tuple[Program, ...] = ()

    @property
    def alone(self) -> bool:
        """Whether it is a single step."""
        return len(self.steps) == 1
