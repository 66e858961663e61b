"""What an item had found when its run was ended: told at once, taken back, and read from a log without an end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import pytest
from fake_lanes import FakeLane, fake_pump
from test_eventlog import EVENTS, FINDING, FOOTER

from harness import differential, eventlog
from harness.acting.stored import findings_in
from harness.codec import encode_program
from harness.confirm import SLOW
from harness.differential import BATCH, Differential
from harness.eventlog import Event, EventLog, FoundEvent, add_event, log_of, read_events
from harness.examination import Examination, Interrupted, Plan
from harness.examine import examine, examine_all
from harness.findings import Identity, Judged, Known
from harness.program import Program, Step
from harness.report.html import html_of
from harness.unfinished import NOT_ENDED, NOT_RUN_AGAIN, describe_unfinished, unfinished_items, with_unfinished

HEADER, BACKEND, ITEM, *_ = EVENTS


def found(met: str, *, item: str = "c.yaml::f[beta]", text: str = "f(1)", flaky: str = NOT_RUN_AGAIN) -> FoundEvent:
    program = encode_program(Program("fake", (Step("call", "f", (1,)),)))
    record = msgspec.structs.replace(FINDING, text=text, flaky=flaky, program=program)
    return FoundEvent(item, "f", "beta", 7, met, record, "fake", "c.yaml")


# --- read from the log -----------------------------------------------------------------------------


def test_of_an_item_without_an_end_the_last_that_was_told_of_each_finding_counts() -> None:
    gone = msgspec.structs.replace(found("outcome at f()"), finding=None)
    events = [found("value at f()"), found("type at f()"), found("outcome at f()"), gone]
    events.append(found("value at f()", text="f(0)", flaky=""))
    [item] = unfinished_items([HEADER, *events]).values()
    assert (item.item, item.verdict, item.outcome, item.message) == ("c.yaml::f[beta]", "broken", "", NOT_ENDED)
    assert [(each.text, each.flaky) for each in item.findings] == [("f(0)", ""), ("f(1)", NOT_RUN_AGAIN)]
    assert (item.seed, item.extension, item.file) == (7, "fake", "c.yaml")


def test_an_items_own_event_takes_the_place_of_what_it_told_before() -> None:
    events = [HEADER, found("value at f()", item=ITEM.item), ITEM, FOOTER]  # type: ignore[union-attr]
    assert unfinished_items(events) == {}
    assert list(with_unfinished(events)) == [HEADER, ITEM, FOOTER]
    # It may be run again, as some plug-ins do with what fails.
    assert list(unfinished_items([*events, events[1]])) == [ITEM.item]  # type: ignore[union-attr]


def test_every_reader_of_findings_finds_those_of_a_log_without_a_footer() -> None:
    log: list[Event] = [HEADER, BACKEND, found("value at f()")]
    [stored] = findings_in(log)
    assert stored.event.item == "c.yaml::f[beta]"
    assert stored.record.flaky == NOT_RUN_AGAIN
    assert list(with_unfinished([*log, FOOTER]))[-1] == FOOTER


def test_the_page_of_a_log_without_a_footer_has_them_too() -> None:
    page = html_of([HEADER, BACKEND, found("value at f()")])
    assert "not confirmed:" in page
    assert NOT_RUN_AGAIN in page
    assert NOT_ENDED in page


def test_what_is_told_of_an_item_without_an_end() -> None:
    [item] = unfinished_items([found("value at f()", text="r0 = f(1)\nr1 = g(r0)")]).values()
    assert describe_unfinished(item) == (
        f"broken: {NOT_ENDED}\n\nWhat was found until then:\n\n  value at f()[…]: {NOT_RUN_AGAIN}\n"
        "    r0 = f(1)\n    r1 = g(r0)"
    )


# --- written by several processes --------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from test_unfinished import add_event, found
for number in range({count}):
    add_event(Path({log!r}), found(f"{{number}}", item={item!r}, text="x" * 50_000))
"""


