"""Hundreds of thousands of examples, one in a hundred of which misbehaves, and what is left over after them.

    python benchmarks/soak.py --examples 200000

Programs call a small module under every backend; it dies by signals and exit codes, hangs, closes its descriptors,
forks, prints and eats memory, on all backends alike, and now and then answers otherwise on all but the reference.
Each thousand examples is one item with a line in an event log.  At the end the log must account for every
program that was given, the parent may have grown by a tenth since the first thousand, and no process and no
descriptor may be left.  Exit code 1 says that something was lost or left.  Ctrl-C ends it after the item that is
at work, with the figures until then.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import hypothesis
import hypothesis.strategies as st

from harness import backends, guarded
from harness.backends.base import Request
from harness.differential import Differential
from harness.eventlog import EventLog, Footer, Header, ItemEvent, read_events
from harness.examination import Plan
from harness.examine import examine
from harness.findings import Known
from harness.item_events import item_event
from harness.lanes import Lane
from harness.program import Program, Step
from harness.restarts import Restarts

ITEM = 1000
RANGE = 1_000_000
GROWTH_LIMIT = 1.1
TIMEOUT_S = 2.0

MODULE = """
import os, signal, sys, time

REFERENCE = {reference!r}
kept = []

def leave(code):
    return lambda: os._exit(code)

def kill(number):
    return lambda: os.kill(os.getpid(), number)

def fork():
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)

def close_descriptors():
    os.closerange(3, 256)
    time.sleep(600)

def eat():
    kept.append(bytearray(10 * 2**20))

def print_much():
    os.write(1, b"x" * 500_000)

def fail():
    raise SystemExit("on purpose")

# Dying and printing is common, hanging is not: it costs a time limit.
WAYS = [os.abort, leave(0), leave(3), kill(signal.SIGKILL), fork, eat, print_much, fail] * 12
WAYS += [close_descriptors, lambda: time.sleep(600)]

