"""The checks, in the order in which they are made; each is about one thing that the protocol promises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from harness.check_backend.bench import (
    INSIDE,
    Bench,
    CheckFailed,
    call,
    effect,
    ended,
    how,
    is_gone,
    raised,
    returned,
    want,
)
from harness.check_backend.values import VALUES, comparable, unsupported
from harness.codec import encode
from harness.errors import WorkerStartError
from harness.lanes import LoadFailedError
from harness.observation import Crashed, Hung
from harness.process import WorkerProcess
from harness.program import CONTEXTS, Context, Program, Step
from harness.values import Callback, ExceptionValue, InTurn, IteratorOf, Named, NoMethod, Odd, Raises, Result, Value


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of the protocol and what tries it; ``run`` raises what is wrong, or returns why it is left out."""

    name: str
    run: Callable[[Bench], str | None]


# --- starting --------------------------------------------------------------------------------------


def handshake(bench: Bench) -> None:
    """A worker says what it is, in the protocol's version and from the harness's worker file."""
    worker = WorkerProcess.start(bench.backend, bench.command)
    worker.kill()
    hello = worker.hello
    assert hello is not None, "a started worker has said hello"
    told = {name: value for name, value in msgspec.structs.asdict(hello).items() if isinstance(value, str)}
    for name, text in told.items():
        if not text.strip() or (name.endswith("_version") and not re.fullmatch(r"\d+(\.\d+)+", text)):
            raise CheckFailed(f"wanted a name, or a version such as 3.14.0, for {name!r}, saw {text!r}")
    unknown = set(hello.capabilities.contexts) - set(CONTEXTS)
    if unknown or "plain" not in hello.capabilities.contexts:
        raise CheckFailed(f"wanted contexts of the protocol and 'plain', saw {hello.capabilities.contexts}")


def loads(bench: Bench) -> None:
    """A module is imported from the directory that is given."""
    want(returned(bench.call("echo", 1)), 1, "echo(1)")


def first_path_wins(bench: Bench) -> None:
    """The first of several directories wins."""
    one, two = (bench.module(f"def which():\n    return {number}\n") for number in (1, 2))
    with one as (name, first), two as (_, second), bench.lane_of(name, first, second) as lane:
        [seen] = bench.observe(Step("call", "which"), lane=lane)
        want(returned(seen), 1, "the module in the first directory")


def load_fails(bench: Bench) -> None:
    """A module that is missing, or raises when it is imported, is told with its exception."""
    sources = {
        "builtins.ModuleNotFoundError": "import nowhere_to_be_found\n",
        "builtins.ValueError": "raise ValueError('on purpose')\n",
        "builtins.SystemExit": "raise SystemExit(3)\n",
    }
    for wanted, source in sources.items():
        with bench.module(source) as (name, directory), bench.lane_of(name, directory) as lane:
            try:
                lane.hello  # noqa: B018
            except LoadFailedError as error:
                want(error.exception[1], wanted, "the exception of an import")
            else:
                raise CheckFailed(f"wanted the import to raise {wanted}, saw that it worked")


def load_dies(bench: Bench) -> None:
    """An import that ends the process is told as that."""
    with bench.module("import os\nos._exit(3)\n") as (name, directory), bench.lane_of(name, directory) as lane:
        try:
            lane.hello  # noqa: B018
        except LoadFailedError:
            raise CheckFailed("wanted a worker that ended, saw an exception") from None
        except WorkerStartError:
            return
        raise CheckFailed("wanted a worker that ended, saw that the import worked")


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


# --- effects ---------------------------------------------------------------------------------------


def printed(bench: Bench) -> None:
    """What is printed, by Python or to the descriptors, is told by the step that did it, and only once."""
    first, second, third = bench.observe(call("chat", "hé"), call("echo", 1), call("write_raw", b"a\xff\0"))
    for name in ("stdout", "stderr"):
        want(effect(first, name), "hé\n", f"{name} of print")
        want(effect(third, name), "a\\xff\0", f"{name} of bytes that are no UTF-8")
    want(second.effects, {}, "the effects of a silent step")


def print_is_no_frame(bench: Bench) -> None:
    """What is printed never reaches the protocol, even if it looks like a frame."""
    seen = bench.call("print_frames")
    want(returned(seen), None, "the result")
    want(effect(seen, "stdout"), '[1, [["r", "forged"]]]\n', "stdout")


def warned(bench: Bench) -> None:
    """Warnings are told with type and text."""
    for _ in range(2):
        [warning] = effect(bench.call("warn", "old"), "warnings")
        want(warning[:2], ["builtins.DeprecationWarning", "old"], "a warning")


def unraisable(bench: Bench) -> None:
    """Exceptions that nobody can catch are told."""
    [told] = effect(bench.call("drop_unraisable"), "unraisable")
    want(told[0][:3], ["e", "builtins.ValueError", ["from __del__"]], "an exception in __del__")


