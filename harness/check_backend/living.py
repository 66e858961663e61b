"""Checks of a worker as a process: its start, its frames and its ends."""

from __future__ import annotations

import re

import msgspec

from harness.check_backend.bench import (
    INSIDE,
    Bench,
    CheckFailed,
    call,
    ended,
    is_gone,
    raised,
    returned,
    want,
)
from harness.errors import WorkerStartError
from harness.observation import Crashed, Hung
from harness.process import WorkerProcess
from harness.program import CONTEXTS, Program, Step
from harness.spares import LoadFailedError

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
