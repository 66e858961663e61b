"""Checks of what a worker answers: values both ways, exceptions, and every kind of step."""

from __future__ import annotations

import json
from collections.abc import Callable

from harness.check_backend.bench import (
    Bench,
    CheckFailed,
    call,
    how,
    raised,
    returned,
    want,
)
from harness.check_backend.values import VALUES, comparable, unsupported
from harness.codec import encode
from harness.program import Program, Step
from harness.values import ExceptionValue, InTurn, Named, Result, Value

# --- values ----------------------------------------------------------------------------------------


def round_trip(what: str) -> Callable[[Bench], str | None]:
    """Return a check that values come back as they were sent."""

    def check(bench: Bench) -> str | None:
        left_out = unsupported(what, bench.hello.capabilities)
        if left_out:
            return left_out
        programs = [Program("conformance", (call("echo", value),)) for value in VALUES[what]]
        for value, reply in zip(VALUES[what], bench.replies(programs)):
            if reply.ended is not None:
                raise CheckFailed(f"the worker {how(reply.ended)} over {value!r:.80}")
            [seen] = reply.observations(1, bench.backend)
            want(comparable(returned(seen)), comparable(_plain(encode(value))), "a value")
        return None

    return check


def described(bench: Bench) -> None:
    """What has no literal is described: an instance by type and repr, a subclass by its plain value."""
    want(returned(bench.call("Box")), ["o", "conformance.Box", "<Box>"], "an instance")
    want(returned(bench.call("number")), ["k", "conformance.Number", 5], "an instance of a subclass of int")


def shared(bench: Bench) -> None:
    """An object that is met again is told by its number, and one that holds itself by the levels up."""
    want(returned(bench.call("shared")), ["l", ["l"], ["t", ["&", 1]], ["d", "again", ["&", 1]]], "a shared list")
    want(returned(bench.call("cycle")), ["l", ["@", 1]], "a list in itself")


def nested(bench: Bench) -> None:
    """What is nested too deep is cut, and not sent deeper than the protocol allows."""
    wire = returned(bench.call("nest", 300))
    depth = 0
    while isinstance(wire, list) and len(wire) == 2 and wire[0] == "l":
        wire, depth = wire[1], depth + 1
    if not 100 < depth < 300 or not isinstance(wire, list) or wire[0] != "o":
        raise CheckFailed(f"wanted a cut between 100 and 300 levels, saw {wire!r:.100} after {depth}")


def exceptions(bench: Bench) -> None:
    """An exception is told with type, arguments, text, cause and context."""
    wire = raised(bench.call("fail", ExceptionValue("builtins.ValueError", ("no", 1))))
    want(wire[:3], ["e", "builtins.ValueError", ["no", 1]], "type and arguments")
    want(wire[3].get("str"), "('no', 1)", "the text")
    inner, outer = ExceptionValue("builtins.KeyError", ("k",)), ExceptionValue("builtins.ValueError", ("v",))
    wire = raised(bench.call("fail_twice", inner, outer))
    want(wire[3].get("cause", [None] * 2)[1], "builtins.KeyError", "the cause")
    want(wire[3].get("context"), "the cause", "a context that is the cause")


def notes(bench: Bench) -> str | None:
    """The notes of an exception are told, if the handshake says that there are any."""
    if not bench.hello.capabilities.exception_notes:
        return "the handshake says that exceptions have no notes"
    wire = raised(bench.call("fail", ExceptionValue("builtins.ValueError", (), ("a note",))))
    want(wire[3].get("notes"), ["a note"], "notes")
    return None


# --- steps -----------------------------------------------------------------------------------------

# For each kind of step a program, and what its last step returns.
STEPS: dict[str, tuple[tuple[Step, ...], Value]] = {
    "call": ((call("echo", 1, 2, named=3),), (1, (2,), {"named": 3})),
    "method": ((call("Box", 4), Step("method", "take", (Result(0),))), 4),
    "get": ((call("Box", 4), Step("get", "content", (Result(0),))), 4),
    "set": ((call("Box"), Step("set", "content", (Result(0), 5)), Step("get", "content", (Result(0),))), 5),
    "delete": (
        (call("Box"), Step("delete", "content", (Result(0),)), Step("builtin", "vars", (Result(0),))),
        {},
    ),
    "operator": ((call("Box", 1), Step("operator", "add", (Result(0), 2))), [1, 2]),
    "builtin": ((Step("builtin", "sorted", ([2, 1],)),), [1, 2]),
    "iterate": ((Step("iterate", "", (range(10),), count=3),), [0, 1, 2]),
    "forget": ((call("echo", 1), Step("forget", count=0)), None),
    "with": ((call("Door"), Step("with", "knock", (Result(0), 3))), None),
    "await": ((call("wait_for", 7), Step("await", "run", (Result(0),))), 7),
    "apply": ((call("echo", Named("builtins.abs")), Step("apply", "", (Result(0), -3))), 3),
    "subclass": (
        (
            Step("subclass", "Base", (), (("grow", InTurn((10, 20))),)),
            Step("apply", "", (Result(0),)),
            Step("method", "twice", (Result(1),)),
        ),
        30,
    ),
    "unpack": ((Step("unpack", "a, *b", ([1, 2, 3],)),), None),
    "pickle": ((Step("pickle", "", ([1, (2,)],), count=2),), [1, (2,)]),
    "collect": ((Step("collect", count=2),), None),
    "surface": ((Step("surface", "name", ("Box",)),), "Box"),
}
# What these return is nobody's promise beyond that they do.
_RETURN_SOMETHING = frozenset({"with", "unpack", "collect", "forget"})


def step_kind(kind: str) -> Callable[[Bench], str | None]:
    """Return a check that a kind of step does what it says."""

    def check(bench: Bench) -> None:
        steps, wanted = STEPS[kind]
        *_, last = bench.observe(*steps)
        seen = returned(last)
        if kind not in _RETURN_SOMETHING:
            want(seen, _plain(encode(wanted)), f"the result of a step {kind!r}")

    return check


def unprepared(bench: Bench) -> None:
    """A step whose arguments cannot be made says so, and a step after it goes on."""
    missing, fine = bench.observe(call("no_such_function"), call("echo", 1))
    raised(missing)
    if not getattr(missing.outcome, "unprepared", False):
        raise CheckFailed("wanted 'unprepared' for a name that is not there")
    want(returned(fine), 1, "the step after it")


def _plain(wire: object) -> object:
    return json.loads(json.dumps(wire))
