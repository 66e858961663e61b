"""The crate `misbehave` on every real backend: what native code does to its process, and what is told of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from processes import children, comes_true, leaving_nothing

from harness import backends
from harness.backends.base import Backend, Request
from harness.differential import Differential
from harness.examine import Plan, examine_all
from harness.extensions import find_extension
from harness.findings import Judged, Known
from harness.lanes import Lane
from harness.limits import MIB, Limits
from harness.observation import Crashed
from harness.program import Program, Step
from harness.report.failure import describe_observation

CRATE = Path(__file__).parent / "crates" / "misbehave"
NAMES = backends.DEFAULT_BACKENDS
# Room for what RustPython itself needs, and little more.
TIGHT = Limits(memory_bytes=512 * MIB, file_bytes=8 * MIB)
HANG_S = 2.0

# What each crash is told as; a native stack, where there is one, comes after these words.
CRASHES = {
    "segfault": "SIGSEGV",
    "bad_memory": "SIGSEGV",
    "double_free": r"damaged memory, (free\(\): )?double free",
    "abort": "SIGABRT",
    "panic_in_c": r"panic at src/ending\.rs:\d+$",
    "overflow_the_stack": "stack overflow$",
    "exit_zero": "ended with exit code 0$",
    "exit_one": "ended with exit code 1$",
    "leave_at_once": "ended with exit code 3$",
    "kill_itself": "SIGKILL$",
    "terminate": "SIGTERM$",
    "trap": "SIGTRAP$",
    "bus_error": "SIGBUS",
    "bad_float": "SIGFPE",
    "illegal": "SIGILL",
    "eat_memory": "out of memory$",
    "close_replies": "closed its pipe$",
}
HANGS = ("hang", "spin", "stop_itself")
SEEN = {"panic": "outcome", "panic_in_thread": "stderr", "write_a_megabyte": "stdout"}
HARMLESS = ("leave_a_thread", "spin_in_a_thread", "leave_a_child", "become_a_daemon", "change_directory", "leak")


@cache
def backend(name: str) -> Backend:
    return backends.provide(name, Request(None, lambda line: print(line, file=sys.stderr)))


@cache
def site(name: str) -> str:
    extension = find_extension(str(CRATE), case_file=CRATE / "cases.yaml", root=CRATE, crates=())
    return str(backend(name).build(extension, progress=lambda line: print(line, file=sys.stderr)).site)


def lane(name: str, *, misbehaves: bool, timeout_s: float = 60.0) -> Lane:
    command = backend(name).command
    if misbehaves:
        variables = (*command.environment, ("MISBEHAVE", "1"))
        command = replace(command, environment=variables, limits=TIGHT, slowness=1.0)
    return Lane(f"{name}, misbehaving" if misbehaves else name, command, "misbehave", [site(name)], timeout_s=timeout_s)


def call(name: str) -> Program:
    return Program("misbehave", (Step("call", name, (1,)),))


@pytest.fixture(autouse=True)
def nothing_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in NAMES:
        site(name)
    with leaving_nothing(tmp_path / "workers", monkeypatch):
        yield


@pytest.mark.parametrize("name", NAMES)
def test_every_misbehaviour_is_charged_to_its_program_and_what_is_around_it_is_kept(name: str) -> None:
    ways = [*CRASHES, *SEEN, *HARMLESS, "fill_the_disk", "close_descriptors"]
    told = examined(name, [each for way in ways for each in (call("differs"), call(way), call("differs_too"))])
    for way, pattern in CRASHES.items():
        found = told.pop(way)
        outcome = found.finding.other[0].outcome
        assert isinstance(outcome, Crashed), way
        # An interpreter that writes its Python stack only does not show what kind of bad access it was.
        unseen = way == "overflow_the_stack" and outcome.traces and "Binary file" not in outcome.traces
        assert re.match("SIGSEGV$" if unseen else pattern, outcome.identity), (way, outcome)
        assert not found.flaky, way
        shown = list(describe_observation(found.finding.other[0]))
        assert shown[0].startswith("crashed: the worker "), way
    for way, kind in SEEN.items():
        assert told.pop(way).finding.divergence.kind == kind, way
    # Whether anything is noticed depends on who has written to a descriptor since.
    told.pop("close_descriptors", None)
    filled = told.pop("fill_the_disk", None)
    if filled is not None:
        # Who does not ignore the signal dies of it.
        assert filled.finding.other[0].outcome.identity == "SIGXFSZ"
    assert set(told) == {"differs", "differs_too"}


@pytest.mark.parametrize("name", NAMES)
def test_every_hang_is_charged_to_its_program(name: str) -> None:
    programs = [each for way in HANGS for each in (call("differs"), call(way), call("differs_too"))]
    told = examined(name, programs, timeout_s=HANG_S)
    for way in HANGS:
        assert told.pop(way).finding.divergence.other == "hung", way
    assert set(told) == {"differs", "differs_too"}


@pytest.mark.parametrize("name", NAMES)
def test_memory_that_only_one_keeps_is_a_leak(name: str) -> None:
    lanes = (lane(NAMES[0], misbehaves=False), lane(name, misbehaves=True))
    try:
        finding = Differential(*lanes, frozenset()).run(replace(call("leak"), observe=("memory",)))
    finally:
        for each in lanes:
            each.close()
    assert finding is not None
    assert finding.identity == ("leak", "leak()")
    assert finding.other[0].effects["grows"] > 3_500_000


def examined(name: str, programs: list[Program], *, timeout_s: float = 60.0) -> dict[str, Judged]:
    lanes = (lane(NAMES[0], misbehaves=False), lane(name, misbehaves=True, timeout_s=timeout_s))
    plan = Plan("misbehave", 1, 10, hypothesis.settings(), None)
    try:
        examination = examine_all(programs, Differential(*lanes, frozenset()), Known(()), plan)
    finally:
        for each in lanes:
            each.close()
    assert comes_true(lambda: children() == set()), "what a worker left behind lives on"
    assert examination.verdict == "diverge", examination.note
    return {each.finding.program.steps[0].name: each for each in examination.findings}
