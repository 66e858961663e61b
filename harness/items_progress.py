"""Hooks of pytest that keep a run from saying nothing for a minute while its items are at work."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from harness.progress import QUIET_LIMIT_S, every, items_text


class ItemsProgress:
    """Counts the items that are done, and says so when nothing has been said for a while."""

    def __init__(
        self, say: Callable[[str], None], findings: Callable[[], int], *, limit_s: float = QUIET_LIMIT_S
    ) -> None:
        self._say = say
        self._findings = findings
        self._limit_s = limit_s
        self._total = 0
        self._done = 0
        self._at: dict[str, float] = {}
        self._said_s = time.monotonic()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take in how many items there are."""
        self._total = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Take in how many items there are, which a worker of pytest-xdist has collected."""
        self._total = len(ids)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Look after the clock while items are at work."""
        with self.watched():
            return (yield)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Take in that an item has begun."""
        self._at[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Take in that an item is done; pytest has said so."""
        self._at.pop(nodeid, None)
        self._done += 1
        self._said_s = time.monotonic()

    def watched(self) -> AbstractContextManager[None]:
        """Return a context in which something is said whenever nothing was for a while."""
        return every(self._limit_s, self._remind)

    def _remind(self) -> None:
        now_s = time.monotonic()
        if now_s - self._said_s < self._limit_s:
            return
        self._said_s = now_s
        oldest = min(self._at.items(), key=lambda item: item[1], default=("", now_s))
        self._say(items_text(self._done, self._total, self._findings(), oldest[0], now_s - oldest[1]))
