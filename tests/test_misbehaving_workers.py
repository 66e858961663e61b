"""What an extension can do to its process: the verdict and message of each, what is kept, and that nothing is left."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from processes import children, comes_true, descendants, is_running, leaving_nothing

from conftest import HERE, MODULES, CheckGolden
from harness import process
from harness.confirm import confirmed
from harness.differential import Differential
from harness.examine import Examination, Plan, examine_all
from harness.findings import Finding, Known
from harness.lanes import Lane, pump
from harness.limits import MIB, Limits
from harness.observation import Crashed, Hung, Returned
from harness.process import WorkerCommand
from harness.program import Program, Step
from harness.protocol import encode_body
from harness.report.failure import describe_observation

TIGHT = Limits(memory_bytes=256 * MIB, file_bytes=4 * MIB)
HONEST = WorkerCommand((sys.executable,))

ENDING = (
    *(f"die_of_SIG{name}" for name in ("ABRT", "ALRM", "BUS", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT")),
    *(f"die_of_SIG{name}" for name in ("SEGV", "SYS", "TERM", "TRAP", "USR1", "VTALRM", "XCPU", "XFSZ")),
    *("panic", "fail_an_assertion", "damage_the_heap", "overflow_a_rust_stack", "run_out_of_rust_memory"),
    *("miss_a_symbol", "exit_with_0", "exit_with_3", "become_another_program", "overflow_the_stack"),
    *("close_every_descriptor", "close_its_pipes", "leave_a_daemon_and_die", "kill_its_parent"),
    *("put_a_pipe_in_place_of_its_stderr",),
)
"""After these the worker is dead: a crash."""

HANGING = ("hang", "spin", "stop_itself", "ignore_every_signal")
RAISING = ("eat_memory", "fill_the_disk", "leave_politely")
SHOWING = ("chatter",)
HARMLESS = (
    *("close_its_streams", "fork_and_leave", "become_a_daemon", "fork_and_answer_twice"),
    *("start_a_thread_that_never_ends", "start_a_thread_that_spins", "leave_its_directory", "remove_its_directory"),
    *("make_its_directory_unreadable", "lift_its_limits", "mask_every_signal"),
)
"""They do not show in what the call itself does, and must not show in what comes after."""


def call(name: str) -> Program:
    return Program("misbehaving", (Step("call", name, (1,)),))


def misbehaving(what: str = "1", limits: Limits = TIGHT) -> WorkerCommand:
    return WorkerCommand((sys.executable,), (("MISBEHAVE", what),), limits=limits)


def lane_of(backend: str, command: WorkerCommand, timeout_s: float = 60.0) -> Lane:
    return Lane(backend, command, "misbehaving", [str(MODULES)], timeout_s=timeout_s)


@pytest.fixture(autouse=True)
def nothing_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with leaving_nothing(tmp_path / "workers", monkeypatch):
        yield


@pytest.fixture
def lanes() -> Iterator[list[Lane]]:
    opened: list[Lane] = []
    yield opened
    for lane in opened:
        lane.close()


@functools.cache
def examined(what: str) -> Examination:
    # What hangs stands between programs that are answered at once, on any machine.
    timeout_s = 2.0 if what in HANGING else 60.0
    lanes = [lane_of("honest", HONEST), lane_of("other", misbehaving(), timeout_s)]
    plan = Plan("fake.yaml::case[other]", 1, 10, hypothesis.settings(), None)
    programs = [call("differ"), call(what), call("differ_too")]
    try:
        examination = examine_all(programs, Differential(lanes[0], lanes[1], frozenset()), Known(()), plan)
    finally:
        for lane in lanes:
            lane.close()
    assert comes_true(lambda: children() == set()), "what the worker left behind lives on"
    return examination


def told(examination: Examination, what: str) -> list[str]:
    """Return what is told of the program that misbehaved, without what differs from one interpreter to the next."""
    lines = [examination.verdict]
    for each in examination.findings:
        finding = each.finding
        if finding.program == call(what):
            place = re.sub(r"(crashed \(SIG\w+) in [^)]*", r"\1", finding.identity[1])
            shown = list(describe_observation(finding.other[0]))
            # A trace and the last words are there too; the first lines say what it was.
            lines += [f"{finding.identity[0]} at {place}{f', {each.flaky}' if each.flaky else ''}", *shown[:2]]
    return [
        line if len(line) < 200 else f"{line[:60]}[...]" for line in lines if "(most recent call first)" not in line
    ]


def kept(examination: Examination) -> list[tuple[str, str]]:
    found = [each.finding.identity for each in examination.findings if not each.flaky]
    assert ("value", "differ()") in found, "what was found before"
    assert ("type", "differ_too()") in found, "what comes after"
    return [each for each in found if "differ" not in each[1]]


@pytest.mark.parametrize("what", ENDING)
def test_what_ends_a_worker_is_a_crash_of_its_program(what: str) -> None:
    [(kind, place)] = kept(examined(what))
    assert kind == "outcome"
    assert place.startswith(f"{what}() crashed (")


@pytest.mark.parametrize("what", HANGING)
def test_what_does_not_come_back_is_a_hang_of_its_program(what: str) -> None:
    assert kept(examined(what)) == [("outcome", f"{what}()")]


@pytest.mark.parametrize("what", [*RAISING, *SHOWING])
def test_what_a_limit_refuses_is_raised_and_what_is_printed_is_seen(what: str) -> None:
    assert len(kept(examined(what))) == 1


@pytest.mark.parametrize("what", HARMLESS)
def test_what_does_not_show_changes_nothing_for_what_comes_after(what: str) -> None:
    assert kept(examined(what)) == []


def test_what_is_told_of_each(golden: CheckGolden) -> None:
    # Of a stack that overflows, only an interpreter that writes its native stack too lets us see what it was.
    shown = sorted({*ENDING, *HANGING, *RAISING, *SHOWING} - {"overflow_the_stack"})
    text = "".join(f"{what}: " + "\n  ".join(told(examined(what), what)) + "\n" for what in shown)
    golden("misbehaving_workers.txt", text)


def test_there_are_more_than_thirty_ways() -> None:
    assert len({*ENDING, *HANGING, *RAISING, *SHOWING, *HARMLESS}) > 45


# --- while it starts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("import dies", "other: the worker died with SIGABRT while it imported misbehaving"),
        ("import leaves", "other: the worker ended with exit code 0 while it imported misbehaving"),
        ("import hangs", "other: no answer within 4 s while it imported misbehaving"),
    ],
)
def test_what_happens_while_it_is_imported_is_no_finding(
    what: str, message: str, lanes: list[Lane], monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes += [lane_of("honest", HONEST), lane_of("other", misbehaving(what))]
    lanes[0].fresh()
    if what == "import hangs":
        monkeypatch.setattr(process, "START_TIMEOUT_S", 4.0)
    plan = Plan("fake.yaml::case[other]", 1, 10, hypothesis.settings(), None)
    examination = examine_all([call("differ")], Differential(lanes[0], lanes[1], frozenset()), Known(()), plan)
    assert examination.verdict == "broken"
    assert examination.note.startswith(message)


def test_a_slow_start_is_waited_for(tmp_path: Path, lanes: list[Lane]) -> None:
    script = tmp_path / "slow.py"
    script.write_text(
        "import runpy, sys, time\ntime.sleep(1)\ndel sys.argv[0]\nrunpy.run_path(sys.argv[0], run_name='__main__')"
    )
    lanes.append(lane_of("slow", WorkerCommand((sys.executable, str(script)))))
    assert outcome(lanes[0], "differ") == Returned(1)


# --- between programs ------------------------------------------------------------------------------


def outcome(lane: Lane, name: str) -> object:
    lane.send([(1, encode_body(call(name)))])
    pump([lane], wait=True)
    return lane.replies.popleft()[1].observations(1, lane.backend)[0].outcome


def test_a_death_between_programs_is_told_from_one_in_a_program_and_its_cause_is_found(lanes: list[Lane]) -> None:
    lanes += [lane_of("honest", HONEST), lane_of("other", misbehaving())]
    differential = Differential(lanes[0], lanes[1], frozenset())
    assert differential.run(call("leave_its_directory")) is None
    assert differential.run(call("die_a_moment_later")) is None
    worker = lanes[1]._worker
    assert worker is not None
    assert comes_true(worker.has_ended)
    finding = differential.run(call("lift_its_limits"))
    assert isinstance(finding, Finding)
    ended = finding.other[0].outcome
    assert isinstance(ended, Crashed)
    assert ended.early
    assert next(describe_observation(finding.other[0])) == (
        "crashed: the worker died with SIGABRT before the program began"
    )
    assert finding.identity[1].endswith(", before it began)")
    judged = confirmed(differential, finding)
    assert judged.flaky == ""
    assert judged.finding.program.after == (call("die_a_moment_later"),)


# --- what a worker is given ------------------------------------------------------------------------


def test_a_worker_has_what_the_documentation_says_and_no_more(lanes: list[Lane]) -> None:
    lanes.append(lane_of("other", WorkerCommand((sys.executable,), limits=TIGHT)))
    seen = outcome(lanes[0], "surroundings")
    assert isinstance(seen, Returned)
    given = dict(zip(seen.value[1::2], seen.value[2::2]))
    # Streams, the two pipes, the worker's own looks at its two streams, and its traces.
    assert given["descriptors"] == ["l", "0", "1", "2", "3", "4", "5", "6", "7"]
    assert (given["core"], given["stack"]) == (1, 8 * MIB)
    assert (given["data"], given["file"]) == (TIGHT.memory_bytes, TIGHT.file_bytes)
    assert (given["leader"], given["masked"], given["umask"]) == (True, 0, 0o022)
    assert given["user"] == os.getuid()
    assert given["children"] == ["l"]
    assert set(given["variables"][1:]) - {"LC_CTYPE"} == {
        *("HOME", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "RUST_BACKTRACE", "TMPDIR", "TZ"),
    }
    assert outcome(lanes[0], "echo_over_loopback") == Returned(["b", b"hello".hex()])


def test_a_worker_sees_no_network_where_the_kernel_allows_that(lanes: list[Lane]) -> None:
    asked = shutil.which("unshare")
    if asked is None or subprocess.run([asked, "-Urn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel gives no network namespace to a process without privileges")
    lanes += [
        lane_of("other", HONEST),
        lane_of("networked", WorkerCommand((sys.executable,), limits=Limits(network=True))),
    ]
    assert outcome(lanes[0], "interfaces") == Returned(["l", "lo"])
    with open("/proc/net/dev", encoding="utf-8") as stream:
        ours = sorted(line.partition(":")[0].strip() for line in stream if ":" in line)
    assert outcome(lanes[1], "interfaces") == Returned(["l", *ours])


def test_a_hang_comes_with_what_the_interpreter_was_doing(lanes: list[Lane]) -> None:
    lanes.append(lane_of("other", misbehaving(), 1.0))
    ended = outcome(lanes[0], "spin")
    assert isinstance(ended, Hung)
    assert "misbehaving.py" in ended.traces
    assert " in spin" in ended.traces


def test_time_limits_are_longer_on_a_slower_backend(lanes: list[Lane]) -> None:
    lanes.append(lane_of("other", WorkerCommand((sys.executable,), (("MISBEHAVE", "1"),), slowness=3.0), 0.3))
    ended = outcome(lanes[0], "hang")
    assert isinstance(ended, Hung)
    assert ended.timeout_s == pytest.approx(0.9)


# --- when the parent is gone -----------------------------------------------------------------------

PARENT = """
import sys, time
sys.path[:0] = {path!r}
from test_misbehaving_workers import *
lane = lane_of("other", misbehaving())
for what in {what!r}:
    lane.send([(1, encode_body(call(what)))])
    if what not in HANGING:
        pump([lane], wait=True)
print(lane._worker.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("what", [("differ",), ("become_a_daemon",), ("fork_and_leave", "stop_itself"), ("spin",)])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_parent_that_is_killed(what: tuple[str, ...], number: int) -> None:
    source = PARENT.format(path=[str(HERE), str(HERE.parent)], what=what)
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, cwd=HERE) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        time.sleep(0.1)
        started = descendants(parent.pid)
        assert worker in started
        parent.send_signal(number)
    assert comes_true(lambda: not any(map(is_running, started))), [each for each in started if is_running(each)]
