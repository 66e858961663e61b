"""Items that Ctrl-C, SIGTERM or the death of a process has ended: the reports that pytest does not make of them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from harness.eventlog import EVENT, ItemEvent, sent_event
from harness.report import junit
from harness.unfinished import describe_unfinished

ENDED = pytest.StashKey[BaseException]()
"""What an item that was interrupted would have raised otherwise; it is in the stash of no other."""


def reports_of_interrupted(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """Yield the reports of an item that was interrupted, as its own hooks make them; none of any other item."""
    ended = item.stash.get(ENDED, None)
    if ended is None:
        return
    del item.stash[ENDED]

    def end() -> None:
        raise ended

    for when, do in (("call", end), ("teardown", lambda: None)):
        call = pytest.CallInfo.from_call(do, when)  # type: ignore[arg-type]
        yield item.ihook.pytest_runtest_makereport(item=item, call=call)


def reports_of_unfinished(event: ItemEvent, versions: dict[str, str]) -> Iterator[pytest.TestReport]:
    """Yield the reports of an item that another process has not come to the end of, from what it had told."""
    told = msgspec.structs.replace(event, outcome="failed")
    properties = junit.properties(told, versions)
    file, _, name = event.item.partition("::")
    for when, text in (("call", describe_unfinished(told)), ("teardown", None)):
        report = pytest.TestReport(
            event.item,
            (file, None, name),
            {},
            "passed" if text is None else "failed",
            text,
            when,  # type: ignore[arg-type]
            user_properties=properties,
        )
        if text is not None:
            report.__dict__[EVENT] = sent_event(told)
        yield report
