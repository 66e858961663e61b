"""Every kind of step through real worker processes, under every interpreter that is installed."""

from __future__ import annotations

import pytest
from test_worker_roundtrip import lane, lanes, observe, raised, returned

from harness.lanes import Lane
from harness.observation import Raised, Returned
from harness.program import Step
from harness.values import Again, ExceptionValue, Inherited, InTurn, Named, NoMethod, Opaque, Raises, Result

__all__ = ["lane", "lanes"]

NO = ExceptionValue("builtins.ValueError", ("no",))


def test_the_body_of_a_with_statement_calls_what_was_entered(lane: Lane) -> None:
    seen = observe(
        lane,
        Step("call", "Door"),
        Step("with", "knock", (Result(0), 2), (("loud", True),)),
        Step("with", "pass", (Result(0),)),
        Step("with", "missing", (Result(0),)),
        Step("get", "left_with", (Result(0),)),
        Step("with", "pass", (3,)),
    )
    assert returned(seen[1])[1] == 4
    assert returned(seen[2])[1] is None
    assert raised(seen[3]).type == "builtins.AttributeError"
    assert returned(seen[4]) == Named("builtins.AttributeError")
    assert raised(seen[5]).type in ("builtins.TypeError", "builtins.AttributeError")


def test_what_the_body_raises_is_swallowed_or_not(lane: Lane) -> None:
    for swallows in (False, True):
        seen = observe(lane, Step("call", "Door", (swallows,)), Step("with", "raise", (Result(0), NO)))
        if swallows:
            assert returned(seen[1])[1] == Again("argument 0")
        else:
            assert raised(seen[1]) == NO


def test_an_awaitable_is_run_in_a_loop_or_stepped_by_hand(lane: Lane) -> None:
    seen = observe(
        lane,
        Step("call", "wait_for", (7,)),
        Step("await", "run", (Result(0),)),
        Step("await", "run", (Result(0),)),
        Step("call", "Steps", (1, 2, 3)),
        Step("await", "drive", (Result(3),)),
        Step("await", "drive", (Result(3), None, "x", NO, "last", "more")),
        Step("await", "drive", (Result(3), None, ExceptionValue("KeyError", ("k",)))),
        Step("await", "run", (5,)),
    )
    assert returned(seen[1]) == 7
    assert raised(seen[2]).type == "builtins.RuntimeError"
    assert returned(seen[4]) == ([1],)
    assert returned(seen[5]) == ([1, 2, 3], "last")
    assert raised(seen[6]).type == "builtins.KeyError"
    assert raised(seen[7]).type == "builtins.TypeError"


def test_async_with_and_async_for(lane: Lane) -> None:
    seen = observe(
        lane,
        Step("call", "Door"),
        Step("await", "with", (Result(0),)),
        Step("call", "count_up", (3,)),
        Step("await", "for", (Result(2),)),
        Step("call", "count_up", (1000,)),
        Step("await", "for", (Result(4),)),
    )
    assert returned(seen[1]) == "entered"
    assert returned(seen[3]) == [0, 1, 2]
    assert returned(seen[5]) == list(range(100))


def test_a_subclass_overrides_as_told_and_calls_super(lane: Lane) -> None:
    overrides = (
        ("grow", InTurn((Inherited(), 10, Raises("ValueError", "no")))),
        ("__len__", 4),
        ("__hash__", NoMethod()),
        ("__init__", Inherited()),
    )
    seen = observe(
        lane,
        Step("subclass", "Base", (), overrides),
        Step("apply", "", (Result(0),), (("size", 5),)),
        Step("method", "twice", (Result(1),)),
        Step("method", "twice", (Result(1),)),
        Step("builtin", "len", (Result(1),)),
        Step("builtin", "hash", (Result(1),)),
        Step("builtin", "isinstance", (Result(1), Result(0))),
        Step("subclass", "Base", (Result(0),)),
        Step("apply", "", (Result(7), 2)),
        Step("get", "size", (Result(8),)),
        Step("subclass", "Base", (), (("__new__", Inherited()), ("__repr__", "shown"))),
        Step("apply", "", (Result(10),)),
    )
    assert returned(seen[0]) == Named("matrix.Base")
    assert seen[1].effects["calls"] == [["__init__", 1]]
    assert returned(seen[2]) == 16
    assert raised(seen[3]) == NO
    assert returned(seen[4]) == 4
    assert raised(seen[5]).type == "builtins.TypeError"
    assert returned(seen[6]) is True
    assert returned(seen[9]) == 2
    assert seen[11].effects["calls"] == [["__new__", 0]]
    assert returned(seen[11]) == Opaque("matrix.Base", "shown")


def test_a_class_that_cannot_be_is_the_steps_own_exception(lane: Lane) -> None:
    seen = observe(lane, Step("subclass", "Base", (3,)), Step("subclass", "missing"))
    assert raised(seen[0]).type == "builtins.TypeError"
    assert isinstance(seen[1].outcome, Raised)
    assert seen[1].outcome.unprepared


@pytest.mark.parametrize(
    ("targets", "expected"),
    [("a, b, c", (1, 2, 3)), ("a, *b", (1, [2, 3])), ("*a, b", ([1, 2], 3)), ("*a,", ([1, 2, 3],)), ("*", (1, 2, 3))],
)
def test_a_result_is_unpacked_into_targets(lane: Lane, targets: str, expected: tuple[object, ...]) -> None:
    seen = observe(lane, Step("call", "Box", ([1, 2, 3],)), Step("unpack", targets, (Result(0),)))
    assert returned(seen[1]) == expected


def test_too_few_to_unpack_and_a_mapping_into_keywords(lane: Lane) -> None:
    seen = observe(lane, Step("unpack", "a, b", ([1],)), Step("unpack", "**", ({"k": 1},)), Step("unpack", "a,", (9,)))
    assert raised(seen[0]).type == "builtins.ValueError"
    assert returned(seen[1]) == {"k": 1}
    assert raised(seen[2]).type == "builtins.TypeError"


@pytest.mark.parametrize("protocol", [0, 2, 5, -1])
def test_a_round_trip_through_pickle_makes_an_equal_object(lane: Lane, protocol: int) -> None:
    seen = observe(lane, Step("call", "Box", ([1],)), Step("pickle", "", (Result(0),), count=protocol))
    assert isinstance(seen[1].outcome, Returned)
    assert seen[1].outcome.value[1] == "echo.Box"
    assert "same" not in seen[1].effects


def test_functions_of_the_library_and_partial_iteration(lane: Lane) -> None:
    seen = observe(
        lane,
        Step("call", "Box", ([[1], 2, 3, 4],)),
        Step("builtin", "iter", (Result(0),)),
        Step("iterate", "", (Result(1),), count=1),
        Step("builtin", "next", (Result(1),)),
        Step("iterate", "", (Result(1),), count=5),
        Step("builtin", "next", (Result(1), "none left")),
        Step("builtin", "copy.deepcopy", (Result(0),)),
        Step("collect", count=2),
        Step("builtin", "weakref.ref", (5,)),
    )
    assert isinstance(returned(seen[1]), Opaque)
    assert [returned(each) for each in seen[2:6]] == [[[1]], 2, [3, 4], "none left"]
    assert isinstance(seen[6].outcome, Returned)
    assert returned(seen[7]) is None
    assert raised(seen[8]).type == "builtins.TypeError"
