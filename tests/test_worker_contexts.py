"""Where calls are made: every context through real worker processes, under every interpreter that is installed."""

from __future__ import annotations

import pytest
from test_worker_roundtrip import lane, lanes, observe, raised, returned

from conftest import OpenLane
from harness import worker as worker_file
from harness.lanes import Lane, pump
from harness.observation import Crashed, Observation
from harness.process import WorkerCommand
from harness.program import CONTEXTS, Context, Program, Step
from harness.protocol import encode_body
from harness.spares import LoadFailedError
from harness.strategies import DRAWN_CONTEXTS
from harness.values import ExceptionValue, Result

__all__ = ["lane", "lanes"]

PLACE = [None, False, False, True, False]
DIFFERENT: dict[Context, tuple[int, object]] = {
    "except": (0, "KeyError"),
    "finally": (0, "KeyError"),
    "settrace": (1, True),
    "setprofile": (2, True),
    "thread": (3, False),
    "executor": (3, False),
    "recursion": (4, True),
}
CALLER: dict[Context, str] = {
    "generator": "generator",
    "class": "Body",
    "callback": "call_by_map",
    "del": "__del__",
    "optimised": "call",
    "warnings": "with_warnings_as_errors",
    "gc": "after_collection",
    "task": "step",
}


def run(lane: Lane, context: Context, *steps: Step) -> tuple[Observation, ...]:
    lane.send([(1, encode_body(Program("echo", steps, context)))])
    pump([lane], wait=True)
    return lane.replies.popleft()[1].observations(len(steps), lane.backend)


def test_the_worker_knows_every_context_and_no_other() -> None:
    assert set(CONTEXTS) == set(worker_file.CONTEXTS)
    assert set(DRAWN_CONTEXTS) == set(CONTEXTS) - {"exit"}


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_step_does_the_same_in_every_context(lane: Lane, context: Context) -> None:
    steps = (Step("call", "Box", ([1],)), Step("method", "take", (Result(0),)), Step("builtin", "len", (Result(1),)))
    seen = run(lane, context, *steps, Step("call", "raise_it", (ExceptionValue("ValueError", ("no",)),)))
    assert [returned(each) for each in seen[1:3]] == [[1], 1]
    error = raised(seen[3])
    assert (error.type, error.arguments) == ("builtins.ValueError", ("no",))


@pytest.mark.parametrize("context", [each for each in CONTEXTS if each != "exit"])
def test_a_context_is_what_it_says_and_is_gone_afterwards(lane: Lane, context: Context) -> None:
    expected = list(PLACE)
    if context in DIFFERENT:
        index, value = DIFFERENT[context]
        expected[index] = value
    assert returned(run(lane, context, Step("call", "surroundings"))[0]) == expected
    assert returned(observe(lane, Step("call", "surroundings"))[0]) == PLACE
    if context in CALLER:
        assert CALLER[context] in returned(run(lane, context, Step("call", "callers"))[0])


def test_a_callback_is_called_by_the_function_that_is_named(open_lane: OpenLane, command: WorkerCommand) -> None:
    lane = open_lane(command, caller="echo.apply")
    names = returned(run(lane, "callback", Step("call", "callers"))[0])
    assert names[:2] == ["callback", "apply"]
    seen = run(lane, "callback", Step("call", "raise_it", (ExceptionValue("ValueError", ("no",)),)))
    assert raised(seen[0]).arguments == ("no",)
    assert "apply" not in returned(run(lane, "plain", Step("call", "callers"))[0])


@pytest.mark.parametrize("caller", ["echo.keep_back", "echo.echo"])
def test_a_function_that_is_no_caller_is_refused(open_lane: OpenLane, command: WorkerCommand, caller: str) -> None:
    with pytest.raises(LoadFailedError, match=f"{caller} does not call its argument, or keeps back what that raises"):
        run(open_lane(command, caller=caller), "plain", Step("call", "callers"))


def test_an_exception_in_a_handler_has_what_is_handled_as_its_context(lane: Lane) -> None:
    for context in ("except", "finally"):
        seen = run(lane, context, Step("call", "raise_it", (ExceptionValue("ValueError", ("no",)),)))
        linked = raised(seen[0]).context
        assert linked is not None
        assert (linked.type, linked.arguments) == ("builtins.KeyError", ("outer",))
        assert "handled" not in seen[0].effects


def test_warnings_are_errors_where_they_are_to_be(lane: Lane) -> None:
    assert raised(run(lane, "warnings", Step("call", "warn", ("old",)))[0]).type == "builtins.DeprecationWarning"
    assert len(run(lane, "plain", Step("call", "warn", ("old",)))[0].effects["warnings"]) == 2


def test_the_second_of_two_runs_is_the_one_that_is_told(lane: Lane) -> None:
    before = returned(observe(lane, Step("call", "count_calls"))[0])
    assert returned(run(lane, "twice", Step("call", "count_calls"))[0]) == before + 2


def test_what_happens_at_exit_happens_in_a_process_of_its_own(lane: Lane) -> None:
    before = returned(observe(lane, Step("call", "count_calls"))[0])
    assert returned(run(lane, "exit", Step("call", "count_calls"))[0]) == before + 1
    assert returned(observe(lane, Step("call", "count_calls"))[0]) == before + 1
    restarts = lane.restarts
    lane.send([(1, encode_body(Program("echo", (Step("call", "fail_at_exit"),), "exit")))])
    pump([lane], wait=True)
    assert isinstance(lane.replies.popleft()[1].ended, Crashed)
    assert lane.restarts == restarts + 1
