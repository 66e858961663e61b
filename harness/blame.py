"""Blame: in which layer two backends differ, found by who else sides with whom.  Pure.

A backend is made of parts.  Each part that one of the two has and the other has not is a suspect; a voter that has
the part and does not do as its owner does, or does so without having it, clears the suspect.  What is left is blamed,
and nothing is left out because it is unlikely.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from harness.compare import compare
from harness.observation import Divergence, Observation

Layer = Literal["language version", "ABI", "binding", "interpreter", "host"]
LAYERS: tuple[Layer, ...] = get_args(Layer)
SKEW = "skew"
"""The word for a difference between two versions of the language, which no project has to mend."""

Side = Literal["reference", "other", "neither", "flaky", "absent"]
"""Whom a voter sides with; ``flaky`` if it answered two ways, ``absent`` if it could not be asked."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """Something that a backend is made of: its layer, and a name for people."""

    layer: Layer
    name: str


@dataclass(frozen=True, slots=True)
class Makeup:
    """What a backend is, as far as blame goes.

    ``parts`` are all by which it may differ from another backend of the same ``language_version``.
    """

    language_version: tuple[int, int]
    parts: frozenset[Part] = frozenset()

    @property
    def interpreters(self) -> frozenset[Part]:
        """The parts that are interpreters; of a backend that says nothing of itself, none."""
        return frozenset(part for part in self.parts if part.layer == "interpreter")


@dataclass(frozen=True, slots=True)
class Vote:
    """What another backend did with the smallest program; ``text`` tells it, or why it could not be asked."""

    backend: str
    description: str
    makeup: Makeup
    side: Side
    text: str = ""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a finding's program has to do with the host.

    ``functions`` of the C-API are the host's own; the program calls them, or, if it was not watched, the extension
    imports them.  Of a watched program ``while_imported`` are those that made what it looks at, when the extension was
    imported, and ``by_itself`` says that the host did something without being called, as it does for a class.
    ``unwatched`` says why it was not watched.
    """

    functions: tuple[str, ...] = ()
    watched: bool = False
    while_imported: tuple[str, ...] = ()
    by_itself: bool = False
    unwatched: str = ""

    @property
    def nothing(self) -> bool:
        """Whether the host has no part in what the program did."""
        return not (self.functions or self.while_imported or self.by_itself)


