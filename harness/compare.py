"""Compare two observations of the same step.  Pure: reads no clock, environment, file or global."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.differences import (
    Difference,
    Differences,
    differences_of,
    differing_calls,
    differing_details,
    differing_exceptions,
    differing_plain,
)
from harness.observation import (
    Crashed,
    Divergence,
    Hung,
    Kind,
    Observation,
    Outcome,
    Raised,
    Returned,
    Unsupported,
    Wire,
    outcome_name,
)
from harness.program import Program
from harness.rules import NAN_PAYLOADS, RULES, Rule, Seen

_EFFECT_KINDS: dict[str, Kind] = {
    "arguments": "argument",
    "results": "results",
    "same": "identity",
    "shared": "identity",
    "equality": "equality",
    "calls": "calls",
    "warnings": "warnings",
    "unraisable": "unraisable",
    "thread-exceptions": "thread-exceptions",
    "handled": "handled",
    "pickled": "pickled",
    "died": "died",
    "leaked": "leaked",
    "grows": "leak",
    "stdout": "stdout",
    "stderr": "stderr",
    "exit": "exit",
}
_TELL_THE_RESULT_AGAIN = ("same", "results", "equality")
_DETAILS = {"arguments": " argument {}", "results": " result {}"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first divergence, or None, and which named rules made a difference legal.

    ``further`` are the other divergences of the same step, one of each side effect.  ``unjudged`` counts the steps
    after one that diverged, or whose outcome differed legally: their state is no longer the same.
    """

    divergence: Divergence | None
    rules_applied: frozenset[str] = frozenset()
    further: tuple[Divergence, ...] = ()
    unjudged: int = 0


def compare(
    rules: frozenset[str],
    *,
    reference: Sequence[Observation],
    other: Sequence[Observation],
    program: Program | None = None,
) -> Comparison:
    """Compare the observations of one program, step by step, up to the first step that diverges.

    Rules that are about certain operations apply only if the program is given.
    """
    if ended := _differing_ends(reference, other):
        return Comparison(ended)
    applied: set[str] = set()
    known = [RULES[name] for name in sorted(rules) if name in RULES]
    for number in range(min(len(reference), len(other))):
        found, legally_ended = _judge_step(rules, known, Seen(number, reference, other, program), applied)
        if found or legally_ended:
            first = found[0] if found else None
            return Comparison(first, frozenset(applied), tuple(found[1:]), len(reference) - number - 1)
    return Comparison(None, frozenset(applied))


def _judge_step(
    rules: frozenset[str], known: Sequence[Rule], seen: Seen, applied: set[str]
) -> tuple[list[Divergence], bool]:
    """Return the divergences of a step, and whether its outcome differed legally; the rest is then another matter."""
    found: list[Divergence] = []
    both = seen.reference[seen.number], seen.other[seen.number]
    for effect, differences in _channels(rules, known, *both, applied):
        for difference in differences:
            rule = next((each for each in known if each.allows is not None and each.allows(difference, seen)), None)
            if rule is None:
                parts = difference.kind, difference.path, difference.reference, difference.other
                if not found or effect not in _TELL_THE_RESULT_AGAIN:
                    found.append(Divergence(seen.number, *parts))
                break
            applied.add(rule.name)
            if difference.kind == "outcome":
                return found, True
        if found and found[0].kind in ("outcome", "exception-type"):
            # Something else happened; what else it did is not gone into.
            break
    return found, False


def _differing_ends(reference: Sequence[Observation], other: Sequence[Observation]) -> Divergence | None:
    """Compare programs of which one ended its worker: only the end is known, not the step."""
    ends = [one[0].outcome for one in (reference, other) if one and isinstance(one[0].outcome, (Crashed, Hung))]
    if len(ends) == 2 and next(_outcomes(frozenset(), reference[0], other[0]), None) is None:
        return None
    if not ends:
        return None
    outcomes = [one[0 if isinstance(one[0].outcome, (Crashed, Hung)) else -1].outcome for one in (reference, other)]
    return Divergence(max(len(reference), len(other)) - 1, "outcome", "", *_told_apart(*outcomes))


def _channels(
    rules: frozenset[str], known: Sequence[Rule], reference: Observation, other: Observation, applied: set[str]
) -> Iterator[tuple[str, Differences]]:
    """Yield what differs in each part of an observation, by its name: the outcome, then every side effect."""
    yield "outcome", _outcomes(rules, reference, other)
    yield from _effects(rules, known, reference, other, applied)


def _outcomes(rules: frozenset[str], reference: Observation, other: Observation) -> Differences:
    expected, seen = reference.outcome, other.outcome
    match expected, seen:
        case Returned(value=left), Returned(value=right):
            yield from differences_of(left, right, NAN_PAYLOADS in rules)
            return
        case Raised(exception=left, unprepared=early), Raised(exception=right, unprepared=late) if early == late:
            yield from differing_exceptions(left, right, NAN_PAYLOADS in rules)
            return
        case Crashed(), Crashed() if _same_crash(expected, seen):
            return
        case Unsupported(), Unsupported():
            return
    if type(expected) is not type(seen) or isinstance(expected, (Raised, Crashed)):
        yield Difference("outcome", "", *_told_apart(expected, seen))


def _told_apart(reference: Outcome, other: Outcome) -> tuple[str, str]:
    """Return the names of two outcomes, with what tells them apart where the names do not, and what a crash was."""
    names = _named(reference), _named(other)
    match reference, other:
        case Crashed(signal=left), Crashed(signal=right) if names[0] == names[1]:
            return f"crashed ({left})", f"crashed ({right})"
        case Raised(unprepared=early), Raised() if early:
            return "raised while its arguments were made", "raised"
        case Raised(), Raised():
            return "raised", "raised while its arguments were made"
    return names


def _named(outcome: Outcome) -> str:
    if isinstance(outcome, Crashed) and outcome.identity:
        return f"crashed ({outcome.identity}{', before it began' if outcome.early else ''})"
    return outcome_name(outcome)


def _same_crash(left: Crashed, right: Crashed) -> bool:
    """Whether two workers died of the same; one bug may end in another signal on another backend."""
    return left.early == right.early and (left.signal == right.signal or left.identity == right.identity != "")


def _effects(
    rules: frozenset[str], known: Sequence[Rule], reference: Observation, other: Observation, applied: set[str]
) -> Iterator[tuple[str, Differences]]:
    nan_payloads = NAN_PAYLOADS in rules
    for effect, kind in _EFFECT_KINDS.items():
        expected, seen = reference.effects.get(effect), other.effects.get(effect)
        for rule in known:
            if effect not in rule.effects or expected == seen:
                continue
            normal = tuple(rule.normalise(text) if isinstance(text, str) else "" for text in (expected, seen))
            if normal != (expected, seen):
                applied.add(rule.name)
                expected, seen = normal
        differences = _differing_effects(effect, expected, seen, nan_payloads)
        yield effect, (difference.inside(kind) for difference in differences)


def _differing_effects(effect: str, expected: Wire, seen: Wire, nan_payloads: bool) -> Iterator[Difference]:
    if effect in _DETAILS:
        return differing_details(expected or {}, seen or {}, nan_payloads, _DETAILS[effect])
    if effect == "grows":
        # How much is never twice the same; whether it is beyond the bound is.
        return differing_plain("grows" if expected else "steady", "grows" if seen else "steady", "")
    if effect == "calls":
        return differing_calls(expected or [], seen or [], nan_payloads)
    return differing_plain(expected, seen, "")
