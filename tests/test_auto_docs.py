"""docs/auto.md lists what is not called; the list is that of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.auto.selection import DESTROYING, ENDING

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("words", [ENDING, DESTROYING], ids=["ending", "destroying"])
def test_every_dangerous_word_is_documented(words: frozenset[str]) -> None:
    assert " ".join(f"`{each}`" for each in sorted(words)) in " ".join((DOCS / "auto.md").read_text().split())
