"""What a run leaves for each finding, beside the event log: files that a person can use as they are."""

from __future__ import annotations

from pathlib import Path

from harness.acting.reproducer import reproducer_of
from harness.acting.stored import NAME_BYTES, StoredFinding
from harness.eventlog import Header, ItemEvent

DIRECTORY = "findings"
_NAMES = "[0-9a-f]" * (2 * NAME_BYTES)


class FoundFiles:
    """The directory of one run's findings, which begins empty."""

    def __init__(self, results: Path, header: Header) -> None:
        self.directory = results / DIRECTORY
        self.header = header
        for suffix in (".py", ".patch"):
            for path in self.directory.glob(_NAMES + suffix):
                path.unlink()

    def write(self, event: ItemEvent) -> None:
        """Write the files of every finding of an item."""
        for record in event.findings:
            found = StoredFinding(self.header, (), event, record)
            self.directory.mkdir(exist_ok=True)
            (self.directory / f"{found.name}.py").write_text(reproducer_of(found), encoding="utf-8")
