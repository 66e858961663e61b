"""Workers that die, hang, or talk nonsense: what is charged to which program, and that nothing is left over."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import children, comes_true, ends_soon, is_running, leaving_nothing

from conftest import MODULES, OpenLane
from harness import process, protocol
from harness.crashes import describe_exit
from harness.errors import RepeatedReplyError, UnaskedReplyError, WorkerProtocolError, WorkerStartError
from harness.lanes import Lane, pump
from harness.observation import Crashed, Hung, Returned
from harness.process import WorkerCommand, WorkerProcess
from harness.program import Program, Step
from harness.protocol import FRAME_LIMIT_BYTES, encode_body
from harness.replies import Reply
from harness.spares import LoadFailedError
from harness.values import Value

REAL = WorkerCommand((sys.executable,))
FakeCommand = Callable[[str], WorkerCommand]
LaneOf = Callable[..., Lane]

# What every fake below begins with: argv is the worker's path, two descriptors and two files.
PREAMBLE = """
import _blake2, json, os, signal, sys, time
requests, replies = os.fdopen(int(sys.argv[2]), "rb"), int(sys.argv[3])
def say(text):
    os.write(replies, text.encode() + b"\\n")
def hello(protocol=2, worker=None):
    worker = worker or _blake2.blake2b(open(sys.argv[1], "rb").read(), digest_size=16).hexdigest()
    say(json.dumps({"hello": {"protocol": protocol, "worker": worker,
        "implementation": "fake", "implementation_version": "1.0.0",
        "language_version": "3.14.0", "version": "fake 1.0", "pid": os.getpid(), "capabilities": {}}}))
def load():
    requests.readline()
    say('{"load": "echo", "failed": null}')
def programs():
    for line in requests:
        for sequence, _, _ in json.loads(line)["run"]:
            yield sequence
def answer(sequence):
    say(json.dumps([sequence, [["r", sequence]]]))
def die():
    os.kill(os.getpid(), signal.SIGSEGV)
"""
FAKES = {
    "honest": "hello(); load()\nfor n in programs(): answer(n)",
    "dies_at_the_first_call": "hello(); load()\nfor n in programs(): die()",
    "dies_at_the_third": "hello(); load()\nfor n in programs(): die() if n == 3 else answer(n)",
    "dies_having_answered": "hello(); load()\nfor n in programs(): answer(n); n == 3 and die()",
    "never_answers": "hello(); load()\nfor n in programs(): time.sleep(600)",
    "hangs_at_the_second": "hello(); load()\nfor n in programs(): time.sleep(600 if n == 2 else 0); answer(n)",
    "slow": "hello(); load()\nfor n in programs(): time.sleep(0.2); answer(n)",
    "wrong_sequence_number": "hello(); load()\nfor n in programs(): answer(n + 7)",
    "no_json": "hello(); load()\nfor n in programs(): say('what?')",
    "no_observations": "hello(); load()\nfor n in programs(): say('[%d, [[\"x\", 1]]]' % n)",
    "too_few_observations": "hello(); load()\nfor n in programs(): say('[%d, []]' % n)",
    "compact_frames": "hello(); load()\nfor n in programs(): say('[%d,[[\"r\",%d]]]' % (n, n))",
    "replies_twice": "hello(); load()\nfor n in programs(): answer(n); answer(n)",
    "half_a_line_then_death": "hello(); load()\nfor n in programs(): os.write(replies, b'[1, [[\"r\"'); die()",
    "ends_in_the_middle": "hello(); load()\nfor n in programs(): n == 2 and sys.exit(0); answer(n)",
    "closes_its_pipe": "hello(); load()\nfor n in programs(): os.close(replies); time.sleep(600)",
    "chatty": "hello(); load()\nfor n in programs(): print('o' * 99999); sys.stderr.write('e' * 99999); answer(n)",
    "last_words": "hello(); load()\nfor n in programs(): os.write(2, b'x' * 9999 + b'last words'); die()",
    "endless_line": "hello(); load()\nfor n in programs():\n    while True: os.write(replies, b'x' * 2**20)",
    "no_handshake": "time.sleep(600)",
    "dies_before_its_handshake": "sys.exit('cannot start today')",
    "no_hello_but_text": "say('Welcome!')",
    "another_protocol": "hello(protocol=99)",
    "dies_while_loading": "hello(); requests.readline(); die()",
    "no_answer_to_load": "hello(); requests.readline(); say('[1, []]')",
    "hello_in_pieces": "os.write(replies, b'{\"hel'); os.write(replies, b'lo\": 1}\\n')",
}


@pytest.fixture(autouse=True)
def nothing_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test here must leave no process, no descriptor and no directory behind."""
    with leaving_nothing(tmp_path / "workers", monkeypatch):
        yield


