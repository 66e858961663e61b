"""What a run leaves behind: each file is whole or has another name, and no good one is lost to a broken run.

Two runs in one checkout do not meet: until it is whole a file has the number of its process in its name.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from _pytest.junitxml import xml_key

from harness.eventlog import PARTIAL, Footer, ItemEvent, partial_of, read_events

BROKEN = "broken-"
"""What stands before the name of a report in which everything is broken, beside a good one of an earlier run."""


def everything_is_broken(verdicts: Mapping[str, int]) -> bool:
    """Whether nothing came of a run: there were items, and each was broken."""
    return bool(verdicts) and set(verdicts) == {"broken"}


def is_good(log: Path) -> bool:
    """Whether an event log is whole, and something came of its run."""
    try:
        *_, last = read_events(log)
    except (OSError, ValueError):
        return False
    return isinstance(last, Footer) and not everything_is_broken(last.verdicts) and bool(last.verdicts)


def place_for(path: Path, *, spared: bool) -> Path:
    """Return where a report goes: to its place, or beside it where that one is to be spared."""
    return path.with_name(BROKEN + path.name) if spared else path


def why_ended_early(session: pytest.Session) -> str:
    """Return why a run ended before its last item; empty if it did not."""
    code = session.exitstatus
    if code in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
        return "interrupted" if code == pytest.ExitCode.INTERRUPTED else "internal error"
    return str(session.shouldfail or session.shouldstop or "")


def event_of_lost_item(report: pytest.TestReport) -> ItemEvent | None:
    """Return the event of an item that was lost with its process of pytest-xdist, which cannot tell it any more."""
    file, _, name = report.nodeid.partition("::")
    # The phase that pytest-xdist names where a process died; source: xdist/dsession.py, handle_crashitem.
    if str(report.when) != "???" or not file.endswith((".yaml", ".yml")):
        return None
    case, _, backend = name.rstrip("]").rpartition("[")
    message = str(report.longrepr)
    return ItemEvent(report.nodeid, case, backend, "broken", "failed", 0, 0, 0.0, message=message)


@contextlib.contextmanager
def noted(problems: list[str], place: Path) -> Iterator[None]:
    """Have what the disk refuses among the problems, once, and not end the run."""
    try:
        yield
    except OSError as error:
        problem = f"{error.filename or place}: cannot be written: {error.strerror}"
        if problem not in problems:
            problems.append(problem)


class Terminated(KeyboardInterrupt):
    """SIGTERM came; everything ends as it does with Ctrl-C."""


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Have SIGTERM end the run as Ctrl-C does, with its workers and with a footer for its log."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:
        raise Terminated("ended by SIGTERM")

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def remove_left_over(directory: Path) -> None:
    """Remove the unfinished files of runs that are gone."""
    for path in directory.glob(f"*{PARTIAL}*"):
        number = re.fullmatch(rf".*{re.escape(PARTIAL)}(\d+)", path.name)
        if number and not _is_running(int(number[1])):
            with contextlib.suppress(OSError):
                path.unlink()


@contextlib.contextmanager
def junit_written_whole(config: pytest.Config, problems: list[str], *, spared: bool) -> Iterator[None]:
    """Have pytest write its JUnit XML beside its place meanwhile, and put it there when it is whole.

    What is wrong with the disk is added to ``problems``, and not raised.
    """
    xml = config.stash.get(xml_key, None)
    if xml is None:
        yield
        return
    place = place_for(Path(xml.logfile), spared=spared)
    partial = partial_of(place)
    xml.logfile = str(partial)
    try:
        yield
        partial.replace(place)
    except OSError as error:
        problems.append(f"{place}: cannot be written: {error.strerror}")
        with contextlib.suppress(OSError):
            partial.unlink()
    finally:
        xml.logfile = str(place)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
