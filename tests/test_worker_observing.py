"""What is seen beyond the outcome: identity inside values, changed state, lifetimes and more, on every interpreter."""

from __future__ import annotations

from test_worker_roundtrip import lane, lanes, observe, observe_all, returned

from harness.lanes import Lane, pump
from harness.observation import Observation, Raised
from harness.program import Observe, Program, Step
from harness.protocol import encode_body
from harness.values import Again, ExceptionValue, Named, Odd, Opaque, Result

__all__ = ["lane", "lanes"]

PART = Odd("object", None)


def watch(lane: Lane, observing: Observe, *steps: Step) -> list[Observation]:
    program = Program("echo", steps, observe=(observing,))
    lane.send([(1, encode_body(program))])
    pump([lane], wait=True)
    return list(lane.replies.popleft()[1].observations(len(steps), lane.backend))


# --- identity --------------------------------------------------------------------------------------


def test_an_argument_that_comes_back_inside_a_value_is_told_by_its_name(lane: Lane) -> None:
    seen = observe(lane, Step("call", "twice_inside", ([1],)), Step("call", "twice_inside", ((1,),)))
    assert returned(seen[0]) == [Again("argument 0"), [Again("argument 0")]]
    # Which of two equal tuples it is, nobody can rely on.
    assert returned(seen[1]) == [(1,), [(1,)]]


def test_an_earlier_result_inside_a_value_is_told_by_its_number(lane: Lane) -> None:
    seen = observe(lane, Step("call", "Box", (1,)), Step("call", "twice_inside", ({"b": Result(0)},)))
    assert returned(seen[1]) == [Again("argument 0"), [Again("argument 0")]]
    seen = observe(
        lane, Step("call", "echo", ([1],)), Step("call", "Box", (Result(0),)), Step("builtin", "vars", (Result(1),))
    )
    assert returned(seen[2]) == {"content": Again("result 0")}


def test_one_object_in_two_containers_is_told_from_two_equal_ones(lane: Lane) -> None:
    assert returned(observe(lane, Step("call", "shared"))[0]) == [
        [],
        (Again(1), Again(1)),
        {"again": Again(1)},
    ]
    assert returned(observe(lane, Step("builtin", "eval", ("[[], []]",)))[0]) == [[], []]


def test_objects_in_a_set_are_not_numbered(lane: Lane) -> None:
    seen = observe(lane, Step("builtin", "eval", ("(lambda e: [e, {e}, e])(ValueError(1))",)))
    value = returned(seen[0])
    assert value[2] == Again(1)
    assert len(value[1]) == 1


def test_an_object_inside_an_argument_or_another_result_is_told_from_its_equals(lane: Lane) -> None:
    first = Step("builtin", "eval", ("(lambda inner: [[inner], [inner], [[]]])([])",))
    taken = [Step("operator", "getitem", (Result(0), number)) for number in range(3)]
    seen = observe(lane, first, *taken)
    assert seen[1].effects["shared"] == [[0, "0", 1], [1, "0", 2]]
    # Once more as an argument that is a result is no news; the second list shares one object with each of the others.
    assert seen[2].effects["shared"] == [[0, "0", 3], [1, "0", 2], [1, "result 1", 1]]
    assert seen[3].effects["shared"] == [[0, "0", 4], [1, "0", 5]]
    fresh = observe(lane, Step("call", "echo", ([[]],)), Step("builtin", "eval", ("[[]]",)))
    assert "shared" not in fresh[1].effects


def test_what_dies_with_a_step_is_shared_with_nothing(lane: Lane) -> None:
    # A new list at the address of one that is gone is another one.
    for step in observe(lane, *[Step("call", "raise_it", (ExceptionValue("ValueError", ([[]],)),))] * 5):
        assert "shared" not in step.effects
    steps = [
        step for _ in range(5) for step in (Step("builtin", "eval", ("[[]]",)), Step("method", "pop", (Result(0),)))
    ]
    assert all("shared" not in each.effects for each in observe(lane, *steps)[2:])


def test_what_is_pickled_is_seen_beside_what_comes_of_it(lane: Lane) -> None:
    [seen] = observe(lane, Step("pickle", count=2, arguments=([1],)))
    assert (returned(seen), seen.effects["pickled"]) == ([1], [["b", "80025d71004b01612e"]])
    assert "pickled" not in observe(lane, Step("call", "echo", ([1],)))[0].effects


def test_what_stands_for_no_result_is_the_same_in_every_process(lane: Lane) -> None:
    failed = Step("call", "raise_it", (ExceptionValue("ValueError", ()),))
    for name, expected in (("hash", 0), ("repr", "<no result>")):
        assert returned(observe(lane, failed, Step("builtin", name, (Result(0),)))[1]) == expected


# --- state -----------------------------------------------------------------------------------------


def test_a_result_that_a_later_step_changed_is_seen_again(lane: Lane) -> None:
    seen = observe(
        lane,
        Step("call", "echo", ([1],)),
        Step("call", "Box", (Result(0),)),
        Step("call", "mutate", (Result(0),)),
        Step("forget", count=0),
        Step("call", "echo"),
    )
    assert seen[2].effects["arguments"] == {"0": ["l", 1, "new"]}
    assert seen[2].effects["results"].keys() == {"1"}
    assert "[1, 'new']" in seen[2].effects["results"]["1"][2]
    assert seen[3].effects == seen[4].effects == {}