def work(number):
    if number % 100 == {misbehaving}:
        WAYS[number // 100 % len(WAYS)]()
        return "it went on"
    if number == {needle} and not REFERENCE:
        return "something else"
    return [number, str(number)]
"""
NEEDLE = 500_000
MISBEHAVING = 13


def memory_bytes() -> int:
    """Return how much memory this process occupies."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def settled_memory_bytes() -> int:
    """Return the same when what is free has been given back: what is kept counts, and no more."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return memory_bytes()


def children() -> int:
    """Return how many processes this one has that it has not waited for."""
    found = 0
    for entry in os.listdir("/proc"):
        try:
            stat = Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        found += entry.isdigit() and int(stat.rpartition(")")[2].split()[1]) == os.getpid()
    return found


def belonging_to(directory: Path) -> int:
    """Return how many processes work in a directory, whoever's children they are by now."""
    found = 0
    for entry in os.listdir("/proc"):
        try:
            found += str(directory) in os.readlink(f"/proc/{entry}/cwd")
        except OSError:
            continue
    return found


def descriptors() -> int:
    """Return how many descriptors are open."""
    return len(os.listdir("/proc/self/fd"))


def soak(names: list[str], examples: int, directory: Path) -> int:
    """Run it and print the figures; returns the exit code."""
    lanes = []
    # A run of everyday's has a limit, which this one is to go far beyond.
    deaths = Restarts(of_a_case=examples, of_a_run=examples)
    before = children(), descriptors()
    for name in names:
        backend = backends.provide(name, Request(None, print))
        site = directory / name
        site.mkdir()
        (site / "soak_module.py").write_text(
            MODULE.format(reference=name == names[0], needle=NEEDLE, misbehaving=MISBEHAVING)
        )
        lanes.append(Lane(name, backend.command, "soak_module", [str(site)], timeout_s=TIMEOUT_S, restarts=deaths))
        print(f"{name}: {backend.description}")
    log = EventLog(directory / "results")
    log.write(Header(1, "", "", names[0], tuple(names), 0, {}))
    drawn, first_bytes = _run(lanes, max(1, examples // ITEM), log)
    restarts = sum(lane.restarts for lane in lanes)
    last_bytes = settled_memory_bytes()
    for lane in lanes:
        lane.close()
    guarded.dismiss()
    log.finish(Footer("", 0, {}))
    after = children(), descriptors()
    time.sleep(1)
    return _told(log.path, drawn, restarts, last_bytes / first_bytes, (before, after, belonging_to(directory)))


def _run(lanes: list[Lane], items: int, log: EventLog) -> tuple[int, int]:
    """Run so many items, fewer after Ctrl-C; return the examples, and the memory after the first item."""
    interrupted: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: interrupted.append(number))
    first_bytes, started, drawn = 0, time.monotonic(), 0
    for number in range(items):
        if interrupted:
            break
        item_started = time.monotonic()
        differential = Differential(lanes[0], lanes[1], frozenset())
        plan = Plan(f"soak::{number}", number, ITEM, hypothesis.settings(), None)
        examination = examine(st.integers(0, RANGE).map(program), differential, Known(()), plan)
        differential.abandon()
        drawn += examination.examples
        log.write(
            item_event(
                nodeid=plan.identity,
                case=str(number),
                backend=lanes[1].backend,
                examination=examination,
                report=None,
                seed=number,
                duration_s=time.monotonic() - item_started,
                missing=(),
            )
        )
        if examination.verdict != "agree":
            found = [f"{each.finding.identity} {each.flaky}" for each in examination.findings]
            print(f"  item {number}: {examination.verdict}", *found, examination.note, flush=True)
        if number == 0:
            first_bytes = settled_memory_bytes()
        if (number + 1) % 10 == 0:
            restarts = sum(lane.restarts for lane in lanes)
            rate = drawn / (time.monotonic() - started)
            mib = memory_bytes() / 2**20
            print(f"{drawn} examples, {restarts} restarts, {mib:.0f} MiB, {rate:.0f} examples/s", flush=True)
    return drawn, first_bytes


misbehaving: Counter[int] = Counter()
"""How often each number was drawn that makes the module misbehave."""


def program(number: int) -> Program:
    """Return the program that calls the module with a number."""
    if number % 100 == MISBEHAVING:
        misbehaving[number] += 1
    return Program("soak_module", (Step("call", "work", (number,)),))


def _told(
    log: Path, drawn: int, restarts: int, growth: float, left: tuple[tuple[int, int], tuple[int, int], int]
) -> int:
    accounts: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for event in read_events(log):
        if isinstance(event, ItemEvent):
            accounts.update(event.accounts)
            verdicts[event.verdict] += 1
    given = accounts.pop("given", 0)
    before, after, outliving = left
    print(f"examples: {drawn}; programs given: {given}; of which " + ", ".join(f"{accounts[k]} {k}" for k in accounts))
    print(f"of these misbehaved: {misbehaving.total()}")
    print(f"items: {dict(verdicts)}; workers that had to be replaced: {restarts}")
    print(f"memory of the parent at the end: {growth:.3f} times that after the first {ITEM}")
    print(f"children and descriptors before: {before}, after: {after}; processes of workers left: {outliving}")
    faults = [
        *(["programs were lost"] if given != accounts.total() or not drawn else []),
        *([f"memory grew by more than {GROWTH_LIMIT}"] if growth > GROWTH_LIMIT else []),
        *(["something was left over"] if after != before or outliving else []),
        *(["an item was broken"] if verdicts["broken"] else []),
    ]
    print("; ".join(faults) or "nothing was lost, nothing is left")
    return 1 if faults else 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=200_000)
    parser.add_argument("--backends", default="cpython,rustpython", help="the reference and another")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backend-matrix-soak-") as directory:
        # The workers' directories lie below it, so that they are told by it.
        tempfile.tempdir = directory
        return soak(given.backends.split(","), given.examples, Path(directory))


if __name__ == "__main__":
    sys.exit(main())
