"""An entry that a failing item prints can be pasted: it is read back as the same program."""

from __future__ import annotations

from books import FOUND, entry, parsed
from hypothesis import given
from hypothesis import strategies as st

from harness.book.drafts import draft_of
from harness.codec import encode_program
from harness.findings import Finding, Known
from harness.observation import Divergence, Kind, Observation, Raised, Returned
from harness.odd_strategies import anything
from harness.plain_strategies import any_text
from harness.program import Program, Step
from harness.values import Result

SEEN = (Observation(Returned(1)),)
ELSEWHERE = (Observation(Raised(["e", "builtins.ValueError", [], {"str": ""}])),)


def finding_of(
    program: Program, *, kind: Kind = "outcome", reference: str = "returned", other: str = "raised"
) -> Finding:
    return Finding(program, SEEN, ELSEWHERE, Divergence(len(program.steps) - 1, kind, "", reference, other))


def read_back(finding: Finding) -> Known:
    return Known(parsed(f"known:\n{draft_of(finding, case='case', found=FOUND)}\n"))


steps = st.one_of(
    st.builds(
        Step,
        st.just("call"),
        st.just("function"),
        st.lists(anything(), max_size=2).map(tuple),
        st.dictionaries(any_text(), anything(), max_size=2).map(lambda named: tuple(named.items())),
    ),
    st.builds(lambda value: Step("set", "name", (Result(0), value)), anything()),
    st.builds(lambda value: Step("operator", "add", (value, Result(0))), anything()),
    st.just(Step("forget", count=0)),
    st.just(Step("iterate", "", (Result(0),), count=3)),
)


earlier = st.builds(
    lambda steps, context, observe: Program("sample", tuple(steps), context, observe),
    st.lists(steps, min_size=1, max_size=2),
    st.sampled_from(["plain", "thread"]),
    st.sampled_from([(), ("state", "equality"), ("lifetimes",)]),
)


@given(st.lists(steps, min_size=1, max_size=3), st.lists(earlier, max_size=2))
def test_a_pasted_entry_is_the_program_that_was_found(drawn: list[Step], before: list[Program]) -> None:
    program = Program("sample", tuple(drawn), observe=("lifetimes",), after=tuple(before))
    finding = finding_of(program)
    known = Known(read_back(finding).entries, program.observe)
    assert encode_program(known.program_of(known.entries[0], "sample")) == encode_program(program)
    assert known.entry_for(finding) is known.entries[0]


def known_with(kind: str, place: str, **fields: str) -> Known:
    return Known([entry(place, kind, **fields)])


def test_a_star_stands_for_any_place_and_nothing_else_does() -> None:
    finding = finding_of(Program("sample", (Step("call", "function"),)))
    assert known_with(kind="outcome", place="*").entry_for(finding)
    assert known_with(kind="outcome", place="func*()").entry_for(finding)
    assert not known_with(kind="outcome", place="func.*").entry_for(finding)
    assert not known_with(kind="value", place="*").entry_for(finding)


def test_another_difference_at_a_known_place_is_not_known() -> None:
    program = Program("sample", (Step("call", "function"),))
    known = known_with(kind="exception-message", place="function()", reference="too large", other="^overflow$")
    there = finding_of(program, kind="exception-message", reference="int too large", other="overflow")
    another = finding_of(program, kind="exception-message", reference="int too large", other="overflowed")
    assert known.entry_for(there)
    assert not known.entry_for(another)