def test_a_method_that_changes_its_object_says_so(lane: Lane) -> None:
    seen = observe(lane, Step("call", "Box", (1,)), Step("method", "put", (Result(0), 2)))
    assert seen[1].effects["arguments"].keys() == {"self"}
    assert seen[1].effects["same"] == ["result 0"]


def test_attributes_are_seen_where_a_case_asks(lane: Lane) -> None:
    steps = (Step("call", "Person", ("ann",)), Step("method", "rename", (Result(0), "eve")), Step("call", "echo"))
    seen = watch(lane, "state", *steps)
    person = returned(seen[0])
    assert isinstance(person, Opaque)
    state = dict(person.state)
    assert (state["name"], state["_age"], state["kind"], state["shout"]) == ("ann", 4, "person", "ANN")
    assert state["broken"].arguments == ("broken",)
    assert state.keys() == {"_age", "broken", "kind", "name", "shout"}
    assert seen[1].effects["arguments"]["self"][3]["name"] == "eve"
    assert returned(observe(lane, steps[0])[0]) == Opaque("echo.Person", "<Person>")


def test_results_are_compared_with_each_other_where_a_case_asks(lane: Lane) -> None:
    seen = watch(
        lane,
        "equality",
        Step("call", "Part", (1,)),
        Step("call", "Part", (3,)),
        Step("call", "Part", (1,)),
        Step("call", "echo", ([],)),
    )
    assert "equality" not in seen[0].effects
    assert seen[1].effects["equality"] == {"0": [False, True]}
    assert seen[2].effects["equality"] == {"0": [True, True], "1": [False, True]}
    refused = seen[3].effects["equality"]["0"]
    assert refused[0][:2] == ["e", "builtins.AttributeError"]
    assert refused[1] == "builtins.TypeError"


# --- lifetimes -------------------------------------------------------------------------------------


def test_what_died_is_seen_where_a_case_asks(lane: Lane) -> None:
    seen = watch(
        lane,
        "lifetimes",
        Step("call", "echo", (PART,)),
        Step("call", "Box", (Result(0),)),
        Step("builtin", "repr", (PART,)),
        Step("forget", count=0),
        Step("forget", count=1),
    )
    assert [each.effects.get("died") for each in seen] == [None, None, ["object 1"], None, ["result 1", "object 0"]]
    assert "leaked" not in seen[4].effects


def test_a_cycle_dies_when_garbage_is_collected(lane: Lane) -> None:
    seen = watch(
        lane,
        "lifetimes",
        Step("call", "Part"),
        Step("method", "join", (Result(0), Result(0))),
        Step("forget", count=0),
        Step("collect", count=2),
    )
    assert [each.effects.get("died") for each in seen] == [None, None, None, ["result 0"]]


def test_what_lives_on_after_the_program_has_leaked(lane: Lane) -> None:
    seen = watch(lane, "lifetimes", Step("call", "keep", (PART,)), Step("call", "echo", (PART,)))
    assert seen[1].effects == {"same": ["0"], "leaked": ["object 0"]}
    # A cycle that nobody has collected yet is no leak.
    seen = watch(lane, "lifetimes", Step("call", "Part"), Step("method", "join", (Result(0), Result(0))))
    assert "leaked" not in seen[1].effects


# --- exceptions ------------------------------------------------------------------------------------


def test_an_exception_is_seen_with_its_bases_and_all_its_attributes(lane: Lane) -> None:
    seen = observe(
        lane,
        Step("call", "raise_quiet"),
        Step("method", "missing", ([],)),
        Step("builtin", "bytes", ("\ud800", "utf-8")),
        Step("builtin", "next", ([],)),
    )
    details = [each.outcome.exception[3] for each in seen if isinstance(each.outcome, Raised)]
    assert details[0]["bases"][:2] == ["builtins.ValueError", "builtins.Exception"]
    assert details[0]["attributes"] == {"code": 3, "size": 7}
    assert {"encoding", "object", "start", "end", "reason"} <= details[2]["attributes"].keys()
    assert "bases" not in details[1]
    assert "attributes" not in details[3]


def test_an_exception_in_a_thread_is_an_effect(lane: Lane) -> None:
    [seen] = observe(lane, Step("call", "fail_in_thread"))
    [[failure]] = seen.effects["thread-exceptions"]
    assert failure[1:3] == ["builtins.ValueError", ["invalid literal for int() with base 10: 'x'"]]


def test_nothing_is_left_of_what_was_observed_for_the_next_program(lane: Lane) -> None:
    watch(lane, "state", Step("call", "Person", ("ann",)))
    plain, same = observe_all(lane, [(Step("call", "Person", ("ann",)),)] * 2)
    assert plain == same
    assert returned(plain[0]) == Opaque("echo.Person", "<Person>")
    assert returned(observe(lane, Step("call", "number"))[0])[1] == Named("echo.Number")
