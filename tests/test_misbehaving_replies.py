"""Workers that say what no worker may say: the verdict and message of each, and that what is around it is kept."""

from __future__ import annotations

import functools
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from library_words import without_library_words
from processes import comes_true, leaving_nothing

from conftest import HERE, MODULES, CheckGolden
from harness.differential import Differential
from harness.errors import (
    MalformedReplyError,
    NoHandshakeError,
    OtherProtocolError,
    OtherWorkerError,
    OversizedReplyError,
    RepeatedReplyError,
    ReplyAfterDeathError,
    TruncatedReplyError,
    UnaskedReplyError,
    WorkerProtocolError,
    WrongCountError,
    WrongSequenceError,
    WrongShapeError,
)
from harness.examine import Examination, Plan, examine, examine_all
from harness.findings import Known
from harness.lanes import Lane, pump
from harness.observation import Crashed, Hung, outcome_name
from harness.process import WorkerCommand
from harness.program import Program, Step
from harness.protocol import FRAME_LIMIT_BYTES, encode_body, worker_digest

MISBEHAVING = HERE / "fakes/misbehaving.py"
HONEST = WorkerCommand((sys.executable,))
TIMEOUT_S = 2.0

STARTS = (
    *("no hello but text", "no hello but a number", "hello that is no UTF-8", "hello without a version"),
    *("hello without a pid", "old protocol", "next protocol", "another worker file"),
    *("another answer to a load", "a load of another module", "a failure that is no exception", "hello and more"),
)
REPLIES = (
    *("wrong sequence number", "sequence number that is text", "answers twice", "no UTF-8", "no JSON"),
    *("JSON that stops", "an object", "an empty line", "an unknown outcome", "an unknown tag", "an unknown effect"),
    *("an exception that is none", "observations that are none", "no observation", "an observation too many"),
    *("nested 100,000 deep", "nested 800 deep", "prints among the replies", "half a line, then exit code 0"),
    *("half a line, then exit code 3", "half a line, then a closed pipe"),
    *("answers again before the next answer", "a gigabyte"),
)
ENDS = ("half a line, then death", "half a line, then silence", "no answer")
"""What an extension can do too: a crash and hangs, which are findings."""


def misbehaving(fault: str, when: str = "misbehave") -> WorkerCommand:
    return WorkerCommand((sys.executable, str(MISBEHAVING), fault, when))


def call(name: str, word: str) -> Program:
    return Program("echo", (Step("call", name, (word,)),))


BEFORE, MISBEHAVE, AFTER = call("echo", "differ"), call("echo", "misbehave"), call("remember", "differ")


def plan(examples: int = 40) -> Plan:
    return Plan("fake.yaml::case[other]", 1, examples, hypothesis.settings(), None)


def told(examination: Examination, differential: Differential) -> str:
    """Return what is told of an examination, in a line for each thing."""
    found = [f"{each.finding.identity[0]} at {each.finding.identity[1]}" for each in examination.findings]
    flaky = [each.flaky for each in examination.findings if each.flaky]
    outcomes = [each.finding.other[0].outcome for each in examination.findings]
    ends = [outcome_name(each) for each in outcomes if isinstance(each, (Crashed, Hung))]
    faults = [type(each).__name__ for each in differential.faults[:1]]
    lines = [examination.verdict, *faults, *examination.note.splitlines(), *found, *ends, *flaky]
    # What differs between checkouts and interpreters, and what is only long.
    text = "\n  ".join(lines).replace(worker_digest(), "DIGEST")
    text = without_library_words(text)
    text = re.sub(r"(.)\1{60,}|(\[\"l\",){20,}", "[...]", text)
    return re.sub(r"(no handshake but b'.{40}).*", r"\1 [...]", text)


@pytest.fixture(autouse=True)
def nothing_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with leaving_nothing(tmp_path / "workers", monkeypatch):
        yield


