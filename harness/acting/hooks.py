"""What a run leaves for each finding, beside the event log: files that a person can use as they are."""

from __future__ import annotations

from pathlib import Path

from harness.acting.patch import patch_of
from harness.acting.replay import is_case_of_a_file
from harness.acting.reproducer import reproducer_of
from harness.acting.stored import NAME_BYTES, StoredFinding
from harness.cases import SURFACE
from harness.errors import HarnessError
from harness.eventlog import Header, ItemEvent

DIRECTORY = "findings"
_NAMES = "[0-9a-f]" * (2 * NAME_BYTES)


def can_have_examples(item: str) -> bool:
    """Say whether an item is a case that fixed examples can be added to."""
    return is_case_of_a_file(item) and not item.partition("::")[2].startswith(f"{SURFACE}[")


class FoundFiles:
    """The directory of one run's findings, which begins empty."""

    def __init__(self, results: Path, header: Header, root: Path) -> None:
        self.directory = results / DIRECTORY
        self.root = root
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
            if can_have_examples(event.item):
                try:
                    patch = patch_of(found, self.root)
                except HarnessError:
                    # Somebody has changed the file since the run began; the script is there all the same.
                    continue
                if not patch:
                    continue
                # Byte for byte: the case file may end its lines in its own way.
                (self.directory / f"{found.name}.patch").write_bytes(patch.encode("utf-8"))