@dataclass(frozen=True, slots=True)
class Blame:
    """Who is to blame for a finding, and on what evidence.

    ``suspects`` are the parts that are left; none if the evidence cannot be told by a single one.  ``told`` says
    whether their layers are fewer than without any evidence, or one only.  ``touched`` is what the program has to do
    with the host, unless votes clear that or nobody looked.
    """

    suspects: tuple[Part, ...]
    told: bool
    votes: tuple[Vote, ...] = ()
    touched: Touched | None = None
    note: str = field(default="")

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the suspects, from the language to the host."""
        return tuple(layer for layer in LAYERS if any(part.layer == layer for part in self.suspects))

    @property
    def word(self) -> str:
        """``skew``, one layer, several joined by "or", or ``cannot tell``."""
        if not self.told:
            return "cannot tell"
        words = [SKEW if layer == "language version" else layer for layer in self.layers]
        return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def side_of(
    rules: frozenset[str],
    divergence: Divergence,
    *,
    reference: Sequence[Observation],
    other: Sequence[Observation],
    voter: Sequence[Observation],
) -> Side:
    """Return whom a voter sides with in what differs between the two, whatever it does differently after that."""
    from_reference = compare(rules, reference=reference, other=voter).divergence
    from_other = compare(rules, reference=other, other=voter).divergence
    if from_reference is None or from_other is None:
        return "reference" if from_other is not None else "other" if from_reference is not None else "neither"
    # Comparing ends at the first difference.  A voter that is told from one of the two where they differ, and from the
    # other not there, agrees with the other so far.
    at_the_place = [_place(each) == _place(divergence) for each in (from_reference, from_other)]
    if at_the_place == [False, True]:
        return "reference"
    return "other" if at_the_place == [True, False] else "neither"


def _place(divergence: Divergence) -> tuple[int, str, str]:
    return divergence.step, divergence.kind, divergence.path


def blame(reference: Makeup, other: Makeup, votes: Sequence[Vote], *, touched: Touched | None = None) -> Blame:
    """Return who is to blame for a difference between two backends.

    ``touched`` is what the program has to do with the host; None if nobody looked.
    """
    versions = _versions_of_other(reference, other, votes)
    suspects = [*_version_suspect(reference, other, versions), *sorted(reference.parts ^ other.parts)]
    counted = [vote for vote in votes if vote.side in ("reference", "other")]
    left = [part for part in suspects if not any(_clears(vote, part, reference, other, versions) for vote in counted)]
    if all(part.layer != "host" for part in left):
        touched = None
    elif touched is not None and touched.nothing:
        left = [part for part in left if part.layer != "host"]
    shown = tuple(_shown(left, other))
    single = len(_layers(suspects)) == 1
    return Blame(
        shown,
        bool(shown) and (single or _layers(left) < _layers(suspects)),
        tuple(votes),
        touched,
        _note(reference, other, suspects, left, counted),
    )


def _versions_of_other(reference: Makeup, other: Makeup, votes: Sequence[Vote]) -> frozenset[tuple[int, int]]:
    """Return the language versions that the other may do as: its own, or those that were seen to do the same."""
    if reference.language_version != other.language_version:
        return frozenset({other.language_version})
    like = {
        vote.makeup.language_version
        for vote in votes
        if vote.side == "other"
        and vote.makeup.interpreters == reference.interpreters
        and vote.makeup.language_version != reference.language_version
    }
    # A version that makes a third thing of it by itself is not what the other does as.
    not_alone = {
        vote.makeup.language_version
        for vote in votes
        if vote.side == "neither" and vote.makeup.parts == reference.parts
    }
    return frozenset(like - not_alone)


def _version_suspect(reference: Makeup, other: Makeup, versions: frozenset[tuple[int, int]]) -> Iterator[Part]:
    if versions:
        as_it = "" if reference.language_version != other.language_version else "as "
        yield Part("language version", f"{as_it}Python {' and '.join(map(_dotted, sorted(versions)))}")


def _clears(vote: Vote, suspect: Part, reference: Makeup, other: Makeup, versions: frozenset[tuple[int, int]]) -> bool:
    """Say whether a vote shows that a suspect alone does not make the difference."""
    voter = vote.makeup
    if suspect.layer == "language version":
        # What another interpreter calls its version need not be what it does.
        if voter.interpreters != reference.interpreters:
            return False
        if voter.language_version == reference.language_version:
            return vote.side == "other"
        return voter.language_version in versions and vote.side == "reference"
    as_other = (suspect in voter.parts) == (suspect in other.parts)
    return as_other != (vote.side == "other")


def _shown(left: Sequence[Part], other: Makeup) -> Iterator[Part]:
    """Yield what is told of the suspects: of each layer the other's own parts, or what it lacks."""
    for layer in LAYERS:
        of_layer = [part for part in left if part.layer == layer]
        own = [part for part in of_layer if layer == "language version" or part in other.parts]
        yield from own or (Part(layer, f"not {part.name}") for part in of_layer)


def _note(
    reference: Makeup, other: Makeup, suspects: Sequence[Part], left: Sequence[Part], counted: Sequence[Vote]
) -> str:
    if not reference.parts and not other.parts:
        return "neither backend says what it is made of"
    if not suspects:
        return "the two backends are made of the same parts: the harness, or the extension"
    if not left:
        return "no single part explains the evidence"
    if len(_layers(suspects)) == 1:
        return "the two backends differ in nothing else"
    if not counted:
        return "no control here"
    return "" if _layers(left) < _layers(suspects) else "nothing clears a whole layer"


def _layers(parts: Sequence[Part]) -> frozenset[Layer]:
    return frozenset(part.layer for part in parts)


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
