"""Checks of what a worker sees beside the answer: effects, and what a case can ask for."""

from __future__ import annotations

from collections.abc import Callable

from harness.check_backend.bench import (
    Bench,
    CheckFailed,
    call,
    effect,
    raised,
    returned,
    want,
)
from harness.program import Context, Step
from harness.values import Callback, InTurn, IteratorOf, NoMethod, Odd, Raises, Result

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