def failed_thread(bench: Bench) -> None:
    """Exceptions that end a thread are told."""
    [told] = effect(bench.call("fail_in_thread"), "thread-exceptions")
    want(told[0][:2], ["e", "builtins.ValueError"], "an exception in a thread")


def changed(bench: Bench) -> None:
    """Arguments and earlier results that have changed are told."""
    want(effect(bench.call("mutate", [1]), "arguments"), {"0": ["l", 1, "new"]}, "a changed argument")
    *_, seen = bench.observe(call("echo", [1]), call("Box", Result(0)), call("mutate", Result(0)))
    want(effect(seen, "arguments"), {"0": ["l", 1, "new"]}, "a changed result")
    want(bench.call("walk", [1]).effects, {}, "the effects of a call that changes nothing")


def called(bench: Bench) -> None:
    """Calls of callbacks, special methods and iterators of ours are told in order, and answered in turn."""
    seen = bench.call("call", Callback((5,)), [1], k=2)
    want(returned(seen), 5, "what a callback gives")
    want(effect(seen, "calls"), [["callback", ["t", ["t", ["l", 1]], ["d", "k", 2]]]], "the calls of a callback")
    sized = Odd("object", None, (("__len__", InTurn((3, Raises("KeyError", "second")))),))
    _, second = bench.observe(call("echo", sized), Step("builtin", "len", (Result(0),)))
    want(returned(second), 3, "what a special method gives")
    want(effect(second, "calls"), [["__len__", 0]], "the call of a special method")
    seen = bench.call("walk", IteratorOf((1, 2)))
    want(returned(seen), ["l", 1, 2], "what an iterator gives")
    want(effect(seen, "calls"), [["__next__", 0]] * 3, "the calls of an iterator")
    want(raised(bench.call("walk", IteratorOf((1, Raises("ValueError", "end")))))[1], "builtins.ValueError", "its end")
    blocked = Odd("list", [], (("__len__", NoMethod()),))
    want(raised(bench.observe(Step("builtin", "len", (blocked,)))[0])[1], "builtins.TypeError", "a blocked method")


def identity(bench: Bench) -> None:
    """A result that is an argument, the object itself, or an earlier result, is told as that."""
    want(effect(bench.call("echo", [1]), "same"), ["0"], "an argument that is returned")
    *_, seen = bench.observe(call("Box"), Step("method", "put", (Result(0), 1)))
    if not set(effect(seen, "same")) & {"self", "result 0"}:
        raise CheckFailed(f"wanted 'self' or 'result 0', saw {seen.effects['same']}")


# --- what a case can ask for -----------------------------------------------------------------------


def context(name: Context) -> Callable[[Bench], str | None]:
    """Return a check that calls can be made in a context, which is gone afterwards."""
    place: list[object] = [None, False, False, True, False]
    there: dict[str, tuple[int, object]] = {
        **{"except": (0, "KeyError"), "finally": (0, "KeyError"), "settrace": (1, True), "setprofile": (2, True)},
        **{"thread": (3, False), "executor": (3, False), "recursion": (4, True)},
    }

    def check(bench: Bench) -> str | None:
        if name not in bench.hello.capabilities.contexts:
            return "the handshake does not promise it"
        wanted = list(place)
        if name in there:
            wanted[there[name][0]] = there[name][1]
        [seen] = bench.observe(call("surroundings"), context=name)
        want(returned(seen), ["l", *wanted], f"handled, traced, profiled, in the main thread, near the limit, {name!r}")
        want(returned(bench.call("surroundings")), ["l", *place], "the same afterwards")
        return None

    return check


def state(bench: Bench) -> None:
    """The attributes of the module's own objects are told where a case asks."""
    seen = bench.observe(call("Box", 3), observe=("state",))[0]
    want(returned(seen), ["o", "conformance.Box", "<Box>", {"content": 3}], "an instance with its state")


def equality(bench: Bench) -> None:
    """Whether results are equal and hash alike is told where a case asks."""
    *_, seen = bench.observe(call("Base", 1), call("Base", 2), call("Base", 1), observe=("equality",))
    want(effect(seen, "equality"), {"0": [True, True], "1": [False, False]}, "equality with earlier results")


def lifetimes(bench: Bench) -> None:
    """What dies after a step and what never does is told where a case asks."""
    _, seen = bench.observe(call("Base"), Step("forget", count=0), observe=("lifetimes",))
    want(effect(seen, "died"), ["result 0"], "what died with the last reference")
    *_, seen = bench.observe(call("Base"), call("keep", Result(0)), observe=("lifetimes",))
    want(effect(seen, "leaked"), ["result 0"], "what the module keeps")


# --- frames ----------------------------------------------------------------------------------------


def batch(bench: Bench) -> None:
    """Many programs in one frame are answered one by one, in order, whatever one of them raises."""
    programs = [
        Program("conformance", (call("echo", number) if number % 7 else call("no_such_function"),))
        for number in range(100)
    ]
    for number, reply in enumerate(bench.replies(programs)):
        [seen] = reply.observations(1, bench.backend)
        if number % 7:
            want(returned(seen), number, f"program {number} of a batch")
        else:
            raised(seen)


