"""The search for the version in which something appeared.  Pure: what a version answers comes from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from packaging.version import InvalidVersion, Version

from harness.errors import FindingError

Answer = Literal["good", "bad", "skip"]
"""Without the finding, with it, or not to be told, for example because the version does not build."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A version that was tried; ``note`` says what was seen, or why it cannot be told."""

    version: str
    answer: Answer
    note: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """What a search came to.

    The finding is in none of the versions up to ``last_good`` and in those from ``first_bad`` on, as far as they were
    tried; it may have come with any of those between them, which were skipped.  Where ``problem`` says that the ends
    are not what they were said to be, there is neither.
    """

    tried: tuple[Tried, ...]
    last_good: str = ""
    first_bad: str = ""
    between: tuple[str, ...] = ()
    problem: str = ""


def search(versions: Sequence[str], ask: Callable[[str], Tried]) -> Search:
    """Return where between the first version, which is good, and the last, which is bad, it changes.

    Both ends are asked first: what was said of them may be wrong.  A version that cannot be told is skipped, and its
    neighbours are asked instead.
    """
    tried: list[Tried] = []

    def answer_of(index: int) -> Answer:
        tried.append(ask(versions[index]))
        return tried[-1].answer

    for index, expected in ((0, "good"), (len(versions) - 1, "bad")):
        answer = answer_of(index)
        if answer != expected:
            return Search(tuple(tried), problem=_problem(tried[-1], expected))
    low, high = 0, len(versions) - 1
    skipped: set[int] = set()
    while candidates := [index for index in range(low + 1, high) if index not in skipped]:
        middle = min(candidates, key=lambda index: abs(2 * index - low - high))
        match answer_of(middle):
            case "good":
                low = middle
            case "bad":
                high = middle
            case "skip":
                skipped.add(middle)
    return Search(tuple(tried), versions[low], versions[high], tuple(versions[low + 1 : high]))


def _problem(tried: Tried, expected: str) -> str:
    match tried.answer:
        case "skip":
            return f"{tried.version}, which was given as {expected}, cannot be tried: {tried.note}"
        case "good":
            return f"{tried.version} was given as bad, but the finding is not there"
    return f"{tried.version} was given as good, but the finding is there; give an older version, or one that lacks it"


def versions_between(released: Iterable[str], good: str, bad: str, what: str) -> tuple[str, ...]:
    """Return the released versions from the good one to the bad one, both included, in this direction.

    Those that are for trying out only are left out unless they are an end themselves.

    Raises: FindingError -- an end was never released, or both are the same.
    """
    known = {each: version for each in released if (version := _parsed(each)) is not None}
    for end in (good, bad):
        if end not in known:
            told = ", ".join(sorted(known, key=known.__getitem__)[-10:]) or "none"
            raise FindingError(f"{end} is no released version of {what}; the last ones are {told}")
    if good == bad:
        raise FindingError(f"{good} cannot be both good and bad; give two versions of {what}")
    first, last = sorted((known[good], known[bad]))
    between = [
        each
        for each, version in known.items()
        if first <= version <= last and (each in (good, bad) or not version.is_prerelease)
    ]
    return tuple(sorted(between, key=known.__getitem__, reverse=known[good] > known[bad]))


def _parsed(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None


def describe_tried(tried: Tried, width: int) -> str:
    """Return the line of a table about a version."""
    return f"  {tried.version:<{width}}  {tried.answer:<4}  {tried.note}".rstrip()


def describe_search(found: Search, *, what: str, forwards: bool) -> str:
    """Return what a search came to, in words; ``forwards`` says that the good version is the older one."""
    if found.problem:
        return f"It cannot be told: {found.problem}"
    if not forwards:
        first = f"It is there up to {what} {found.first_bad}, and gone in {found.last_good}"
    else:
        first = f"It appeared in {what} {found.first_bad}; the last version without it is {found.last_good}"
    if not found.between:
        return f"{first}."
    skipped = ", ".join(found.between)
    return f"{first}, as far as can be told: {skipped} could not be tried, and it may have changed there."
