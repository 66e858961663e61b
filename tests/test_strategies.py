"""From a case to programs: results are linked, absent arguments left out, and nothing is drawn that a backend lacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from books import parsed, written
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.errors import Unsatisfiable

from harness.cases import Case, parse_case_file
from harness.errors import UnsendableValueError
from harness.handshake import Capabilities, Hello, common
from harness.program import Program, Step
from harness.protocol import encode_body
from harness.strategies import fixed_program, programs_of
from harness.values import Odd, Result

EVERYTHING = Capabilities()
NO_PAIRS = Capabilities(surrogate_pairs=False)


def case(body: str) -> Case:
    text = "extension: fake\ncases:\n  area:\n" + "".join(f"    {line}\n" for line in body.splitlines())
    [found] = parse_case_file(text, Path("fake.yaml")).cases
    return found


def draw(body: str, capabilities: Capabilities = EVERYTHING, examples: int = 200) -> list[Program]:
    """Return programs that a case draws; each can be sent."""
    drawn: list[Program] = []

    @settings(
        max_examples=examples, phases=[Phase.generate], database=None, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(programs_of(case(body), "fake", capabilities))
    def collect(program: Program) -> None:
        encode_body(program)
        drawn.append(program)

    collect()
    return drawn


def smallest(body: str, condition: Callable[[Program], bool]) -> Program:
    quiet = settings(database=None, deadline=None, derandomize=True, max_examples=2000)
    return find(programs_of(case(body), "fake", EVERYTHING), condition, settings=quiet)


def results_in(value: Any) -> Iterator[int]:
    """Yield every step that a value refers to, at any depth."""
    if isinstance(value, Result):
        yield value.step
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from results_in(each)
    elif isinstance(value, dict):
        yield from results_in(list(value.items()))
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from results_in(getattr(value, field.name))


# --- calls -----------------------------------------------------------------------------------------


def test_a_plain_call_is_a_program_of_one_step() -> None:
    assert draw("args: ['just(1)', \"'x'\"]", examples=1) == [Program("fake", (Step("call", "area", (1, "x")),))]


def test_a_case_can_call_something_else_than_its_name() -> None:
    [program] = draw("call: Account.open", examples=1)
    assert program.steps == (Step("call", "Account.open"),)


def test_an_absent_argument_ends_the_positional_ones_and_leaves_keywords_out() -> None:
    drawn = draw("args: ['1', 'one_of(absent(), just(2))', '3']\nkwargs: {a: 'one_of(absent(), just(4))', b: '5'}")
    shapes = {(program.steps[0].arguments, program.steps[0].keywords) for program in drawn}
    assert shapes == {
        (positional, keywords) for positional in ((1,), (1, 2, 3)) for keywords in ((("b", 5),), (("a", 4), ("b", 5)))
    }


def test_extra_arguments_follow_the_named_ones() -> None:
    drawn = draw("args: ['1']\nextra_args: 'lists(just(2), max_size=2)'")
    assert {program.steps[0].arguments for program in drawn} == {(1,), (1, 2), (1, 2, 2)}


def test_extra_keywords_do_not_replace_the_named_ones() -> None:
    drawn = draw("kwargs: {a: '1'}\nextra_kwargs: \"dictionaries(sampled_from(['a', 'b']), just(2))\"")
    assert {tuple(sorted(program.steps[0].keywords)) for program in drawn} == {(("a", 1),), (("a", 1), ("b", 2))}


def test_numbers_shrink_towards_zero_and_towards_the_simplest_limit() -> None:
    found = smallest("args: ['any_int()']", lambda program: abs(program.steps[0].arguments[0]) >= 2**62)
    assert abs(found.steps[0].arguments[0]) in (2**62, 2**63 - 2, 2**63 - 1, 2**63)
    assert smallest("args: ['any_int()']", lambda program: True).steps[0].arguments == (0,)


# --- programs --------------------------------------------------------------------------------------

ACCOUNT = """\
program:
  start:
    - {call: Account, args: ["integers(0, 9)"]}
  steps:
    - {method: deposit, args: ["result()"], kwargs: {note: "result()"}}
    - {method: merge, on: "result()", args: ["lists(result(), max_size=2)", "fixed_dictionaries({'k': result()})"]}
    - {get: total}
    - {set: total, value: "one_of(result(), integers())"}
    - {delete: total}
    - {operator: add, args: ["odd(__radd__=result())"]}
    - {operator: sub, args: ["integers()"], reflected: true}
    - {builtin: repr}
    - {iterate: 3, on: "result()"}
    - {forget: 0}
    - {call: close, args: ["int_subclass(5, __index__=in_turn(1, result()))", "callback(result())"]}
  max_steps: 6
