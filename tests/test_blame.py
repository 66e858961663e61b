"""Who is blamed, on which votes."""

from __future__ import annotations

import pytest

from harness.blame import Blame, Makeup, Part, Side, Touched, Vote, blame, side_of
from harness.compare import compare
from harness.observation import Crashed, Observation, Raised, Returned, Wire

OWN = Part("interpreter", "Alpha")
OTHERS = Part("interpreter", "Beta")
LIMITED = Part("binding", "limited API")
FOR_BETA = Part("binding", "code for Beta")
STABLE = Part("ABI", "stable")
HOST = Part("host", "Beta's host")

REFERENCE = Makeup((3, 14), frozenset({OWN}))
OTHER = Makeup((3, 14), frozenset({OTHERS, LIMITED, FOR_BETA, STABLE, HOST}))
CONTROL = Makeup((3, 15), frozenset({OWN, LIMITED, STABLE}))
LIMITED_ONLY = Makeup((3, 14), frozenset({OWN, LIMITED}))
NEWER = Makeup((3, 15), frozenset({OWN}))
OLDER = Makeup((3, 13), frozenset({OWN}))


def votes(**sides: Side) -> list[Vote]:
    """Return votes by the makeup's name."""
    makeups = {"control": CONTROL, "limited": LIMITED_ONLY, "newer": NEWER, "older": OLDER, "again": REFERENCE}
    return [Vote(name, "", makeups[name], side) for name, side in sides.items()]


@pytest.mark.parametrize(
    ("sides", "word", "note"),
    [
        ({}, "cannot tell", "no control here"),
        ({"control": "absent"}, "cannot tell", "no control here"),
        ({"control": "flaky"}, "cannot tell", "no control here"),
        ({"control": "neither"}, "cannot tell", "no control here"),
        ({"control": "reference"}, "binding, interpreter or host", ""),
        ({"control": "other"}, "skew, ABI or binding", ""),
        ({"control": "other", "newer": "reference"}, "ABI or binding", ""),
        ({"control": "other", "newer": "other"}, "skew", ""),
        ({"control": "other", "newer": "reference", "limited": "other"}, "binding", ""),
        ({"control": "other", "newer": "reference", "limited": "reference"}, "ABI", ""),
        ({"control": "other", "newer": "neither"}, "ABI or binding", ""),
        ({"newer": "other"}, "skew", ""),
        ({"older": "other", "newer": "reference"}, "skew", ""),
        ({"older": "other", "newer": "reference", "control": "reference"}, "skew", ""),
        ({"limited": "reference"}, "cannot tell", "nothing clears a whole layer"),
        # The reference's own twin does as the other, and the newer one with every part of it does not.
        ({"again": "other", "control": "reference"}, "cannot tell", "no single part explains the evidence"),
    ],
)
def test_the_parts_that_no_vote_clears_are_blamed(sides: dict[str, Side], word: str, note: str) -> None:
    found = blame(REFERENCE, OTHER, votes(**sides))
    assert (found.word, found.note) == (word, note)


def test_the_parts_are_named() -> None:
    assert blame(REFERENCE, OTHER, votes(control="reference")).suspects == (FOR_BETA, OTHERS, HOST)
    assert blame(REFERENCE, OTHER, votes(newer="other")).suspects == (Part("language version", "as Python 3.15"),)


def test_two_versions_of_one_interpreter_differ_in_nothing_else() -> None:
    found = blame(REFERENCE, OLDER, [])
    assert (found.word, found.note) == ("skew", "the two backends differ in nothing else")
    assert found.suspects == (Part("language version", "Python 3.13"),)


def test_a_twin_of_another_version_that_does_the_same_clears_the_version() -> None:
    found = blame(REFERENCE, OLDER, [Vote("twin", "", OLDER, "reference")])
    assert (found.word, found.note) == ("cannot tell", "no single part explains the evidence")


def test_another_version_and_another_abi_are_told_apart_by_who_has_one_of_them() -> None:
    assert blame(REFERENCE, CONTROL, []).word == "cannot tell"
    assert blame(REFERENCE, CONTROL, votes(newer="other")).word == "skew"
    assert blame(REFERENCE, CONTROL, votes(newer="reference")).word == "ABI or binding"


def test_backends_of_the_same_parts_blame_the_harness_or_the_extension() -> None:
    found = blame(REFERENCE, REFERENCE, votes(control="reference"))
    assert found.word == "cannot tell"
    assert found.note == "the two backends are made of the same parts: the harness, or the extension"


