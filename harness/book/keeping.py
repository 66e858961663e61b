"""The book over a whole run: what is written into it, and which of its entries matched nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.book.entries import Entry
from harness.book.reading import Book, file_of
from harness.book.writing import add_entries
from harness.eventlog import ItemEvent

UNTOLD = ("unsupported", "broken", "stale", "changed")
"""Verdicts of an item that say enough of its entries, or nothing at all."""


def new_entries(events: Iterable[ItemEvent]) -> dict[tuple[str, str], list[str]]:
    """Return the entries that record what a run found, by the item's file and its backend, in the order of items."""
    found: dict[tuple[str, str], list[str]] = {}
    for event in sorted(events, key=lambda event: event.item):
        for finding in event.findings:
            if finding.entry:
                found.setdefault((event.item.partition("::")[0], event.backend), []).append(finding.entry)
    return found


def write_new(root: Path, events: Iterable[ItemEvent]) -> dict[Path, list[int]]:
    """Write what a run found into the book; return the lines of the new entries in each file.

    Raises: BookError -- a file is not written so that something can be added to it.
    """
    written = {}
    for (case_file, backend), drafts in new_entries(events).items():
        path = file_of(root / case_file, backend)
        written[path] = add_entries(path, drafts)
    return written


def unmatched(
    book: Book, case_files: Sequence[Path], events: Mapping[tuple[str, str], ItemEvent], backends: Iterable[str]
) -> list[Entry]:
    """Return the entries that matched nothing in a run of all of these; ``events`` are by ``FILE:CASE`` and backend.

    One whose conditions do not hold was not asked for, and of one in whose case something went wrong nothing is known.
    """
    found = []
    for backend in backends:
        entries = [entry for file in case_files for entry in book.of_file(file, backend)]
        entries += book.of_several(backend)
        of_backend = [event for (_, name), event in events.items() if name == backend]
        matched = {position for event in of_backend for position in event.matched}
        for entry in entries:
            home = events.get((entry.home, backend))
            told = home is not None and (home.verdict in UNTOLD or entry.position in home.inapplicable)
            if entry.position not in matched and not told:
                found.append(entry)
    return found