def test_lines_of_several_processes_stay_whole(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.write(HEADER)
        path = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
        names = ["one", "two", "three"]
        sources = [WRITER.format(path=path, log=str(log.partial), item=name, count=40) for name in names]
        running = [subprocess.Popen([sys.executable, "-c", source]) for source in sources]
        for number in range(40):
            log.write(found(f"{number}", item="ours", text="x" * 50_000))
        assert [each.wait() for each in running] == [0, 0, 0]
        log.finish(FOOTER)
    told = [(each.item, each.met) for each in read_events(log.path) if isinstance(each, FoundEvent)]
    assert sorted(told) == sorted((name, f"{number}") for name in ("ours", *names) for number in range(40))
    assert [each for name, each in told if name == "two"] == [f"{number}" for number in range(40)]


def test_half_a_line_of_a_process_that_was_killed_is_passed_over_and_taken_away(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.write(HEADER)
        with log.partial.open("ab") as stream:
            stream.write(b'{"type":"found","item":"c.ya')
        assert list(read_events(log.partial)) == [HEADER]
        log.write(ITEM)
        assert list(read_events(log.partial)) == [HEADER, ITEM]


def test_a_disk_that_is_full_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EventLog(tmp_path) as log:
        log.write(HEADER)
        # Half of the next line fits.
        written: Iterator[int] = iter([10])

        def write(descriptor: int, data: bytes) -> int:
            for room in written:
                return os.pwrite(descriptor, data[:room], os.fstat(descriptor).st_size)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(eventlog.os, "write", write)
        log.write(ITEM)
        assert log.failed is not None
        assert list(read_events(log.partial)) == [HEADER]
        assert log.partial.read_bytes().endswith(b"\n")
        add_event(log.partial, ITEM)
        assert list(read_events(log.partial)) == [HEADER]


def test_where_there_is_no_log_none_is_begun(tmp_path: Path) -> None:
    add_event(log_of(tmp_path), ITEM)
    assert list(tmp_path.iterdir()) == []


# --- told while it is examined -----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def without_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differential, "pump", fake_pump)


class Told:
    """Hears of findings, and ends the examination after as many programs as it is told."""

    def __init__(self, ends_after: int = 10**9) -> None:
        self.left = ends_after
        self.told: list[tuple[Identity, Judged | None]] = []

    def tell(self, met: Identity, judged: Judged | None) -> None:
        self.told.append((met, judged))

    def reference(self, name: str, x: int) -> int:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt("enough")
        return x

    @property
    def plan(self) -> Plan:
        return Plan("f", 1, 200, hypothesis.settings(), None, tell=self.tell)


def call(x: int) -> Program:
    return Program("fake", (Step("call", "f", (x,)),))


def wrong_from(limit: int) -> Any:
    return lambda name, x: "wrong" if x >= limit else x


NUMBERS = hypothesis.strategies.integers(0, 10_000).map(call)


def both(told: Told, other: Any) -> Differential:
    return Differential(FakeLane("reference", told.reference), FakeLane("other", other), frozenset())


def test_a_finding_is_told_when_it_is_met_and_when_it_is_confirmed() -> None:
    told = Told()
    result = examine(NUMBERS, both(told, wrong_from(1000)), Known(()), told.plan)
    (met, first), *_, (again, last) = told.told
    assert met == again == ("type", "f()")
    assert first is not None
    assert first.flaky == NOT_RUN_AGAIN
    assert last == result.findings[0]
    assert last is not None
    assert last.finding.program == call(1000)


def test_what_shows_in_another_finding_or_is_none_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    monkeypatch.setattr("harness.examine.confirmed", lambda differential, finding: Judged(finding, SLOW))
    assert examine(NUMBERS, both(told, wrong_from(1000)), Known(()), told.plan).findings == ()
    assert told.told[-1] == (("type", "f()"), None)


@pytest.mark.parametrize("programs", [250, 400, 700])
def test_an_examination_that_is_interrupted_keeps_what_it_has_met(programs: int) -> None:
    whole = Told()
    examine(NUMBERS, both(whole, wrong_from(5000)), Known(()), whole.plan)
    needed = 10**9 - whole.left
    told = Told(min(programs, needed - 1))
    with pytest.raises(Interrupted) as caught:
        examine(NUMBERS, both(told, wrong_from(5000)), Known(()), told.plan)
    examination = caught.value.examination
    assert (examination.verdict, examination.note) == ("broken", f"interrupted (enough): {NOT_ENDED}")
    [judged] = examination.findings
    assert judged.finding.identity == ("type", "f()")
    assert judged.flaky == NOT_RUN_AGAIN
    assert isinstance(caught.value.by, KeyboardInterrupt)


def test_programs_that_are_given_are_told_as_they_are_answered() -> None:
    told = Told(BATCH + 3)
    programs = [call(1), call(9), *[call(2)] * BATCH, call(8)]
    with pytest.raises(Interrupted) as caught:
        examine_all(programs, both(told, wrong_from(5)), Known(()), told.plan)
    assert [each.finding.program for each in caught.value.examination.findings] == [call(9)]
    assert [met for met, _ in told.told] == [("type", "f()")]


def test_what_has_been_answered_is_judged_before_the_next_program_is_waited_for() -> None:
    lanes = FakeLane("reference", lambda name, x: x), FakeLane("other", wrong_from(0))
    pair = Differential(*lanes, frozenset())
    waited: list[int] = []

    def pump(lanes: Any, *, wait: bool, enough: Any = None) -> None:
        # Each time one more answer comes, as from workers that are at work.
        for lane in lanes:
            lane.deliver(max(0, len(lane.held) - 1))
        waited.append(len(lanes[0].held))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(differential, "pump", pump)
        for number in range(3):
            assert list(pair.submit(call(number), encode_body_of(number))) == []
        seen = [(finding is not None, len(lanes[0].held)) for _, finding in pair.drain()]
    assert seen == [(True, 2), (True, 1), (True, 0)]


def encode_body_of(number: int) -> bytes:
    from harness.protocol import encode_body

    return encode_body(call(number))


def test_an_examination_says_nothing_of_an_interruption_that_did_not_come() -> None:
    told = Told()
    result = examine_all([call(1)], both(told, wrong_from(5)), Known(()), told.plan)
    assert (result, told.told) == (Examination("agree", 1, accounts=result.accounts), [])
