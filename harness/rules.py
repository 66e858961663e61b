"""Legal differences: named rules, each with a reason, off unless a case or an extension asks for them.

``docs/make_legal_differences.py`` writes the page about them from this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.differences import Difference
from harness.observation import Observation, Raised, Wire
from harness.program import Program, Step

_BACKTRACE_NOTE = re.compile(r"note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n")
_PANIC_THREAD = re.compile(r"(thread '[^']*') \(\d+\) panicked at")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_COUNTS_CLEARS = re.compile(r"(^|[._])((clear|travers)\w*_(count|calls)|clears|traversals)$")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule may look at besides the difference: which step it is, and all that was seen of its program."""

    number: int
    reference: Sequence[Observation]
    other: Sequence[Observation]
    program: Program | None

    @property
    def step(self) -> Step | None:
        """The step, if the program is known."""
        return None if self.program is None else self.program.steps[self.number]

    @property
    def raised(self) -> tuple[Wire, Wire] | None:
        """The exceptions, if both backends raised one in this step."""
        outcomes = self.reference[self.number].outcome, self.other[self.number].outcome
        match outcomes:
            case Raised(exception=left), Raised(exception=right):
                return left, right
        return None

    def all_of(self, effect: str) -> tuple[list[Wire], list[Wire]]:
        """Everything of one side effect that the whole program had, on each backend."""
        left, right = (
            [part for each in observations for part in each.effects.get(effect) or ()]
            for observations in (self.reference, self.other)
        )
        return left, right


Allows = Callable[[Difference, Seen], bool]


def _unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Rule:
    """One legal difference.

    ``where`` says for people what exactly it applies to.  Of the texts in ``effects`` it is what ``normalise`` makes
    of them that is compared; of everything else ``allows`` decides whether a difference is this one.
    """

    name: str
    reason: str
    where: str
    effects: frozenset[str] = frozenset()
    normalise: Callable[[str], str] = _unchanged
    allows: Allows | None = None


def _is_integer(wire: Wire) -> bool:
    return (isinstance(wire, int) and not isinstance(wire, bool)) or (isinstance(wire, list) and wire[0] == "i")


def _whole_integers(difference: Difference) -> bool:
    both = difference.reference, difference.other
    return difference.kind == "value" and difference.path == "" and all(map(_is_integer, both))


def _hash_value(difference: Difference, seen: Seen) -> bool:
    step = seen.step
    asked = step is not None and (step.kind, step.name) in (("builtin", "hash"), ("method", "__hash__"))
    return asked and _whole_integers(difference)


def _clear_count(difference: Difference, seen: Seen) -> bool:
    step = seen.step
    named = step is not None and step.kind in ("call", "method", "get") and _COUNTS_CLEARS.search(step.name) is not None
    return named and _whole_integers(difference) and 0 not in (difference.reference, difference.other)


def _time_of_death(difference: Difference, seen: Seen) -> bool:
    if difference.kind == "died":
        left, right = seen.all_of("died")
        return sorted(left) == sorted(right)
    if difference.kind != "calls" or difference.path:
        return False
    here = [[call for call in part or () if call[0] != "__del__"] for part in (difference.reference, difference.other)]
    left, right = ([call for call in part if call[0] == "__del__"] for part in seen.all_of("calls"))
    return here[0] == here[1] and sorted(map(repr, left)) == sorted(map(repr, right))


def _recursion_depth(difference: Difference, seen: Seen) -> bool:
    both = [one[seen.number].outcome for one in (seen.reference, seen.other)]
    exhausted = [isinstance(each, Raised) and each.exception[1] == "builtins.RecursionError" for each in both]
    if difference.kind == "outcome":
        return exhausted.count(True) == 1 and seen.program is not None and seen.program.context == "recursion"
    if difference.kind != "calls" or difference.path or not all(exhausted):
        return False
    shorter, longer = sorted((difference.reference or [], difference.other or []), key=len)
    return list(longer[: len(shorter)]) == list(shorter)


def _address(difference: Difference, seen: Seen) -> bool:
    left, right = difference.reference, difference.other
    if isinstance(left, str) and isinstance(right, str):
        return _ADDRESS.search(left) is not None and _ADDRESS.sub("0x…", left) == _ADDRESS.sub("0x…", right)
    step = seen.step
    return step is not None and (step.kind, step.name) == ("builtin", "id") and _whole_integers(difference)


def _builtins_text(difference: Difference, seen: Seen) -> bool:
    if difference.kind != "exception-message" or difference.path or seen.raised is None:
        return False
    # Where the message is made from other arguments than itself, it says more than how the error is worded.
    return all(
        str(each[1]).startswith("builtins.") and isinstance(each[3].get("str"), str) and each[2] == [each[3]["str"]]
        for each in seen.raised
    )


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "panic-thread-id",
            "Rust prints the operating system's id of the panicking thread, which differs in every process.",
            "the number in `thread '…' (1234) panicked at` on the error stream",
            frozenset({"stderr"}),
            lambda text: _PANIC_THREAD.sub(r"\1 (…) panicked at", text),
        ),
        Rule(
            "panic-backtrace-note",
            "Rust prints the note on RUST_BACKTRACE at the first panic of a process only, and workers are replaced.",
            "that line of the error stream",
            frozenset({"stderr"}),
            lambda text: _BACKTRACE_NOTE.sub("", text),
        ),
        Rule(
            "stderr-ignored",
            "The case is about what is returned; the text on the error stream is not part of its contract.",
            "the whole error stream",
            frozenset({"stderr"}),
            lambda text: "",
        ),
        Rule(
            "hash-values",
            "Python promises that equal objects hash alike, and of no object which number its hash is.",
            "the integer that `{builtin: hash}` or `{method: __hash__}` returned",
            allows=_hash_value,
        ),
        Rule(
            "clear-counts",
            "A collector may call `__traverse__` and `__clear__` as often as it sees fit, once it does.",
            "the integers, neither of them 0, that a call, method or attribute returned whose name is `clears`, "
            "`traversals`, or `clear…` or `travers…` with `_count` or `_calls` at the end",
            allows=_clear_count,
        ),
        Rule(
            "finaliser-time",
            "Python does not promise when an object that cannot be reached is finalised, nor which of several first.",
            "which objects died in a step, and calls of `__del__` there, if the whole program had the same ones",
            allows=_time_of_death,
        ),
        Rule(
            "recursion-depth",
            "How deep a recursion gets depends on what the interpreter counts as a level.",
            "where both raised RecursionError: that one made more of the same calls before; in the context "
            "`recursion`: that only one raised it (later steps are not judged then)",
            allows=_recursion_depth,
        ),
        Rule(
            "addresses",
            "No two processes put an object at the same address.",
            "texts that differ in nothing but hexadecimal numbers of 6 to 16 digits after `0x`, and what "
            "`{builtin: id}` returned",
            allows=_address,
        ),
        Rule(
            "builtin-error-text",
            "The language says which class of exception an operation raises, not how its message is worded.",
            "the message of an exception of a builtin class, raised on both sides, that is "
            "the exception's one argument",
            allows=_builtins_text,
        ),
    )
}

DEFAULT_RULES = ("panic-thread-id", "panic-backtrace-note")
"""On unless a project's settings say otherwise: they are about processes, not about extensions."""

NAN_PAYLOADS = "nan-payloads"
"""Not a leniency: asks that NaNs be compared by all their bits."""

RULE_NAMES = frozenset(RULES) | {NAN_PAYLOADS}