@pytest.fixture
def fake(tmp_path: Path) -> FakeCommand:
    """Write a fake worker's script and return the command that runs it."""

    def write(name: str) -> WorkerCommand:
        script = tmp_path / f"{name}.py"
        script.write_text(PREAMBLE + FAKES[name] + "\n")
        return WorkerCommand((sys.executable, "-S", "-E", str(script)))

    return write


@pytest.fixture
def lane_of(fake: FakeCommand, open_lane: OpenLane) -> LaneOf:
    def open_one(name: str, timeout_s: float = 10.0) -> Lane:
        return open_lane(fake(name), backend="fake", timeout_s=timeout_s)

    return open_one


def body(*arguments: Value, name: str = "echo") -> bytes:
    return encode_body(Program("echo", (Step("call", name, arguments),)))


def send(lane: Lane, count: int) -> None:
    lane.send([(number, body()) for number in range(1, count + 1)])


def answers(lane: Lane) -> list[tuple[int, object]]:
    """Return what each program came to: the value returned, or how its worker ended."""
    found = []
    while lane.replies:
        number, reply = lane.replies.popleft()
        outcome = reply.observations(1, lane.backend)[0].outcome
        found.append((number, outcome.value if isinstance(outcome, Returned) else outcome))
    return found


def run(lane: Lane, count: int) -> list[tuple[int, object]]:
    send(lane, count)
    pump([lane], wait=True)
    return answers(lane)


SEGV = Crashed("died with SIGSEGV", "")


def test_an_honest_worker_answers_everything_in_order(lane_of: LaneOf) -> None:
    lane = lane_of("honest")
    assert run(lane, 100) == [(number, number) for number in range(1, 101)]
    assert lane.restarts == 0


def test_a_reply_without_spaces_is_a_reply(lane_of: LaneOf) -> None:
    assert run(lane_of("compact_frames"), 3) == [(1, 1), (2, 2), (3, 3)]


def test_a_death_at_the_first_call_is_charged_to_each_program_alone(lane_of: LaneOf) -> None:
    lane = lane_of("dies_at_the_first_call")
    assert run(lane, 3) == [(1, SEGV), (2, SEGV), (3, SEGV)]
    assert lane.restarts == 3


def test_a_death_is_charged_to_the_first_unanswered_and_the_rest_is_sent_again(lane_of: LaneOf) -> None:
    lane = lane_of("dies_at_the_third")
    assert run(lane, 6) == [(1, 1), (2, 2), (3, SEGV), (4, 4), (5, 5), (6, 6)]
    assert lane.restarts == 1


def test_a_death_after_an_answer_is_charged_to_the_next_program(lane_of: LaneOf) -> None:
    # Nothing tells whether the answered program or the next one broke it: the next one is where it showed.
    assert run(lane_of("dies_having_answered"), 5) == [(1, 1), (2, 2), (3, 3), (4, SEGV), (5, 5)]


def test_a_death_when_nothing_is_due_is_charged_to_the_next_program_and_not_lost(lane_of: LaneOf) -> None:
    # Confirming the finding in fresh workers shows that it depends on what ran before.
    lane = lane_of("dies_having_answered")
    assert run(lane, 3) == [(1, 1), (2, 2), (3, 3)]
    time.sleep(0.1)
    lane.send([(9, body())])
    pump([lane], wait=True)
    assert answers(lane) == [(9, SEGV)]


def test_a_worker_that_never_answers_hangs_for_each_program(lane_of: LaneOf) -> None:
    lane = lane_of("never_answers", timeout_s=0.3)
    started = time.monotonic()
    assert run(lane, 2) == [(1, Hung(0.3)), (2, Hung(0.3))]
    assert 0.6 <= time.monotonic() - started < 5


def test_a_hang_costs_one_program(lane_of: LaneOf) -> None:
    assert run(lane_of("hangs_at_the_second", timeout_s=0.3), 4) == [(1, 1), (2, Hung(0.3)), (3, 3), (4, 4)]