"""


def test_programs_begin_with_their_start_and_have_at_most_so_many_steps() -> None:
    drawn = draw(ACCOUNT)
    assert {len(program.steps) for program in drawn} == set(range(1, 8))
    assert {program.steps[0].name for program in drawn} == {"Account"}
    assert {step.kind for program in drawn for step in program.steps} == {
        *("call", "method", "get", "set", "delete", "operator", "builtin", "iterate", "forget")
    }


def test_every_result_is_one_of_an_earlier_step_wherever_it_stands() -> None:
    referred = 0
    for program in draw(ACCOUNT, examples=500):
        for number, step in enumerate(program.steps):
            for earlier in results_in((step.arguments, step.keywords)):
                assert earlier < number
                referred += 1
    assert referred > 500


def test_results_are_linked_in_a_program_that_is_all_start() -> None:
    drawn = draw("program:\n  start: [{call: a}, {call: b, args: ['result()']}, {call: c, args: ['result()']}]")
    links = {tuple(results_in(program.steps)) for program in drawn}
    assert links == {(0, 0), (0, 1)}


def test_a_result_that_is_named_stays_what_it_is() -> None:
    for program in draw("program:\n  start: [{call: a}, {call: b}, {call: c, args: ['result(1)']}, {get: x, on: 2}]"):
        assert list(results_in(program.steps)) == [1, 2]


def test_a_reflected_operator_has_the_object_second() -> None:
    [program] = draw("program: {start: [{call: a}, {operator: sub, args: ['5'], reflected: true}]}", examples=1)
    assert program.steps[1].arguments == (5, Result(0))
    [program] = draw("program: {start: [{call: a}, {operator: neg, reflected: true}]}", examples=1)
    assert program.steps[1].arguments == (Result(0),)


def test_a_program_shrinks_to_the_steps_that_matter() -> None:
    found = smallest(ACCOUNT, lambda program: any(step.kind == "delete" for step in program.steps))
    assert found.steps == (Step("call", "Account", (0,)), Step("delete", "total", (Result(0),)))


def test_a_stored_program_is_built_without_drawing() -> None:
    [known] = parsed(
        written(
            "kind: value, place: p, any_difference: so, reason: r, witness: ["
            "{call: Account, args: ['1', \"odd(__len__=3)\"], kwargs: {k: 'nan'}}, {method: put, args: ['result(0)']}, "
            "{set: total, value: '[1]'}, {set: gone}, {operator: add, on: '5', args: ['result(1)']}, "
            "{operator: sub, args: ['5'], reflected: true}, {iterate: 2, on: 1}, {forget: 0}]"
        )
    )
    steps = fixed_program(known.spec.witness, "fake").steps
    assert steps[0].arguments == (1, Odd("object", None, (("__len__", 3),)))
    assert steps[1:] == (
        Step("method", "put", (Result(0), Result(0))),
        Step("set", "total", (Result(0), [1])),
        Step("set", "gone", (Result(0), None)),
        Step("operator", "add", (5, Result(1))),
        Step("operator", "sub", (5, Result(0))),
        Step("iterate", "", (Result(1),), count=2),
        Step("forget", count=0),
    )


@pytest.mark.parametrize(
    "expression",
    [
        "lists(absent(), min_size=1)",
        "raises('ValueError')",
        "just([integers()])",
        "in_turn(1, 2)",
        "just({'k': absent()})",
    ],
)
def test_what_no_worker_can_build_is_an_error_of_the_case(expression: str) -> None:
    with pytest.raises(UnsendableValueError):
        draw(f"args:\n  - |\n    {expression}")


def test_a_callback_takes_its_outcomes_in_turn_either_way() -> None:
    [one], [other] = (draw(f"args: ['callback({each})']", examples=1) for each in ("1, 2, 3", "in_turn(1, 2), 3"))
    assert one == other


# --- capabilities ----------------------------------------------------------------------------------

PAIR = "'\\ud83d\\ude00'"


@pytest.mark.parametrize(
    "expression",
    [
        f"just({PAIR})",
        f"just([{PAIR}])",
        f"just(({PAIR}, 1))",
        f"just({{{PAIR}: 1}})",
        f"just({{1: {PAIR}}})",
        f"frozenset({{{PAIR}}})",
        f"str_subclass({PAIR})",
        f"odd(__str__={PAIR})",
        f"odd(__str__=raises('ValueError', {PAIR}))",
        f"iterator([1, {PAIR}])",
        f"callback(in_turn(1, {PAIR}))",
        f"exception('ValueError', notes=[{PAIR}])",
    ],
)
def test_what_a_backend_cannot_hold_is_never_drawn(expression: str) -> None:
    body = f"contexts: []\nargs:\n  - |\n    one_of(just(1), {expression})"
    assert {repr(program) for program in draw(body, NO_PAIRS)} == {repr(Program("fake", (Step("call", "area", (1,)),)))}
    assert len({repr(program) for program in draw(body)}) == 2


def test_surrogates_that_are_no_pair_are_drawn_for_every_backend() -> None:
    body = "args:\n  - |\n    sampled_from(['\\ud83d', '\\ude00\\ud83d', '\\ud83da\\ude00', '\\U0001f600'])"
    assert len({program.steps[0].arguments for program in draw(body, NO_PAIRS)}) == 4


def test_a_pair_in_a_keyword_is_not_drawn_either() -> None:
    body = f"kwargs:\n  k: |\n    {PAIR}"
    with pytest.raises(Unsatisfiable):
        find(programs_of(case(body), "fake", NO_PAIRS), lambda program: True, settings=settings(database=None))


def test_what_all_backends_can_do_is_what_each_can() -> None:
    def hello(**capabilities: bool) -> Hello:
        return Hello(2, "digest", "x", "1", "3.14.0", "", 1, Capabilities(**capabilities))

    assert common([hello(), hello()]) == EVERYTHING
    assert common([hello(), hello(surrogate_pairs=False)]) == NO_PAIRS
    assert not common([hello(exception_notes=False), hello()]).exception_notes
    assert common([hello(free_threaded=True)]).free_threaded