@functools.cache
def examined(fault: str, *, drawn: bool = False) -> tuple[Examination, Differential]:
    lanes = [Lane("honest", HONEST, "echo", [str(MODULES)], timeout_s=60.0)]
    lanes.append(
        Lane("other", misbehaving(fault), "echo", [str(MODULES)], timeout_s=TIMEOUT_S if fault in ENDS else 60.0)
    )
    differential = Differential(lanes[0], lanes[1], frozenset())
    try:
        if drawn:
            strategy = hypothesis.strategies.sampled_from([call("echo", "fine"), BEFORE, MISBEHAVE, AFTER])
            return examine(strategy, differential, Known(()), plan()), differential
        return examine_all([BEFORE, MISBEHAVE, AFTER], differential, Known(()), plan()), differential
    finally:
        for lane in lanes:
            lane.close()


@pytest.mark.parametrize("fault", REPLIES)
def test_a_reply_that_is_none_breaks_the_item_and_keeps_what_is_around_it(fault: str) -> None:
    examination, _ = examined(fault)
    assert examination.verdict == "broken"
    assert examination.note.startswith("other: ")
    assert [each.finding.identity for each in examination.findings] == [
        ("value", "echo()"),
        ("type", "remember()"),
    ]


@pytest.mark.parametrize("fault", ENDS)
def test_half_a_line_and_an_end_is_a_finding_like_any_other(fault: str) -> None:
    examination, _ = examined(fault)
    assert examination.verdict == "diverge"
    assert {each.finding.identity[0] for each in examination.findings} == {"value", "outcome", "type"}


@pytest.mark.parametrize("fault", STARTS)
def test_a_worker_that_does_not_start_says_in_which_way(fault: str) -> None:
    examination, differential = examined(fault)
    assert examination.verdict == "broken"
    assert examination.note.startswith("other: ")
    assert differential.executed == 0


def test_what_is_told_of_each(golden: CheckGolden) -> None:
    faults = sorted((*STARTS, *REPLIES, *ENDS))
    golden("misbehaving_replies.txt", "".join(f"{fault}: {told(*examined(fault))}\n" for fault in faults))


def test_many_on_their_way_are_judged_like_one_at_a_time() -> None:
    examination, differential = examined("an observation too many", drawn=True)
    assert examination.verdict == "broken"
    assert "observations of 1 steps" in examination.note
    assert {each.finding.identity[1] for each in examination.findings} >= {"echo()"}
    assert differential.executed >= 4


def test_a_backend_that_only_misbehaves_comes_to_an_end_with_all_that_was_found() -> None:
    lanes = [Lane("honest", HONEST, "echo", [str(MODULES)], timeout_s=60.0)]
    lanes.append(Lane("other", misbehaving("no JSON"), "echo", [str(MODULES)], timeout_s=60.0))
    differential = Differential(lanes[0], lanes[1], frozenset())
    try:
        examination = examine_all([BEFORE, *[MISBEHAVE] * 30, AFTER], differential, Known(()), plan())
    finally:
        for lane in lanes:
            lane.close()
    assert examination.verdict == "broken"
    assert examination.note == (
        "other: not a reply: b'what?': JSON is malformed: invalid character (byte 0)\n(the first of 11 such answers)"
    )
    assert [each.finding.identity for each in examination.findings] == [("value", "echo()")]
    assert examination.examples == 12


@pytest.fixture
def opened() -> Iterator[Callable[..., Lane]]:
    lanes: list[Lane] = []

    def open_lane(fault: str, timeout_s: float = 60.0) -> Lane:
        lanes.append(Lane("other", misbehaving(fault), "echo", [str(MODULES)], timeout_s=timeout_s))
        return lanes[-1]

    yield open_lane
    for lane in lanes:
        lane.close()


AT_THE_START: dict[str, type[WorkerProtocolError]] = {
    "no hello but text": NoHandshakeError,
    "old protocol": OtherProtocolError,
    "another worker file": OtherWorkerError,
    "another answer to a load": WrongShapeError,
    "hello and more": MalformedReplyError,
}
AT_A_REPLY: dict[str, type[WorkerProtocolError]] = {
    "wrong sequence number": WrongSequenceError,
    "answers again before the next answer": RepeatedReplyError,
    "answers twice": RepeatedReplyError,
    "an observation too many": WrongCountError,
    "no observation": WrongCountError,
    "no JSON": MalformedReplyError,
    "no UTF-8": MalformedReplyError,
    "an object": WrongShapeError,
    "a gigabyte": OversizedReplyError,
    "nested 100,000 deep": OversizedReplyError,
    "half a line, then exit code 0": TruncatedReplyError,
    "half a line, then exit code 3": TruncatedReplyError,
    "half a line, then a closed pipe": TruncatedReplyError,
}


