"""Our own book on the real backends: a case of it is an expected failure, and fails when its entries are taken out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from test_end_to_end import run_pytest

from harness.backends import cpython, rustpython
from harness.backends.interpreters import installed
from harness.book.reading import DIRECTORY
from harness.eventlog import ItemEvent, read_events

ROOT = Path(__file__).parents[1]
CASE = "add_u64"


def entries_of(case: str) -> list[str]:
    """Return the entries of our book about one case of the numbers, as text."""
    text = (ROOT / "cases" / DIRECTORY / "rustpython" / "numbers.yaml").read_text(encoding="utf-8")
    entries = [f"  - case: {each}" for each in text.split("  - case: ")[1:]]
    return [each for each in entries if each.startswith(f"  - case: {case}\n")]


@pytest.mark.skipif(
    cpython.nearest(installed()).language_version != rustpython.LANGUAGE_VERSION,
    reason="what is known was found with RustPython's language version",
)
def test_a_case_of_our_book_turns_red_when_its_entries_are_taken_out(tmp_path: Path) -> None:
    extension = os.path.relpath(ROOT / "extensions" / "numbers", tmp_path / "cases")
    book = tmp_path / "cases" / DIRECTORY / "rustpython" / "numbers.yaml"
    book.parent.mkdir(parents=True)
    case = f"  {CASE}:\n    args: ['integers(-2, 2**64)', 'integers(0, 2)']\n    contexts: []\n"
    (tmp_path / "cases/numbers.yaml").write_text(f"extension: {extension}\ncases:\n{case}", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.backend-matrix]\nsurface = false\n", encoding="utf-8")
    assert entries_of(CASE)
    book.write_text("known:\n" + "".join(entries_of(CASE)), encoding="utf-8")
    found = {}
    for name in ("whole", "without"):
        done = run_pytest("--hypothesis-seed=0", "--blame=none", f"--matrix-results={name}", cwd=tmp_path)
        (item,) = [each for each in read_events(tmp_path / name / "events.jsonl") if isinstance(each, ItemEvent)]
        found[name] = done.returncode, item.verdict, item.outcome
        book.write_text("known: []\n", encoding="utf-8")
    assert found == {"whole": (0, "known", "xfailed"), "without": (1, "diverge", "failed")}