def test_backends_that_say_nothing_of_themselves_cannot_be_told_apart() -> None:
    found = blame(Makeup((3, 14)), Makeup((3, 14)), [])
    assert (found.word, found.note) == ("cannot tell", "neither backend says what it is made of")


def test_a_backend_that_says_nothing_of_itself_is_another_interpreter() -> None:
    found = blame(REFERENCE, Makeup((3, 14)), [])
    assert found.word == "interpreter"
    assert found.suspects == (Part("interpreter", "not Alpha"),)


def test_the_version_that_another_interpreter_claims_clears_nothing() -> None:
    claims = Vote("beta again", "", Makeup((3, 14), OTHER.parts), "other")
    assert blame(REFERENCE, OLDER, [claims]).word == "skew"


def test_a_program_that_calls_nothing_of_the_host_clears_it() -> None:
    found = blame(REFERENCE, OTHER, votes(control="reference"), touched=Touched(watched=True))
    assert (found.word, found.touched) == ("binding or interpreter", Touched(watched=True))


def test_an_extension_that_imports_nothing_of_the_host_clears_it() -> None:
    assert blame(REFERENCE, OTHER, votes(control="reference"), touched=Touched()).word == "binding or interpreter"


def test_what_a_program_calls_is_evidence_without_any_vote() -> None:
    found = blame(REFERENCE, OTHER, [], touched=Touched(watched=True))
    assert (found.word, found.note) == ("ABI, binding or interpreter", "no control here")


@pytest.mark.parametrize(
    "touched",
    [
        Touched(("a",)),
        Touched(("b", "a"), watched=True),
        Touched(watched=True, by_itself=True),
        Touched(watched=True, while_imported=("a",)),
    ],
)
def test_what_the_program_has_to_do_with_the_host_is_told_while_that_is_a_suspect(touched: Touched) -> None:
    found = blame(REFERENCE, OTHER, votes(control="reference"), touched=touched)
    assert (found.word, found.touched) == ("binding, interpreter or host", touched)
    assert blame(REFERENCE, OTHER, votes(newer="other"), touched=touched).touched is None


def test_a_host_that_votes_clear_is_told_nothing_of() -> None:
    cleared = blame(REFERENCE, OTHER, votes(control="other", newer="reference"), touched=Touched(watched=True))
    assert (cleared.word, cleared.touched) == ("ABI or binding", None)


def test_two_backends_that_differ_in_their_host_only_leave_nobody_if_it_is_not_called() -> None:
    bare = Makeup(OTHER.language_version, OTHER.parts - {HOST})
    found = blame(bare, OTHER, [], touched=Touched(watched=True))
    assert (found.word, found.note) == ("cannot tell", "no single part explains the evidence")


def test_words() -> None:
    assert Blame((), told=False).word == "cannot tell"
    assert Blame((HOST,), told=True).word == "host"


# --- whom a voter sides with -----------------------------------------------------------------------


def returned(*values: Wire) -> list[Observation]:
    return [Observation(Returned(value)) for value in values]


RAISED = Observation(Raised(["e", "builtins.ValueError", [], {"str": "no"}]))
SEGV = Observation(Crashed("died with SIGSEGV"))


@pytest.mark.parametrize(
    ("reference", "other", "voter", "side"),
    [
        (returned(1), returned(2), returned(1), "reference"),
        (returned(1), returned(2), returned(2), "other"),
        (returned(1), returned(2), returned(3), "neither"),
        (returned(1), returned(2), [RAISED], "neither"),
        (returned(1), [RAISED], [RAISED], "other"),
        (returned(1), [SEGV], [SEGV], "other"),
        (returned(1), [SEGV], returned(1), "reference"),
        # What it does after the place, or before, is another matter.
        (returned(1, 5), returned(2, 5), returned(1, 6), "reference"),
        (returned(1, 5), returned(2, 5), returned(2, 6), "other"),
        (returned(0, 1), returned(0, 2), returned(9, 1), "neither"),
        (returned(["l", 1, 5]), returned(["l", 2, 5]), returned(["l", 1, 6]), "reference"),
        (returned(["l", 5, 1]), returned(["l", 5, 2]), returned(["l", 6, 1]), "neither"),
    ],
)
def test_a_voter_sides_with_whom_it_agrees_with_in_what_differs(
    reference: list[Observation], other: list[Observation], voter: list[Observation], side: Side
) -> None:
    found = compare(frozenset(), reference=reference, other=other).divergence
    assert found is not None
    assert side_of(frozenset(), found, reference=reference, other=other, voter=voter) == side
