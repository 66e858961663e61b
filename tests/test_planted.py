"""Planted differences: the same crate built twice, and how much of what differs is found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.backends import cpython
from harness.backends.interpreters import installed
from harness.cases import read_case_file
from harness.eventlog import FindingRecord

PLANTED = str(Path(__file__).parent / "planted")
sys.path.insert(0, PLANTED)

import count as planted_count  # noqa: E402

# Or every later test would find its backend among those that are installed.
sys.path.remove(PLANTED)


def finding(text: str, flaky: str = "") -> FindingRecord:
    return FindingRecord(flaky, "value", "f()", 0, "", None, text, None, None)


def test_there_are_more_than_fifty_and_each_has_a_case_of_its_name() -> None:
    names = planted_count.planted()
    assert len(names) > 50
    assert {case.name for case in read_case_file(planted_count.CASES).cases} == names


def test_a_finding_counts_for_the_one_planted_thing_that_its_program_names() -> None:
    names = frozenset({"one", "Two"})
    assert list(planted_count.about(finding("r0 = one(5)"), names)) == ["one"]
    assert list(planted_count.about(finding("r0 = someone(5)"), names)) == []
    assert list(planted_count.about(finding("r0 = Two()\nr1 = one(r0)"), names)) == []
    assert list(planted_count.about(finding("one(5)", flaky="it did not show"), names)) == []


def test_what_is_planted_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    if not [each for each in installed() if each.language_version >= cpython.OLDEST and not each.free_threaded]:
        pytest.skip("no CPython is installed that extensions can be built for")
    counts = planted_count.count_both("--hypothesis-seed=0")
    with capsys.disabled():
        print("", *planted_count.told(counts), sep="\n")
    assert len(counts["case files"].missed) <= 1
    assert counts["--auto"].found >= 0.9 * counts["--auto"].planted