def test_the_time_limit_is_for_one_program_and_not_for_all(lane_of: LaneOf) -> None:
    assert run(lane_of("slow", timeout_s=0.6), 5) == [(number, number) for number in range(1, 6)]


def test_answers_that_waited_for_a_busy_parent_are_no_hang(lane_of: LaneOf) -> None:
    lane = lane_of("honest", timeout_s=0.2)
    send(lane, 3)
    time.sleep(0.5)
    pump([lane], wait=False)
    assert answers(lane) == [(1, 1), (2, 2), (3, 3)]
    assert lane.restarts == 0


def test_a_pump_that_does_not_wait_returns_at_once(lane_of: LaneOf) -> None:
    lane = lane_of("never_answers")
    send(lane, 1)
    started = time.monotonic()
    pump([lane], wait=False)
    assert time.monotonic() - started < 1
    assert answers(lane) == []
    assert lane.busy


def test_half_a_line_then_death_is_a_crash(lane_of: LaneOf) -> None:
    assert run(lane_of("half_a_line_then_death"), 2) == [(1, SEGV), (2, SEGV)]


def test_an_end_in_the_middle_without_a_signal_is_a_crash_with_its_exit_code(lane_of: LaneOf) -> None:
    assert run(lane_of("ends_in_the_middle"), 3) == [(1, 1), (2, Crashed("ended with exit code 0", "")), (3, 3)]


def test_a_worker_that_closes_its_pipe_and_lives_on_is_killed(lane_of: LaneOf) -> None:
    assert run(lane_of("closes_its_pipe"), 1) == [(1, Crashed("closed its pipe and was killed"))]


def test_what_a_worker_prints_never_reaches_the_protocol(lane_of: LaneOf) -> None:
    assert run(lane_of("chatty"), 20) == [(number, number) for number in range(1, 21)]


def test_the_last_words_of_a_worker_are_kept_to_a_bounded_length(lane_of: LaneOf) -> None:
    [(_, ended)] = run(lane_of("last_words"), 1)
    assert isinstance(ended, Crashed)
    assert ended.stderr.endswith("xlast words")
    assert len(ended.stderr) == 2 * process.STDERR_PART_BYTES + len("\n[...]\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wrong_sequence_number", "fake: answered program 8 when 1 was due"),
        ("no_json", "fake: not a reply: b'what?': JSON is malformed: invalid character (byte 0)"),
    ],
)
def test_a_reply_that_is_none_is_charged_and_ends_the_worker(lane_of: LaneOf, name: str, message: str) -> None:
    lane = lane_of(name)
    send(lane, 1)
    pump([lane], wait=True)
    _, reply = lane.replies.popleft()
    with pytest.raises(WorkerProtocolError) as caught:
        reply.observations(1, "fake")
    assert str(caught.value) == message
    assert lane.restarts == 1


def test_a_second_reply_is_our_error_and_charged_to_no_program(lane_of: LaneOf) -> None:
    lane = lane_of("replies_twice")
    assert run(lane, 2) == [(1, 1), (2, 2)]
    # The second reply comes with the first, or with the next program.
    time.sleep(0.1)
    lane.send([(3, body())])
    pump([lane], wait=True)
    assert answers(lane) == [(3, 3)]
    assert len(lane.faults) >= 2
    assert {type(each) for each in lane.faults} <= {RepeatedReplyError, UnaskedReplyError}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_observations", "fake: not observations: b'[[\"x\", 1]]': unknown outcome 'x'"),
        ("too_few_observations", "fake: 0 observations of 1 steps: b'[]'"),
    ],
)
def test_observations_of_another_shape_are_our_error(lane_of: LaneOf, name: str, message: str) -> None:
    lane = lane_of(name)
    send(lane, 1)
    pump([lane], wait=True)
    with pytest.raises(WorkerProtocolError) as caught:
        answers(lane)
    assert str(caught.value) == message


