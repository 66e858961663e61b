"""Try calls on the reference alone, and say of each whether it got past the checking of its arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness import lanes
from harness.lanes import Lane
from harness.observation import Observation, Raised, Returned, Wire
from harness.program import Program, Step
from harness.protocol import encode_body

PROBE_LIMIT_S = 2.0
"""For one call that is only tried: what takes longer is taken for a hang."""

_BLAMED = re.compile(r"argument '(\w+)'")
# What converts a Python value says so in an exception of this type and with these words.
_REFUSALS = {
    "builtins.OverflowError": re.compile(r"to convert|can't convert|out of range|too large|too big|negative"),
    "builtins.ValueError": re.compile(r"^expected (a )?(string|tuple|sequence|array|list) of length|of length 1"),
    "builtins.UnicodeEncodeError": re.compile(r"surrogates not allowed"),
}

Word = Literal["returned", "raised", "refused", "ended"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one call.

    ``blamed`` is the parameter that a refusal names, or empty; ``type`` is the path of the type of what was
    returned, if it is an object that is known by its type only.
    """

    word: Word
    blamed: str = ""
    type: str = ""


Probe = Callable[[Sequence[tuple[Step, ...]]], list[Trial]]
"""Executes lists of steps and says what came of the last one of each."""


def probe_on(lane: Lane, module: str) -> Probe:
    """Return a function that tries calls on a lane.

    It raises WorkerStartError, WorkerProtocolError -- the worker, not the extension, is at fault.
    """
    sequence = 0

    def probe(attempts: Sequence[tuple[Step, ...]]) -> list[Trial]:
        nonlocal sequence
        programs = [Program(module, steps) for steps in attempts]
        bodies = [(sequence + number, encode_body(each)) for number, each in enumerate(programs)]
        sequence += len(bodies)
        patience, lane.timeout_s = lane.timeout_s, min(lane.timeout_s, PROBE_LIMIT_S)
        try:
            if bodies:
                lane.send(bodies)
                lanes.pump([lane], wait=True)
            replies = [lane.replies.popleft()[1] for _ in bodies]
        finally:
            lane.timeout_s = patience
        return [
            trial_of(reply.observations(len(program.steps), lane.backend)[-1])
            for reply, program in zip(replies, programs)
        ]

    return probe


def trial_of(observation: Observation) -> Trial:
    """Return what an observation says of the checking of arguments."""
    match observation.outcome:
        case Returned(value=value):
            return Trial("returned", type=_type_of(value))
        case Raised(exception=exception):
            return refusal_of(exception) or Trial("raised")
    return Trial("ended")


def refusal_of(exception: Wire) -> Trial | None:
    """Return the refusal that an exception is, or None if it comes from behind the checks.

    A TypeError is always taken for a refusal: from outside, a function's own cannot be told apart.
    """
    name, text = str(exception[1]), str(exception[3].get("str", ""))
    if name != "builtins.TypeError" and not (name in _REFUSALS and _REFUSALS[name].search(text)):
        return None
    blamed = _BLAMED.search(text)
    return Trial("refused", blamed[1] if blamed else "")


def _type_of(wire: Wire) -> str:
    return str(wire[1]) if isinstance(wire, list) and wire and wire[0] in ("o", "k", "e") else ""
