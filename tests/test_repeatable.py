"""What is drawn depends on the seed alone, not on the modules that happen to be loaded."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from harness.repeatable import without_local_constants

CONSTANT = 8_675_309_000_123


@pytest.fixture
def local_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load a module that Hypothesis takes for the user's own."""
    # A name that Hypothesis does not take for a test's.
    directory = tmp_path.parent.parent / "plain"
    directory.mkdir(exist_ok=True)
    (directory / "odd_constants_of_mine.py").write_text(f"LIMIT = {CONSTANT}\n")
    monkeypatch.syspath_prepend(directory)
    __import__("odd_constants_of_mine")


def drawn() -> list[int]:
    numbers: list[int] = []

    @hypothesis.settings(max_examples=2000, database=None, deadline=None)
    @hypothesis.seed(0)
    @hypothesis.given(st.integers(0, 2**60))
    def draw(number: int) -> None:
        numbers.append(number)

    draw()
    return numbers


@pytest.mark.usefixtures("local_module")
def test_constants_of_local_modules_are_drawn_by_hypothesis_and_not_by_us() -> None:
    with without_local_constants():
        ours = drawn()
    assert CONSTANT not in ours
    assert CONSTANT in drawn(), "Hypothesis does this no more: harness/repeatable.py has lost its reason"
    with without_local_constants():
        assert drawn() == ours