def test_a_reply_without_end_is_cut_off(lane_of: LaneOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "FRAME_LIMIT_BYTES", 2**20)
    lane = lane_of("endless_line")
    send(lane, 1)
    pump([lane], wait=True)
    fault = lane.replies.popleft()[1].fault
    assert str(fault) == "fake: a reply of more than 1048576 bytes: " + repr(b"x" * 200) + "..."
    assert FRAME_LIMIT_BYTES > 2**20


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("no_handshake", WorkerStartError, "fake: no answer within 0.5 s before its handshake"),
        (
            "dies_before_its_handshake",
            WorkerStartError,
            "fake: the worker ended with exit code 1 before its handshake\ncannot start today",
        ),
        ("no_hello_but_text", WorkerProtocolError, "fake: no handshake but b'Welcome!': JSON is malformed"),
        ("hello_in_pieces", WorkerProtocolError, "fake: no handshake but b'{\"hello\": 1}': Expected `object`"),
        ("another_protocol", WorkerProtocolError, "fake: speaks protocol 99, not 2"),
        ("dies_while_loading", WorkerStartError, "fake: the worker died with SIGSEGV while it imported echo"),
        ("no_answer_to_load", WorkerProtocolError, "fake: no answer to a load but b'[1, []]': Expected `object`"),
    ],
)
def test_a_worker_that_does_not_start_says_why(
    lane_of: LaneOf, name: str, error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "START_TIMEOUT_S", 0.5 if name == "no_handshake" else 20.0)
    lane = lane_of(name)
    before = children()
    with pytest.raises(error) as caught:
        send(lane, 1)
    assert str(caught.value).startswith(message)
    assert comes_true(lambda: children() == before)


def test_an_interpreter_that_is_not_there_says_so(open_lane: OpenLane) -> None:
    with pytest.raises(WorkerStartError, match=r"^fake: cannot start /nowhere/python: No such file or directory$"):
        send(open_lane(WorkerCommand(("/nowhere/python",))), 1)


def test_an_interpreter_that_is_no_program_says_so(open_lane: OpenLane, tmp_path: Path) -> None:
    (tmp_path / "python").write_bytes(b"\x7fELF but not really")
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(WorkerStartError, match=r"^fake: cannot start .*: Exec format error$"):
        send(open_lane(WorkerCommand((str(tmp_path / "python"),))), 1)


# --- the real worker -------------------------------------------------------------------------------


def test_a_module_that_is_missing_is_a_failed_load(open_lane: OpenLane) -> None:
    with pytest.raises(LoadFailedError) as caught:
        send(open_lane(REAL, "not_there"), 1)
    assert str(caught.value) == (
        "fake: import of not_there raised builtins.ModuleNotFoundError: No module named 'not_there'"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise SystemExit(3)", "fake: import of faulty raised builtins.SystemExit: 3"),
        ("import os; os._exit(3)", "fake: the worker ended with exit code 3 while it imported faulty"),
        (
            "import os; os.write(2, b'oh no'); os.abort()",
            "fake: the worker died with SIGABRT while it imported faulty\noh no",
        ),
    ],
)
def test_a_module_that_cannot_be_imported_says_why(
    open_lane: OpenLane, tmp_path: Path, source: str, message: str
) -> None:
    (tmp_path / "faulty.py").write_text(source)
    lane = Lane("fake", REAL, "faulty", [str(tmp_path)], timeout_s=5)
    with pytest.raises(WorkerStartError) as caught:
        send(lane, 1)
    assert str(caught.value) == message


def outcome(lane: Lane, name: str, *arguments: Value) -> object:
    lane.send([(1, body(*arguments, name=name))])
    pump([lane], wait=True)
    return answers(lane)[0][1]


def test_how_a_real_worker_ends_is_told(open_lane: OpenLane) -> None:
    lane = open_lane(REAL, timeout_s=0.5)
    assert outcome(lane, "leave", 3) == Crashed("ended with exit code 3", "")
    assert outcome(lane, "die") == Crashed("died with SIGSEGV", "")
    assert outcome(lane, "die", 64) == Crashed("died with SIGRTMAX", "")
    assert outcome(lane, "die", 40) == Crashed("died with signal 40", "")
    assert outcome(lane, "complain_and_die", "free(): invalid pointer\n") == Crashed(
        "died with SIGABRT", "free(): invalid pointer\n"
    )
    assert outcome(lane, "sleep", 600) == Hung(0.5)
    assert outcome(lane, "echo", 5) == 5
    assert lane.restarts == 6


def test_children_of_a_worker_die_with_it(open_lane: OpenLane) -> None:
    lane = open_lane(REAL, timeout_s=5)
    child = outcome(lane, "spawn")
    assert isinstance(child, int)
    assert is_running(child)
    lane.close()
    assert ends_soon(child)


