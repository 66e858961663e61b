"""The event log: what is written is read back, and half a log is not taken for a whole one."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from harness.eventlog import (
    FORMAT,
    BackendEvent,
    BackendFacts,
    Event,
    EventLog,
    FindingRecord,
    Footer,
    Header,
    ItemEvent,
    read_events,
)

FINDING = FindingRecord(
    flaky="",
    kind="value",
    place="f()[…]",
    step=0,
    path="[0]",
    program=["m", [["call", "f", [["u", [0xD800]], ["i", "0x8000000000000000"], -0.0], []]]],
    text="f('\\ud800')",
    reference=[{"outcome": "returned", "value": ["f", "7ff8000000000001"], "effects": {}}],
    other=[{"outcome": "crashed", "signal": "died with SIGSEGV", "stderr": "\0\x1b", "effects": {}}],
)
EVENTS: list[Event] = [
    Header(FORMAT, "2026-01-01T00:00:00+00:00", "0.1.0", "cpython", ("cpython", "other"), 2**32 - 1, {"pytest": "9"}),
    BackendEvent(BackendFacts("cpython", "CPython 3.13", {"interpreter": "3.13.0"}, {"numbers": "abc"})),
    ItemEvent("cases/a.yaml::f[other]", "f", "other", "diverge", "failed", 100, 2**64 - 1, 0.5, (FINDING,)),
    ItemEvent("i", "f", "b", "known", "xfailed", 1, 1, 0.0, known={"value at f()": 3}, rules_applied={"r": 1}),
    ItemEvent("i", "f", "b", "unsupported", "skipped", 0, 1, 0.0, missing=("PyA", "PyB"), message="\u2028\U0001f600"),
]
FOOTER = Footer("2026-01-01T00:00:01+00:00", 1, {"diverge": 1})


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        for event in EVENTS:
            log.write(event)
        log.finish(FOOTER)
    assert list(read_events(tmp_path / "events.jsonl")) == [*EVENTS, FOOTER]


def test_every_event_is_one_line_with_its_kind(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        for event in EVENTS:
            log.write(event)
        log.finish(FOOTER)
    lines = (tmp_path / "events.jsonl").read_bytes().splitlines()
    kinds = [msgspec.json.decode(line)["type"] for line in lines]
    assert kinds == ["header", "backend", "item", "item", "item", "footer"]


def test_a_log_has_its_name_only_when_the_run_has_ended(tmp_path: Path) -> None:
    with EventLog(tmp_path / "new" / "results") as log:
        log.write(EVENTS[0])
        partial = tmp_path / f"new/results/events.jsonl.partial-{os.getpid()}"
        assert list(read_events(partial)) == EVENTS[:1], "an event is in the file at once"
        assert not log.path.exists()
        log.finish(FOOTER)
    assert log.path.exists()
    assert not partial.exists()


def test_a_run_that_was_interrupted_leaves_the_last_whole_log_alone(tmp_path: Path) -> None:
    with EventLog(tmp_path) as log:
        log.finish(FOOTER)
    with pytest.raises(KeyboardInterrupt):
        _interrupted(tmp_path)
    assert list(read_events(tmp_path / "events.jsonl")) == [FOOTER]
    assert (tmp_path / f"events.jsonl.partial-{os.getpid()}").exists()


def _interrupted(directory: Path) -> None:
    with EventLog(directory) as log:
        log.write(EVENTS[0])
        raise KeyboardInterrupt


@pytest.mark.parametrize("line", [b"{}", b'{"type":"itme"}', b'{"type":"footer"}', b"not json", b""])
def test_a_line_that_is_no_event_is_an_error(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(msgspec.DecodeError):
        list(read_events(path))
