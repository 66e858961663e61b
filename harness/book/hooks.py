"""What a run with pytest does with the book at its end, in the process that has heard of every item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.book.checking import check_book, check_entries
from harness.book.entries import Entry
from harness.book.keeping import unmatched, write_new
from harness.cases import CaseFile
from harness.collect import case_file, find_case_files, matching_case_files
from harness.errors import BookError, CaseFileError
from harness.eventlog import ItemEvent
from harness.report.book import describe_added, describe_unmatched
from harness.skew_judge import gap_of

if TYPE_CHECKING:
    from harness.session import MatrixPlugin


class BookKeeper:
    """Hears of every item, and at the end writes what is new and names the entries that matched nothing."""

    def __init__(self, run: MatrixPlugin) -> None:
        self.run = run
        self.update: bool = run.config.getoption("update_known")
        self.events: list[ItemEvent] = []
        self.unmatched: list[Entry] = []
        self.written: dict[Path, list[int]] = {}
        self.refused = ""

    def note(self, event: ItemEvent) -> None:
        """Take in what came of an item."""
        self.events.append(event)

    def finish(self, session: pytest.Session) -> None:
        """Write what is new, if asked, and fail a whole run in which an entry matched nothing."""
        if self.update:
            try:
                self.written = write_new(self.run.config.rootpath, self.events)
            except BookError as error:
                self.refused = str(error)
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
        self.unmatched = self._unmatched()
        if self.unmatched and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def summary(self, reporter: Any) -> None:
        """Tell both."""
        for path, positions in self.written.items():
            reporter.write_line(describe_added(self._relative(path), positions))
        if self.refused:
            reporter.write_line(self.refused)
        if self.unmatched:
            reporter.write_sep("-", "the book")
            reporter.write_line(self.told_of_unmatched())

    def told_of_unmatched(self) -> str:
        """Return the text about the entries that matched nothing in a whole run; empty if there are none."""
        return describe_unmatched(self.unmatched) if self.unmatched else ""

    def _unmatched(self) -> list[Entry]:
        """Return the entries that matched nothing, if every case of every file ran on every backend."""
        settings, root = self.run.settings, self.run.config.rootpath
        paths = matching_case_files(settings)
        seen = {root / event.item.partition("::")[0] for event in self.events}
        # Most runs are of a few files; the others need not be read to see that it is not a whole one.
        if not paths or not seen.issuperset(paths):
            return []
        try:
            files = [case_file(path) for path in paths]
        except CaseFileError:
            return []
        cases = [case for file in files for case in (*file.cases, *(file.built_in if settings.surface else ()))]
        events = {
            (f"{Path(event.item.partition('::')[0]).stem}:{event.case}", event.backend): event for event in self.events
        }
        if any((case.qualified, backend) not in events for case in cases for backend in settings.others):
            return []
        # The book holds against one version of Python.  Another one need not show what it says.
        judged = [backend for backend in settings.others if gap_of(self.run.matrix, backend) is None]
        return unmatched(self.run.book, paths, events, judged)

    def _relative(self, path: Path) -> str:
        root = self.run.config.rootpath
        return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def check_known(run: MatrixPlugin, file: CaseFile) -> None:
    """Check what the book says of one case file.  Raises: BookError -- it cannot be used."""
    names = [case.qualified for case in (*file.cases, *file.built_in)]
    for backend in run.settings.others:
        check_entries(run.book.of_file(file.path, backend), names)


def check_whole_book(run: MatrixPlugin) -> None:
    """Check the rest of the book too, if all of the project's case files are read anyway.  Raises: as above."""
    matching = matching_case_files(run.settings)
    if set(matching) <= set(find_case_files(run.config, run.settings)):
        check_book(run.book, [case_file(path) for path in matching], run.settings.others)
