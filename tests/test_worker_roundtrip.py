"""Values and side effects through real worker processes, under every interpreter that is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import hypothesis.strategies as st
import pytest
from exactly import exact
from hypothesis import HealthCheck, given, settings
from test_codec import BY_HAND

from conftest import MODULES
from harness.codec import decode
from harness.handshake import PROTOCOL
from harness.lanes import Lane, pump
from harness.observation import Observation, Raised, Returned
from harness.odd_strategies import any_path, anything, exceptions
from harness.process import WorkerCommand
from harness.program import Program, Step
from harness.protocol import encode_body
from harness.values import (
    Again,
    Callback,
    Cycle,
    ExceptionValue,
    IteratorOf,
    Made,
    Named,
    Odd,
    Opaque,
    Raises,
    Result,
    Value,
    ViewOf,
)


@pytest.fixture(scope="module")
def lanes() -> Iterator[dict[str, Lane]]:
    opened: dict[str, Lane] = {}
    yield opened
    for lane in opened.values():
        lane.close()


@pytest.fixture
def lane(lanes: dict[str, Lane], backend: str, command: WorkerCommand) -> Lane:
    """One lane for each interpreter; a worker that a test has killed is replaced by itself."""
    if backend not in lanes:
        lanes[backend] = Lane(backend, command, "echo", [str(MODULES)], timeout_s=20)
    return lanes[backend]


def observe_all(lane: Lane, programs: Sequence[tuple[Step, ...]]) -> list[tuple[Observation, ...]]:
    lane.send([(number, encode_body(Program("echo", steps))) for number, steps in enumerate(programs)])
    pump([lane], wait=True)
    replies = [lane.replies.popleft() for _ in programs]
    assert [number for number, _ in replies] == list(range(len(programs)))
    return [reply.observations(len(steps), lane.backend) for (_, reply), steps in zip(replies, programs)]


def observe(lane: Lane, *steps: Step) -> tuple[Observation, ...]:
    return observe_all(lane, [steps])[0]


def call(lane: Lane, name: str, *arguments: Value, **keywords: Value) -> Observation:
    return observe(lane, Step("call", name, arguments, tuple(keywords.items())))[0]


def returned(observation: Observation) -> Value:
    assert isinstance(observation.outcome, Returned), observation
    return decode(observation.outcome.value)


def raised(observation: Observation) -> ExceptionValue:
    assert isinstance(observation.outcome, Raised), observation
    value = decode(observation.outcome.exception)
    assert isinstance(value, ExceptionValue)
    return value


def as_observed(value: Value) -> Value:
    """Return a value as it is when it comes back: exceptions have been given full names."""
    match value:
        case ExceptionValue(type=name):
            path = name if "." in name else f"builtins.{name}"
            arguments = tuple(map(as_observed, value.arguments))
            return ExceptionValue(path, arguments, value.notes, as_observed(value.cause), as_observed(value.context))
        case list() | tuple():
            return type(value)(map(as_observed, value))
        case dict():
            return {key: as_observed(item) for key, item in value.items()}
    return value


def escaped(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def as_argument(name: str, value: Value) -> Value:
    """Return an argument as it is when it comes back inside another object: by its name, if it has an identity."""
    if isinstance(value, (list, dict, set, bytearray, Odd, Callback, IteratorOf, ExceptionValue)):
        return Again(f"argument {name}")
    if isinstance(value, Made) and value.path in ("builtins.set", "builtins.dict"):
        return Again(f"argument {name}")
    return as_observed(value)


# --- values ----------------------------------------------------------------------------------------


def test_values_by_hand_survive_the_way_in_and_out(lane: Lane) -> None:
    names = [name for name in BY_HAND if name not in ("result", "exception of a module")]
    programs = [(Step("call", "echo", (BY_HAND[name],)),) for name in names]
    for name, seen in zip(names, observe_all(lane, programs)):
        assert exact(returned(seen[0])) == exact(as_observed(BY_HAND[name])), name


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(values=st.lists(anything(), min_size=1, max_size=30))
def test_any_value_survives_the_way_in_and_out(lane: Lane, values: list[Value]) -> None:
    for value, seen in zip(values, observe_all(lane, [(Step("call", "echo", (value,)),) for value in values])):
        assert exact(returned(seen[0])) == exact(as_observed(value))
        assert not seen[0].effects.keys() - {"same"}


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(positional=st.lists(anything(), max_size=3), named=st.dictionaries(st.text(max_size=3), anything(), max_size=3))
def test_arguments_arrive_where_they_were_sent(lane: Lane, positional: list[Value], named: dict[str, Value]) -> None:
    named.pop("value", None)
    seen = returned(call(lane, "echo", 0, 0, *positional, **named))
    expected = [as_argument(str(place), value) for place, value in enumerate([0, 0, *positional])]
    assert exact(seen) == exact(
        (0, tuple(expected[1:]), {name: as_argument(escaped(name), value) for name, value in named.items()})
    )


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(value=any_path())
def test_paths_survive_the_way_in_and_out(lane: Lane, value: Value) -> None:
    expected = value
    if isinstance(value, Made):  # A path is normalised when it is made.
        import pathlib

        expected = Made(value.path, (str(pathlib.PurePosixPath(value.arguments[0])),))
    assert exact(returned(call(lane, "echo", value))) == exact(expected)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(exception=exceptions())
def test_an_exception_survives_being_raised(lane: Lane, exception: ExceptionValue) -> None:
    assert exact(raised(call(lane, "raise_it", exception))) == exact(as_observed(exception))


def test_raising_inside_a_handler_sets_the_context(lane: Lane) -> None:
    seen = call(lane, "raise_from_within", ExceptionValue("KeyError", ("in",)), ExceptionValue("ValueError", ("out",)))
    assert raised(seen) == ExceptionValue(
        "builtins.ValueError", ("out",), context=ExceptionValue("builtins.KeyError", ("in",))
    )


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "StopIteration", "MemoryError"])
def test_every_exception_is_an_observation_and_no_end_of_the_worker(lane: Lane, name: str) -> None:
    restarts = lane.restarts
    assert raised(call(lane, "raise_it", ExceptionValue(name, ("x",)))).type == f"builtins.{name}"
    assert raised(call(lane, "exit_politely", 3)).type == "builtins.SystemExit"
    assert lane.restarts == restarts


def test_the_message_of_an_exception_is_observed(lane: Lane) -> None:
    outcome = call(lane, "raise_it", ExceptionValue("KeyError", ("\ud800",))).outcome
    assert isinstance(outcome, Raised)
    assert outcome.exception[3]["str"] == "'\\ud800'"


def test_what_a_callback_raises_comes_out_with_its_message(lane: Lane) -> None:
    seen = call(lane, "call", Callback((Raises("ValueError", "\ud800"),)))
    assert raised(seen) == ExceptionValue("builtins.ValueError", ("\ud800",))


def test_objects_of_the_extension_are_known_by_type_and_repr(lane: Lane) -> None:
    seen = returned(call(lane, "opaque"))
    assert isinstance(seen, Opaque)
    assert seen.type == "echo.Box"
    assert seen.repr.startswith("<Box 1 at 0x")


def test_a_subclass_that_is_not_ours_is_known_by_its_name(lane: Lane) -> None:
    value = returned(call(lane, "number"))
    assert (type(value[0]).__name__, value[0].type, value[0].plain) == ("Subclassed", "echo.Number", 5)
    assert value[1] == Named("echo.Number")


def test_cycles_end(lane: Lane) -> None:
    assert returned(call(lane, "cycle")) == {"self": (Cycle(2), [1, Cycle(1)])}


def test_values_nested_200_deep_come_back_whole_and_deeper_ones_are_cut(lane: Lane) -> None:
    value, levels = returned(call(lane, "nest", 199)), 0
    while value:
        value, levels = value[0], levels + 1
    assert levels == 199
    restarts = lane.restarts
    value, levels = returned(call(lane, "nest", 50_000)), 0
    while isinstance(value, list):
        value, levels = value[0], levels + 1
    assert isinstance(value, Opaque)
    assert (value.type, value.repr) == ("builtins.list", "<not shown: nested too deep>")
    assert levels >= 200
    assert lane.restarts == restarts


def test_chains_of_exceptions_are_cut_and_circles_end(lane: Lane) -> None:
    assert raised(call(lane, "chain", 500)).arguments == (499,)
    assert raised(call(lane, "circular")).arguments == (1,)


def test_objects_that_refuse_to_be_looked_at_end_nothing(lane: Lane) -> None:
    restarts = lane.restarts
    assert returned(call(lane, "loud")) == Opaque("echo.Loud", "<not shown: builtins.SystemExit>")
    stubborn = call(lane, "raise_stubborn").outcome
    assert isinstance(stubborn, Raised)
    bases = ["builtins.Exception", "builtins.BaseException", "builtins.object"]
    details = {"str": "<not shown: builtins.KeyboardInterrupt>", "bases": bases, "cut": "builtins.ValueError"}
    assert stubborn.exception == ["e", "echo.Stubborn", [], details]
    assert lane.restarts == restarts


# --- side effects ----------------------------------------------------------------------------------


def test_a_released_view_ends_nothing(lane: Lane) -> None:
    observations = observe(
        lane,
        Step("call", "echo", (ViewOf(b"ab"),)),
        Step("method", "release", (Result(0),)),
        Step("call", "echo", (Result(0),)),
    )
    assert returned(observations[0]) == ViewOf(b"ab")
    assert returned(observations[2]) == Opaque("builtins.memoryview", "<not shown: builtins.ValueError>")


def test_printed_text_is_an_effect_of_its_step(lane: Lane) -> None:
    first, second, third = observe(
        lane, Step("call", "chat", ("h\u00e9llo",)), Step("call", "echo"), Step("call", "chat", ("again",))
    )
    assert first.effects == {"stdout": "h\u00e9llo\n", "stderr": "h\u00e9llo\n"}
    assert second.effects == {}
    assert third.effects == {"stdout": "again\n", "stderr": "again\n"}


def test_where_an_extension_lies_is_told_alike_by_every_backend(lane: Lane) -> None:
    ((observation,),) = observe_all(lane, [(Step("call", "cannot_load"),)])
    assert isinstance(observation.outcome, Raised)
    told = observation.outcome.exception
    assert told[2] == ["cannot load <site>/echo.py"]
    assert told[3]["attributes"]["path"] == "<site>/echo.py"
    assert observation.effects["stdout"] == "<site>/echo.py\n"


def test_surrogates_can_be_printed(lane: Lane) -> None:
    assert call(lane, "chat", "\ud800").effects == {"stdout": "\\ud800\n", "stderr": "\\ud800\n"}


def test_what_native_code_writes_is_seen_with_bytes_that_are_no_text_escaped(lane: Lane) -> None:
    assert call(lane, "write_raw", b"a\xff\0").effects == {"stdout": "a\\xff\0", "stderr": "a\\xff\0"}


def test_what_looks_like_a_frame_on_stdout_corrupts_nothing(lane: Lane) -> None:
    seen = call(lane, "print_like_a_frame")
    assert seen == Observation(Returned(None), {"stdout": '[1, [["r", "forged"]]]\n', "stderr": '{"hello": 1}\n'})


def test_much_text_is_cut_and_told(lane: Lane) -> None:
    text = call(lane, "print_much", 10**6).effects["stdout"]
    assert len(text) < 10**5
    assert text.endswith("x[cut: 1000000 bytes in all]")
    assert call(lane, "print_much", 3).effects["stdout"] == "xxx"


def test_warnings_are_seen_every_time(lane: Lane) -> None:
    for _ in range(2):
        seen = call(lane, "warn", "old")
        assert [each[:2] for each in seen.effects.pop("warnings")] == [["builtins.DeprecationWarning", "old"]] * 2
        assert not seen.effects


def test_a_warning_is_told_with_the_line_that_it_is_about(lane: Lane) -> None:
    source = (MODULES / "echo.py").read_text().split("\n")
    for _, _, place in call(lane, "warn", "old").effects["warnings"]:
        name, line = place.split(":")
        assert name == "echo.py"
        assert "warnings.warn" in source[int(line) - 1]


def test_an_exception_in_a_finaliser_is_seen(lane: Lane) -> None:
    effects = call(lane, "drop_unraisable").effects
    [[failure, message, about]] = effects.pop("unraisable")
    assert failure[1:3] == ["builtins.ValueError", ["from __del__"]]
    # Since CPython 3.14 the message names the finaliser, and the object is None.
    assert "Falls.__del__" in f"{message} {about}"
    assert not effects


def test_what_a_program_leaves_to_the_end_is_not_the_next_ones_doing(lane: Lane) -> None:
    assert call(lane, "falls_later").effects == {}
    assert call(lane, "chat", "x").effects == {"stdout": "x\n", "stderr": "x\n"}


@pytest.mark.parametrize(
    ("container", "after"),
    [
        ([], ["new"]),
        ({"a": 1}, {"a": 1, "new": 1}),
        ({1}, {1, "new"}),
        (bytearray(b"a"), bytearray(b"anew")),
        (Odd("list", [1]), Odd("list", [1, "new"])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_argument_that_was_changed_is_seen(lane: Lane, container: Value, after: Value) -> None:
    seen = call(lane, "mutate", container)
    assert exact(decode(seen.effects["arguments"]["0"])) == exact(after)


def test_a_keyword_argument_that_was_changed_is_seen_by_its_name(lane: Lane) -> None:
    assert call(lane, "mutate_named", box=[]).effects == {"arguments": {"box": ["l", 1]}}


def test_a_keyword_that_is_no_proper_text_is_escaped(lane: Lane) -> None:
    seen = call(lane, "mutate_named", **{"\ud800": []})
    assert seen.effects == {"arguments": {"\\ud800": ["l", 1]}}


def test_an_argument_that_was_not_changed_is_no_effect(lane: Lane) -> None:
    assert call(lane, "walk", [1, 2]).effects == {}


def test_an_iterator_that_was_drawn_from_is_changed(lane: Lane) -> None:
    seen = call(lane, "walk", IteratorOf((1, 2)))
    assert returned(seen) == [1, 2]
    assert seen.effects["arguments"] == {"0": ["I", []]}
    assert seen.effects["calls"] == [["__next__", 0]] * 3


def test_calls_of_special_methods_are_seen_and_answered_in_turn(lane: Lane) -> None:
    from harness.values import InTurn

    seen = call(lane, "measure", Odd("object", None, (("__len__", InTurn((3, 4))),)))
    assert returned(seen) == [3, 4]
    assert seen.effects == {"calls": [["__len__", 0]] * 2}
    seen = call(lane, "measure", Odd("object", None, (("__len__", InTurn((3, Raises("KeyError", "second")))),)))
    assert raised(seen) == ExceptionValue("builtins.KeyError", ("second",))


def test_calls_of_a_callback_are_seen_with_their_arguments(lane: Lane) -> None:
    seen = call(lane, "call", Callback((5,)), [1], k=2)
    assert returned(seen) == 5
    assert [(name, decode(wire)) for name, wire in seen.effects["calls"]] == [("callback", (([1],), {"k": 2}))]


def test_returning_an_argument_itself_is_told_from_returning_an_equal_one(lane: Lane) -> None:
    assert call(lane, "echo", [1]).effects == {"same": ["0"]}
    assert call(lane, "walk", [1]).effects == {}
    # Small integers and texts are shared as every interpreter likes.
    assert call(lane, "echo", 1).effects == {}


def test_a_result_that_is_an_earlier_result_is_told(lane: Lane) -> None:
    seen = observe(
        lane,
        Step("call", "Box", (1,)),
        Step("method", "put", (Result(0), [2])),
        Step("get", "content", (Result(1),)),
        Step("set", "content", (Result(0), 3)),
        Step("method", "take", (Result(1),)),
        Step("delete", "content", (Result(0),)),
        Step("method", "take", (Result(0),)),
    )
    assert seen[1].effects["same"] == ["result 0"]
    assert returned(seen[2]) == [2]
    assert returned(seen[4]) == 3
    assert raised(seen[6]).type == "builtins.AttributeError"


def test_every_kind_of_step_does_what_it_says(lane: Lane) -> None:
    seen = observe(
        lane,
        Step("call", "Box", ([1, 2, 3],)),
        Step("iterate", "", (Result(0),), count=2),
        Step("operator", "add", (Result(0), 4)),
        Step("get", "content", (Result(2),)),
        Step("builtin", "len", (Result(1),)),
        Step("builtin", "copy.copy", (Result(1),)),
        Step("forget", count=0),
        Step("get", "content", (Result(0),)),
        Step("call", "missing"),
        Step("method", "missing", (Result(1),)),
    )
    assert returned(seen[1]) == [1, 2]
    assert returned(seen[3]) == [[1, 2, 3], 4]
    assert returned(seen[4]) == 2
    assert returned(seen[5]) == [1, 2]
    assert "same" not in seen[5].effects
    assert returned(seen[6]) is None
    assert raised(seen[7]).type == "builtins.AttributeError"
    assert isinstance(seen[8].outcome, Raised)
    assert seen[8].outcome.unprepared
    assert isinstance(seen[9].outcome, Raised)
    assert not seen[9].outcome.unprepared


def test_a_step_whose_arguments_cannot_be_made_says_so(lane: Lane) -> None:
    seen = call(lane, "echo", {(1, Odd("object", None, (("__hash__", Raises("ValueError", "no hash")),))): 1})
    assert isinstance(seen.outcome, Raised)
    assert seen.outcome.unprepared
    assert raised(seen) == ExceptionValue("builtins.ValueError", ("no hash",))


def test_state_stays_between_programs_of_one_worker_and_goes_with_it(lane: Lane) -> None:
    lane.fresh()
    assert [returned(call(lane, "remember", 0)) for _ in range(3)] == [1, 2, 3]
    lane.fresh()
    assert returned(call(lane, "remember", 0)) == 1


# --- surroundings ----------------------------------------------------------------------------------


def test_a_worker_says_what_it_is(lane: Lane, backend: str) -> None:
    hello = lane.hello
    assert hello.protocol == PROTOCOL
    assert backend in (f"python{'.'.join(hello.language_version.split('.')[:2])}", hello.implementation)
    assert hello.capabilities.surrogate_pairs
    assert hello.capabilities.exception_notes == (backend not in ("python3.9", "python3.10"))
    assert hello.pid != os.getpid()


def test_a_worker_lives_in_an_empty_directory_of_its_own(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    lane.fresh()
    assert returned(call(lane, "where")) == [True, []]
    assert returned(call(lane, "environment", "PYTHONPATH")) is None
    assert returned(call(lane, "environment", "PYTHONHASHSEED")) == "0"
    assert returned(call(lane, "path_entries")) == []
    assert returned(call(lane, "read_stdin")) == ""


def test_sys_path_of_this_process_is_left_alone() -> None:
    # The worker takes its own directory off sys.path, but only where it is the script.
    import subprocess

    code = "import sys; before = list(sys.path); import harness.worker; assert sys.path == before"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_chain_whose_links_are_cause_and_context_at_once_is_told_once(lane: Lane) -> None:
    raised = call(lane, "causes", 14)
    assert isinstance(raised.outcome, Raised)
    details = raised.outcome.exception[3]
    assert details["context"] == "the cause"
    assert len(str(raised.outcome.exception)) < 5_000


def test_a_built_exception_knows_nothing_of_the_one_before(lane: Lane) -> None:
    outer = ExceptionValue("MemoryError", cause=ExceptionValue("ValueError"))
    observe_all(lane, [(Step("call", "raise_it", (outer,)),)] * 3)
    (plain,) = observe(lane, Step("call", "echo", (ExceptionValue("MemoryError"),)))
    assert isinstance(plain.outcome, Returned)
    assert "suppress" not in plain.outcome.value[3]


def test_built_objects_hash_by_the_order_of_making(lane: Lane) -> None:
    steps = tuple(Step("builtin", "hash", (Odd("object", None),)) for _ in range(3))
    assert [returned(each) for each in observe(lane, *steps)] == [1, 2, 3]
    assert [returned(each) for each in observe(lane, *steps)] == [1, 2, 3]


def test_a_forgotten_result_keeps_nothing_from_one_program_to_the_next(lane: Lane) -> None:
    forget = (Step("call", "number"), Step("forget", count=0))
    before = observe(lane, *forget, Step("delete", "first", (Result(0),)))
    observe(lane, *forget, Step("set", "first", (Result(0), 1)))
    assert observe(lane, *forget, Step("delete", "first", (Result(0),))) == before
