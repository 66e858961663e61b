"""An item that did not pass, and how pytest shows it."""

from __future__ import annotations

from typing import Any

import pytest


class ItemFailed(Exception):
    """An item that did not pass; the text is all that there is to show.

    ``headline`` is one line for pytest's summary and for the message in JUnit XML; without one it is the first line
    of the text.
    """

    def __init__(self, text: str, headline: str = "") -> None:
        super().__init__(text)
        self.headline = headline or text.partition("\n")[0]


def representation(failed: ItemFailed, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
    """Return what pytest shows of a failed item: its text alone, and the headline where there is room for a line.

    ``excinfo`` is pytest's of the same exception.
    """
    shown = excinfo.getrepr(style="value", chain=False)
    if shown.reprcrash is not None:
        # Otherwise the text with the exception's name, which pytest repeats whole in its summary where it runs in CI.
        shown.reprcrash.message = failed.headline
    return shown