def test_every_way_to_break_the_protocol_has_an_error_that_a_fake_reaches() -> None:
    reached = {*AT_THE_START.values(), *AT_A_REPLY.values(), UnaskedReplyError, ReplyAfterDeathError}
    assert reached == set(WorkerProtocolError.__subclasses__())


@pytest.mark.parametrize("fault", AT_THE_START)
def test_a_start_that_is_none_is_an_error_of_its_own_name(fault: str, opened: Callable[..., Lane]) -> None:
    with pytest.raises(WorkerProtocolError, match=r"^other: ") as caught:
        opened(fault).fresh()
    assert type(caught.value) is AT_THE_START[fault]


@pytest.mark.parametrize("fault", AT_A_REPLY)
def test_a_reply_that_is_none_is_an_error_of_its_own_name(fault: str) -> None:
    _, differential = examined(fault)
    assert {type(each) for each in differential.faults} == {AT_A_REPLY[fault]}
    assert all(str(each).startswith("other: ") for each in differential.faults)


def test_an_answer_that_nobody_asked_for_is_found_out(opened: Callable[..., Lane]) -> None:
    lane = opened("answers twice")
    ask(lane, 1, MISBEHAVE)
    ask(lane, 2, AFTER)
    assert [type(each) for each in lane.faults] == [UnaskedReplyError]


def test_what_answers_for_a_dead_worker_is_found_out(opened: Callable[..., Lane]) -> None:
    """The kernel may give the machine to whoever kills what is left before it gives it to what answers."""
    for _ in range(5):
        lane = opened("a descendant answers after its death")
        ask(lane, 1, MISBEHAVE)
        worker = lane._worker
        assert worker is not None
        assert comes_true(worker.has_ended, within_s=60.0)
        ask(lane, 2, AFTER)
        (_, first), (_, second) = lane.replies
        assert first.observations(1, "other")
        if second.fault is not None:
            assert type(second.fault) is ReplyAfterDeathError
            assert str(second.fault) == "other: something else answered when the worker was dead"
            return
        # It was noticed at its death; an answer of something else is never taken for its own.
        assert isinstance(second.ended, Crashed)
    pytest.fail("nothing has answered when the worker was dead")


def test_an_answer_to_a_program_that_was_given_up_reaches_nobody(opened: Callable[..., Lane]) -> None:
    lane = opened("a child answers when it was given up", timeout_s=1.0)
    ask(lane, 1, MISBEHAVE)
    # The time at which it would have answered.
    time.sleep(1.0)
    lane.timeout_s = 60.0
    ask(lane, 2, AFTER)
    (_, first), (_, second) = lane.replies
    assert isinstance(first.ended, Hung)
    assert second.raw == b'[["r", "something else"]]'
    assert lane.faults == []


def ask(lane: Lane, number: int, program: Program) -> None:
    lane.send([(number, encode_body(program))])
    pump([lane], wait=True)


def test_what_is_said_when_nothing_is_asked_is_charged_to_no_program() -> None:
    lane = Lane("other", misbehaving("answers again when nothing is asked"), "echo", [str(MODULES)], timeout_s=60.0)
    try:
        ask(lane, 1, MISBEHAVE)
        time.sleep(1.0)
        ask(lane, 2, AFTER)
    finally:
        lane.close()
    assert [number for number, reply in lane.replies if reply.observations(1, "other")] == [1, 2]
    [fault] = lane.faults
    assert isinstance(fault, UnaskedReplyError)
    assert str(fault) == """other: said something when nothing was asked: b'[1, [["r", "misbehave"]]]\\n'"""


def test_a_gigabyte_is_not_read_into_memory() -> None:
    lane = Lane("other", misbehaving("a gigabyte"), "echo", [str(MODULES)], timeout_s=60.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        ask(lane, 1, MISBEHAVE)
    finally:
        lane.close()
    assert str(lane.replies[0][1].fault).startswith("other: a reply of more than 67108864 bytes: b'xxx")
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 4 * FRAME_LIMIT_BYTES / 1024