def test_a_child_that_holds_the_pipe_open_hides_no_death(open_lane: OpenLane) -> None:
    lane = open_lane(REAL, timeout_s=1)
    child = outcome(lane, "spawn")
    assert isinstance(child, int)
    assert outcome(lane, "die") == Crashed("died with SIGSEGV", "")
    assert ends_soon(child)
    assert outcome(lane, "echo", 1) == 1


def test_a_worker_whose_descriptors_are_closed_has_crashed(open_lane: OpenLane) -> None:
    assert outcome(open_lane(REAL, timeout_s=5), "close_descriptors") == Crashed("closed its pipe and was killed")


def test_messages_larger_than_every_pipe_go_through_both_ways(open_lane: OpenLane) -> None:
    lane = open_lane(REAL)
    texts = [chr(ord("a") + number % 26) * 50_000 for number in range(60)]
    lane.send([(number, body(text)) for number, text in enumerate(texts)])
    pump([lane], wait=True)
    assert answers(lane) == list(enumerate(texts))


def test_two_lanes_work_at_the_same_time(lane_of: LaneOf) -> None:
    lanes = [lane_of("slow"), lane_of("slow")]
    for lane in lanes:
        send(lane, 4)
    started = time.monotonic()
    pump(lanes, wait=True)
    assert time.monotonic() - started < 1.4
    assert [len(lane.replies) for lane in lanes] == [4, 4]


def test_the_death_of_one_worker_does_not_touch_the_other(lane_of: LaneOf) -> None:
    dying, honest = lane_of("dies_at_the_third"), lane_of("honest")
    send(dying, 5)
    send(honest, 5)
    pump([dying, honest], wait=True)
    assert [number for number, _ in answers(dying)] == [1, 2, 3, 4, 5]
    assert answers(honest) == [(number, number) for number in range(1, 6)]
    assert (dying.restarts, honest.restarts) == (1, 0)


def test_a_closed_lane_forgets_what_was_unanswered_and_starts_anew(lane_of: LaneOf) -> None:
    lane = lane_of("slow")
    send(lane, 5)
    lane.close()
    assert not lane.busy
    assert run(lane, 2) == [(1, 1), (2, 2)]


def test_closing_twice_is_closing_once(lane_of: LaneOf) -> None:
    lane = lane_of("honest")
    lane.close()
    send(lane, 1)
    lane.close()
    lane.close()
    assert not lane.busy


def test_a_fresh_worker_is_another_process(open_lane: OpenLane) -> None:
    lane = open_lane(REAL)
    before = lane.hello.pid
    lane.fresh()
    assert lane.hello.pid != before
    assert not is_running(before)


def test_a_reply_that_ended_its_worker_stands_for_every_step() -> None:
    assert [each.outcome for each in Reply(b"", Hung(1.0)).observations(5, "fake")] == [Hung(1.0)]


def test_a_worker_can_be_killed_when_it_is_already_dead(fake: FakeCommand) -> None:
    started = WorkerProcess.start("fake", fake("honest"))
    os.kill(started.process.pid, 9)
    assert started.kill().description == "died with SIGKILL"


def test_exit_codes_and_signals_have_words() -> None:
    assert describe_exit(None) == "closed its pipe"
    assert describe_exit(0) == "ended with exit code 0"
    assert describe_exit(-11) == "died with SIGSEGV"
    assert describe_exit(-99) == "died with signal 99"


def test_the_modules_that_the_lanes_import_lie_where_this_file_says() -> None:
    assert (MODULES / "echo.py").exists()


def test_answers_that_nobody_looked_at_in_time_are_heard_before_a_death_is_charged(lane_of: LaneOf) -> None:
    lane = lane_of("dies_at_the_third")
    send(lane, 4)
    deadline = time.monotonic() + 30
    while not (lane._worker and lane._worker.has_ended()) and time.monotonic() < deadline:
        time.sleep(0.02)
    # As when this process is not given the machine for longer than the limit.
    lane._check_time(time.monotonic() + 1000)
    pump([lane], wait=True)
    (one, two, (third, ended), four) = answers(lane)
    assert (one, two, third, four) == ((1, 1), (2, 2), 3, (4, 4))
    assert isinstance(ended, Crashed)
