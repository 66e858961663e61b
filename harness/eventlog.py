"""The event log: one JSONL file per run, from which every report is made.

The first line is a header, the last a footer; a file without its footer is of a run that did not end.  Several
processes may write into it, a line at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

FORMAT = 2
LOG_NAME = "events.jsonl"
PARTIAL = ".partial-"
"""What stands after the name of a file that is not whole, before the number of the process that writes it."""

EVENT = "backend_matrix_event"
"""The attribute of pytest's report that holds an item's event."""


class BackendFacts(msgspec.Struct, frozen=True):
    """One backend of a run: what it is, digests of what was built for it, and the bindings that it was built with."""

    name: str
    description: str
    versions: dict[str, str]
    built: dict[str, str]
    bindings: dict[str, str] = {}


class Caller(msgspec.Struct, frozen=True):
    """What calls callbacks: the extension, as the settings name it, and the dotted path of its function."""

    extension: str
    path: str


class Header(msgspec.Struct, frozen=True, tag="header"):
    """What a run was made with; ``arguments`` are pytest's own, and ``caller`` is None if the settings name none."""

    format: int
    started: str
    harness: str
    reference: str
    backends: tuple[str, ...]
    seed: int
    versions: dict[str, str]
    arguments: tuple[str, ...] = ()
    caller: Caller | None = None


class BackendEvent(msgspec.Struct, frozen=True, tag="backend"):
    """A backend that took part."""

    facts: BackendFacts


class VoteRecord(msgspec.Struct, frozen=True):
    """What another backend did with a finding's program: whom it sides with, and its answer or why it has none."""

    backend: str
    description: str
    side: str
    text: str


class BlameRecord(msgspec.Struct, frozen=True):
    """Who is to blame for a finding, as :class:`harness.blame.Blame` has it, and every vote.

    ``touched`` are functions that the host supplies: those that the program calls if ``called``, else those that the
    extension imports, for the reason ``unwatched``.
    """

    word: str
    suspects: tuple[str, ...]
    note: str
    votes: tuple[VoteRecord, ...]
    touched: tuple[str, ...] = ()
    called: bool = False
    while_imported: tuple[str, ...] = ()
    by_itself: bool = False
    unwatched: str = ""


class FindingRecord(msgspec.Struct, frozen=True):
    """A divergence, with its program as it is stored and as Python text, and both observations.

    ``reference_part`` and ``other_part`` are what differs, in wire form; ``entry`` is what records it in the book.
    It shows only ``after`` these programs, given as text, in the same process; ``program`` holds them too.
    ``extension`` is what it is about, as the item's file names it, if the item is about several.  ``skew`` says why
    versions of Python may explain it; such a divergence is neither shrunk nor confirmed.
    """

    flaky: str
    kind: str
    place: str
    step: int
    path: str
    program: Any
    text: str
    reference: Any
    other: Any
    reference_part: Any = None
    other_part: Any = None
    blame: BlameRecord | None = None
    entry: str = ""
    after: tuple[str, ...] = ()
    extension: str = ""
    skew: str = ""


class ItemEvent(msgspec.Struct, frozen=True, tag="item"):
    """What came of one case on one backend.

    ``judged_in_part`` counts the examples whose last steps were not judged, because one before had diverged, and
    ``message`` is what is to be said of the item beside its findings: why it is broken, what is wrong with the book.

    ``extension`` is what is compared, as the file names it; ``file`` is that file, from the project's directory.
    Of an item of ``--auto``, ``made`` are the cases that were made for it, ``calls`` counts the calls of what it is
    about, and ``past_checks`` those of them that got past the checking of their arguments.

    ``matched`` counts what each entry of the book covered, by its position, ``inapplicable`` are those whose conditions
    the backend does not meet, ``reasons`` are those of the entries that covered something, and ``rates`` says how
    often the witness of an intermittent one showed, in how many replays.

    ``skewed`` are divergences that versions of Python may explain.
    """

    item: str
    case: str
    backend: str
    verdict: str
    outcome: str
    examples: int
    seed: int
    duration_s: float
    findings: tuple[FindingRecord, ...] = ()
    known: dict[str, int] = {}
    rules_applied: dict[str, int] = {}
    missing: tuple[str, ...] = ()
    message: str = ""
    calls: int = 0
    past_checks: int = 0
    made: dict[str, Any] = {}
    extension: str = ""
    file: str = ""
    matched: dict[str, int] = {}
    reasons: dict[str, str] = {}
    inapplicable: tuple[str, ...] = ()
    rates: dict[str, tuple[int, int]] = {}
    judged_in_part: int = 0
    accounts: dict[str, int] = {}
    skewed: tuple[FindingRecord, ...] = ()


