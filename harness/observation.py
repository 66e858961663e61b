"""Observations: what a backend let us see, and how two of them differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Wire = Any
"""A value in the wire form of ``docs/protocol.md``: JSON data, tagged lists for what JSON lacks."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The step returned a value."""

    value: Wire


@dataclass(frozen=True, slots=True)
class Raised:
    """The step raised; ``unprepared`` if it already failed while its arguments were made."""

    exception: Wire
    unprepared: bool = False


@dataclass(frozen=True, slots=True)
class Crashed:
    """The worker died of the program: ``signal`` says how it ended, ``cause`` why, as far as that is known.

    ``identity`` is the same for all crashes that are taken for one bug (``harness/crashes.py``).  ``traces`` is
    what the interpreter wrote of its threads.  With ``early`` it died before the program began, of what an
    earlier one left behind.
    """

    signal: str
    stderr: str = ""
    identity: str = field(default="", compare=False)
    cause: str = field(default="", compare=False)
    traces: str = field(default="", compare=False)
    early: bool = False


@dataclass(frozen=True, slots=True)
class Hung:
    """The worker did not answer in time and was killed with its children; ``traces`` is what its threads did.

    ``presumed`` says that it did not get its whole time: all its threads waited without a timeout, and the reference
    had shown enough (``Presumes`` in ``harness/lanes.py``).
    """

    timeout_s: float
    traces: str = field(default="", compare=False)
    presumed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The backend cannot execute the program at all; ``missing`` names what it lacks."""

    missing: tuple[str, ...]


Outcome = Returned | Raised | Crashed | Hung | Unsupported


def outcome_name(outcome: Outcome) -> str:
    """Return DESIGN's word for an outcome: ``returned``, ``raised``, ..."""
    return type(outcome).__name__.lower()


@dataclass(frozen=True, slots=True)
class Observation:
    """All that was seen of one step.

    ``effects`` maps the name of a side effect, one of ``docs/protocol.md``, to its wire form; effects that
    did not happen are absent.
    """

    outcome: Outcome
    effects: dict[str, Wire] = field(default_factory=dict)


Kind = Literal[
    "outcome",
    "value",
    "type",
    "order",
    "exception-type",
    "exception-arguments",
    "exception-message",
    "exception-notes",
    "exception-cause",
    "exception-context",
    "exception-attributes",
    "exception-bases",
    "state",
    "argument",
    "stdout",
    "stderr",
    "warnings",
    "unraisable",
    "thread-exceptions",
    "calls",
    "identity",
    "results",
    "equality",
    "handled",
    "pickled",
    "died",
    "leaked",
    "leak",
    "exit",
]


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first difference between two observations of the same step.

    ``step`` counts from 0.  ``path`` leads from the observation to the differing part, in Python's
    notation (``[2]['key']``); it is empty where the whole differs.  ``reference`` and ``other`` are
    the differing parts in wire form.
    """

    step: int
    kind: Kind
    path: str
    reference: Wire
    other: Wire
