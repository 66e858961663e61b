"""Reproducers of what is known, on the real backends: each shows its difference with the interpreters alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.acting.reproducer import reproducer_of
from harness.acting.running import run_script
from harness.acting.stored import StoredFinding, findings_in
from harness.book.asking import book_of
from harness.book.entries import Entry
from harness.cases import Case, read_case_file
from harness.differential import Differential
from harness.eventlog import FORMAT, Header, ItemEvent
from harness.findings import Judged, Known
from harness.item_events import record_of
from harness.matrix import Matrix
from harness.settings import Overrides, read_settings

ROOT = Path(__file__).parents[1]
SAMPLES = ("text", "errors", "operators", "buffers")
CRASHED = "crashed"
KINDS = {
    *("argument", "calls", "exception-attributes", "exception-context", "exception-message", "exception-notes"),
    *("exception-type", "handled", "identity", "outcome", "stderr", "type", "unraisable", "value", "warnings"),
    CRASHED,
}


@dataclass
class Samples:
    """Some samples on both real backends, and the first entry of every kind that the book has of them."""

    matrix: Matrix
    names: tuple[str, str]
    entries: dict[str, tuple[Case, Entry]] = field(default_factory=dict)

    def found(self, kind: str) -> StoredFinding:
        case, entry = self.entries[kind]
        lanes = [self.matrix.lane(name, self.matrix.extension(case.extension, case.file)) for name in self.names]
        program = Known([entry], case.spec.observe).program_of(entry, lanes[0].module)
        rules = self.matrix.settings.rules.union(case.spec.rules)
        finding = Differential(lanes[0], lanes[1], rules).run(program)
        assert finding is not None, f"the book is wrong: {entry.pattern}: {kind} at {entry.place}"
        event = ItemEvent(
            f"cases/{case.file.name}::{case.name}[{self.names[1]}]",
            *(case.name, self.names[1], "diverge", "failed", 1, 0, 0.0, (record_of(Judged(finding)),)),
        )
        return next(findings_in([Header(FORMAT, "", "", self.names[0], self.names, 0, {}), event]))

    def outputs(self, found: StoredFinding, kind: str, directory: Path) -> list[tuple[str, str, str]]:
        extension = self.matrix.extension(self.entries[kind][0].extension, self.entries[kind][0].file)
        script = directory / f"{found.name}.py"
        script.write_text(reproducer_of(found), encoding="utf-8")
        outputs = []
        for name in self.names:
            site = self.matrix.built(name, extension).site
            outputs.append(run_script(self.matrix.backend(name).command, script, site, timeout_s=120))
        return [(each.ended, each.stdout, each.stderr if kind == "stderr" else "") for each in outputs]


@pytest.fixture(scope="module")
def samples() -> Iterator[Samples]:
    settings = read_settings(ROOT, Overrides(backends="rustpython"))
    there = Samples(Matrix(settings, print), (settings.reference, "rustpython"))
    book = book_of(settings)
    for sample in SAMPLES:
        path = ROOT / "cases" / f"{sample}.yaml"
        cases = {case.qualified: case for case in read_case_file(path).cases}
        for entry in book.of_file(path, "rustpython"):
            if entry.home in cases:
                kind = CRASHED if "crashed" in (entry.spec.other or "") else entry.kind
                there.entries.setdefault(kind, (cases[entry.home], entry))
    yield there
    there.matrix.close()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_script_shows_what_is_known_and_shows_it_again(samples: Samples, tmp_path: Path, kind: str) -> None:
    found = samples.found(kind)
    reference, other = samples.outputs(found, kind, tmp_path)
    assert reference != other, reference
    if kind != "stderr":
        # A panic's words have the number of its thread in them.
        assert samples.outputs(found, kind, tmp_path) == [reference, other]


def test_there_are_no_more_kinds_in_these_files_than_are_tested(samples: Samples) -> None:
    assert set(samples.entries) == KINDS