class FoundEvent(msgspec.Struct, frozen=True, tag="found"):
    """What an item has found while it is at work; the item's own event, which comes at its end, takes its place.

    ``met`` names a finding as it was met, whatever it is made smaller to: of several events of one name the last
    counts, and without a ``finding`` it was none.
    """

    item: str
    case: str
    backend: str
    seed: int
    met: str
    finding: FindingRecord | None
    extension: str = ""
    file: str = ""


class Footer(msgspec.Struct, frozen=True, tag="footer"):
    """The end of a run: how many items had which verdict.

    ``ended_early`` says why not every item was run; it is empty if every one was.  ``wrong_with_book`` tells the
    entries of the book that matched nothing in a whole run, which no item can tell.
    """

    ended: str
    exit_code: int
    verdicts: dict[str, int]
    ended_early: str = ""
    wrong_with_book: str = ""


def sent_event(event: ItemEvent) -> str:
    """Return an item's event as a text that pytest's report can hold.

    Under pytest-xdist the report is sent by execnet, which cannot send every int.
    """
    return msgspec.json.encode(event).decode()


def received_event(text: str) -> ItemEvent:
    """Return the event that :func:`sent_event` made a text of."""
    return msgspec.json.decode(text, type=ItemEvent)


Event = Header | BackendEvent | FoundEvent | ItemEvent | Footer


class EventLog:
    """Writes events as they happen; the file gets its name when the run has ended.

    Until then it is ``events.jsonl.partial-PID``, so that no half log is taken for a whole one and two runs do
    not write into each other's.  What cannot be written any more is in ``failed``; a run goes on without its log.

    Raises: OSError -- the directory or the file cannot be made.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / LOG_NAME
        self.partial = log_of(directory)
        self.failed: OSError | None = None
        self._descriptor: int | None = os.open(self.partial, _APPENDING | os.O_CREAT | os.O_TRUNC, 0o666)

    def write(self, event: Event) -> None:
        """Append an event; it is in the file when this returns, unless the log has failed."""
        if self.failed is None and self._descriptor is not None:
            try:
                _append(self._descriptor, event)
            except OSError as error:
                # A log with a gap would not say what is missing.
                self.failed = error

    def finish(self, footer: Footer, path: Path | None = None) -> None:
        """Write the footer and give the file its name, or the one that is given; not if the log has failed."""
        self.write(footer)
        self._close()
        if self.failed is None:
            try:
                self.partial.replace(path or self.path)
            except OSError as error:
                self.failed = error

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def log_of(directory: Path) -> Path:
    """Return where the log of this process lies as long as its run has not ended."""
    return partial_of(directory / LOG_NAME)


def partial_of(path: Path) -> Path:
    """Return where this process writes a file of the results, beside its place, until it is whole."""
    return path.with_name(f"{path.name}{PARTIAL}{os.getpid()}")


def add_event(log: Path, event: Event) -> None:
    """Append an event to a log that another process has begun; without one, or where it is full, nothing is done."""
    with contextlib.suppress(OSError):
        descriptor = os.open(log, _APPENDING)
        try:
            _append(descriptor, event)
        finally:
            os.close(descriptor)


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a log; half a line at its end is of a process that was killed while it wrote.

    Raises: msgspec.DecodeError -- a line is no event.
    """
    decoder = msgspec.json.Decoder(Event)
    with open(path, "rb") as stream:
        for line in stream:
            if line.endswith(b"\n"):
                yield decoder.decode(line)


_APPENDING = os.O_RDWR | os.O_APPEND
_encoder = msgspec.json.Encoder()


def _append(descriptor: int, event: Event) -> None:
    """Append an event as a whole line, or nothing.  Raises: OSError -- it cannot be written."""
    line = _encoder.encode(event) + b"\n"
    # Not every file system has locks; there only two lines that are written at the same moment would mix.
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        whole = _end_of_last_line(descriptor)
        try:
            while line:
                line = line[os.write(descriptor, line) :]
        except OSError:
            os.ftruncate(descriptor, whole)
            raise
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _end_of_last_line(descriptor: int) -> int:
    """Return where the next line begins; half a line, of a process that was killed while it wrote, is taken away."""
    size = end = os.fstat(descriptor).st_size
    while end and os.pread(descriptor, 1, end - 1) != b"\n":
        end -= 1
    if end < size:
        os.ftruncate(descriptor, end)
    return end