def large(bench: Bench) -> None:
    """Frames larger than any pipe go through both ways."""
    texts = [chr(ord("a") + number) * 300_000 for number in range(8)]
    replies = bench.replies([Program("conformance", (call("echo", text),)) for text in texts])
    for text, reply in zip(texts, replies):
        want(returned(reply.observations(1, bench.backend)[0]), text, "a text of 300,000 characters")


def same_bytes(bench: Bench) -> None:
    """The same program is answered with the same bytes, also by another process."""
    program = Program("conformance", (call("echo", {"a", "b", "c", 1.5}), call("Box"), call("chat", "x")))
    first = bench.replies([program] * 2)
    bench.lane.fresh()
    answers = {reply.raw for reply in (*first, *bench.replies([program]))}
    if len(answers) != 1:
        raise CheckFailed(f"wanted one answer, saw {len(answers)}: {min(answers)[:150]!r} and {max(answers)[:150]!r}")


def keeps_state(bench: Bench) -> None:
    """A module is imported once for a process, and keeps its state between programs, not between processes."""
    bench.lane.fresh()
    want([returned(bench.call("keep", 0)) for _ in range(2)], [1, 2], "a list in the module")
    bench.lane.fresh()
    want(returned(bench.call("keep", 0)), 1, "the list in another process")


# --- ends ------------------------------------------------------------------------------------------


def death(bench: Bench) -> None:
    """A death is charged to the program that died, and the others are answered."""
    _one_ends(bench, call("die"), Crashed)


def exit_code(bench: Bench) -> None:
    """So is an end by exit code 0, which is no answer and no hang."""
    _one_ends(bench, call("leave", 0), Crashed)


def _one_ends(bench: Bench, step: Step, kind: type[Crashed] | type[Hung]) -> None:
    programs = [Program("conformance", (call("echo", number),)) for number in range(8)]
    programs[4] = Program("conformance", (step,))
    replies = bench.replies(programs)
    ended(replies.pop(4), kind)
    numbers = [returned(reply.observations(1, bench.backend)[0]) for reply in replies]
    want(numbers, [0, 1, 2, 3, 5, 6, 7], "the programs around it")


def hang(bench: Bench) -> None:
    """A program that does not end is killed in time, with its process; the next one is answered."""
    with bench.lane_of("conformance", INSIDE, timeout_s=min(1.0, bench.timeout_s)) as lane:
        pid = lane.hello.pid
        [reply] = bench.replies([Program("conformance", (call("sleep", 600),))], lane)
        ended(reply, Hung)
        if not is_gone(pid):
            raise CheckFailed(f"the process {pid}, which the handshake named, is still there")
        lane.timeout_s = bench.timeout_s
        want(returned(bench.observe(call("echo", 1), lane=lane)[0]), 1, "the program after it")


def children(bench: Bench) -> None:
    """A process that the extension has made ends with the worker."""
    with bench.lane_of("conformance", INSIDE) as lane:
        child = returned(bench.observe(call("spawn"), lane=lane)[0])
    if not is_gone(child):
        raise CheckFailed(f"the child {child} of a worker outlives it")


def place(bench: Bench) -> None:
    """A worker's working directory is its own and empty, and there is no standard input."""
    want(returned(bench.call("place")), ["l", True, ["l"], ""], "home, files and standard input")


def _plain(wire: object) -> object:
    return json.loads(json.dumps(wire))


CHECKS: tuple[Check, ...] = (
    *(Check(name, check) for name, check in (("handshake", handshake), ("load", loads), ("paths", first_path_wins))),
    *(Check(name, check) for name, check in (("load that fails", load_fails), ("load that dies", load_dies))),
    *(Check(f"value: {what}", round_trip(what)) for what in VALUES),
    *(Check(f"value: {name}", check) for name, check in (("described", described), ("met again", shared))),
    Check("value: nested deep", nested),
    *(Check(name, check) for name, check in (("exceptions", exceptions), ("exception notes", notes))),
    *(Check(f"step: {kind}", step_kind(kind)) for kind in STEPS),
    Check("step that is not prepared", unprepared),
    *(
        Check(f"effect: {name}", check)
        for name, check in (
            *(("printed", printed), ("printed frames", print_is_no_frame), ("warnings", warned)),
            *(("unraisable", unraisable), ("threads that fail", failed_thread), ("changes", changed)),
            *(("calls", called), ("identity", identity)),
        )
    ),
    *(Check(f"context: {name}", context(name)) for name in CONTEXTS),
    *(Check(f"observe: {name}", check) for name, check in (("state", state), ("equality", equality))),
    Check("observe: lifetimes", lifetimes),
    *(Check(name, check) for name, check in (("batch", batch), ("large frames", large), ("same bytes", same_bytes))),
    *(Check(name, check) for name, check in (("state of the module", keeps_state), ("place", place))),
    *(Check(f"end: {name}", check) for name, check in (("death", death), ("exit code 0", exit_code), ("hang", hang))),
    Check("end: children", children),
)
