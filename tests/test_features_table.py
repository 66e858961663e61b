"""The table of PyO3's features: its list is checked, and the page is in step with list and case files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import scripts

from harness.book.entries import Entry
from harness.book.reading import parse_book
from harness.eventlog import EventLog, Footer, ItemEvent

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "docs" / "make_features_table.py"


tool = scripts.load("make_features_table")

COMMON = "case: plain_life, kind: value, any_difference: it depends, found: 2026-01-01"
BOOK = f"""
known:
  - {{{COMMON}, place: "a()", blame: rustpython-vm, reason: adds wrongly, witness: [{{call: a}}]}}
  - {{{COMMON}, place: "b()", blame: host, reason: forgets, witness: [{{call: b}}]}}
"""


@pytest.fixture
def cases() -> dict[str, tuple[Entry, ...]]:
    known = parse_book(BOOK, Path("known/rustpython/classes.yaml"), "rustpython", Path("classes.yaml"))
    return {"classes:plain": (), "classes:plain_life": known, "classes:other": ()}


def test_the_page_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_feature_has_its_cases_and_what_each_comes_to(cases: dict[str, tuple[Entry, ...]]) -> None:
    text = tool.page({"Classes": {"plain": ["classes:plain*"], "others": ["classes:other"]}}, cases)
    assert "2 features, 3 cases: 2 agree, 1 known." in text
    assert "## Classes\n" in text
    assert "| plain | `classes:plain` | agree |\n" in text
    assert "|  | `classes:plain_life` | known: 1 host, 1 rustpython-vm |\n" in text
    assert "| others | `classes:other` | agree |\n" in text


def test_a_feature_without_a_case_says_why(cases: dict[str, tuple[Entry, ...]]) -> None:
    text = tool.page({"Classes": {"sealed": "cannot be had under the stable ABI"}}, cases)
    assert "| sealed | | cannot be had under the stable ABI |\n" in text


@pytest.mark.parametrize("listed", [["classes:gone"], ["classes:plain", "classes:gone*"], ["text:plain"], []])
def test_a_case_that_does_not_exist_is_an_error(cases: dict[str, tuple[Entry, ...]], listed: list[str]) -> None:
    with pytest.raises(tool.FeaturesError, match=r"Classes, plain: (there is no case|no case shows it)"):
        tool.page({"Classes": {"plain": listed}}, cases)


def write_log(directory: Path, verdicts: dict[str, str], *, ended: bool = True) -> Path:
    with EventLog(directory) as log:
        for case, verdict in verdicts.items():
            log.write(ItemEvent(f"cases/classes.yaml::{case}[x]", case, "rustpython", verdict, "", 1, 0, 0.0))
        log.finish(Footer("", 0, {}))
    if not ended:
        log.path.write_bytes(b"\n".join(log.path.read_bytes().splitlines()[:-1]))
    return log.path


def test_a_run_that_bears_the_page_out_says_nothing(cases: dict[str, tuple[Entry, ...]], tmp_path: Path) -> None:
    log = write_log(tmp_path, {"plain": "agree", "plain_life": "known"})
    assert tool.refuted(log, cases) == []


def test_a_case_may_meet_what_is_known_everywhere(cases: dict[str, tuple[Entry, ...]], tmp_path: Path) -> None:
    assert tool.refuted(write_log(tmp_path, {"plain": "known"}), cases) == []


def test_a_run_that_comes_to_something_else_is_an_error(cases: dict[str, tuple[Entry, ...]], tmp_path: Path) -> None:
    log = write_log(tmp_path, {"plain": "diverge", "plain_life": "stale", "other": "agree"})
    first, second = tool.refuted(log, cases)
    assert first == f"classes:plain is diverge in {log}, and agree by the book"
    assert second == f"classes:plain_life is stale in {log}, and known by the book"


def test_half_a_log_proves_nothing(cases: dict[str, tuple[Entry, ...]], tmp_path: Path) -> None:
    with pytest.raises(tool.FeaturesError, match="did not end"):
        tool.refuted(write_log(tmp_path, {"plain": "agree"}, ended=False), cases)
