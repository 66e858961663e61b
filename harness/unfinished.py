"""Items that a run had begun and not ended when its log was written last, made from what they had found.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.eventlog import Event, FindingRecord, Footer, FoundEvent, ItemEvent

NOT_ENDED = "it did not come to its end; what it had found until then is kept, and there may be more"
"""What is said of an item that was at work when its process, or the run, ended."""

NOT_RUN_AGAIN = "the run ended before it was made as small as it can be and run again"
"""What is said of a finding that nobody has had the time to confirm."""

NO_MORE_WORKERS = "it could not be run again"
"""What is said of one that was met before workers, or the case itself, came to be at fault."""

UNCONFIRMED = (NOT_RUN_AGAIN, NO_MORE_WORKERS)
"""What may be said of a finding without anybody knowing that it is not the same in every run."""


def doubt_of(flaky: str) -> str:
    """Return the word for what is said of a finding that does not stand: nobody knows yet, or it was run again."""
    return "not confirmed" if flaky in UNCONFIRMED else "flaky"


def unfinished_items(events: Iterable[Event]) -> dict[str, ItemEvent]:
    """Return what is known of every item that had found something and has no event of its own, by its name."""
    begun: dict[str, dict[str, FoundEvent]] = {}
    for event in events:
        match event:
            case FoundEvent():
                begun.setdefault(event.item, {})[event.met] = event
            case ItemEvent():
                begun.pop(event.item, None)
    return {item: _item(list(found.values())) for item, found in begun.items()}


def _item(found: list[FoundEvent]) -> ItemEvent:
    first = found[0]
    return ItemEvent(
        first.item,
        first.case,
        first.backend,
        "broken",
        "",
        0,
        first.seed,
        0.0,
        tuple(each.finding for each in found if each.finding is not None),
        message=NOT_ENDED,
        extension=first.extension,
        file=first.file,
    )


def with_unfinished(events: Iterable[Event]) -> Iterator[Event]:
    """Yield the events of a log, and before its footer, if it has one, the items that did not come to their end."""
    read = list(events)
    yield from (event for event in read if not isinstance(event, (FoundEvent, Footer)))
    yield from unfinished_items(read).values()
    yield from (event for event in read if isinstance(event, Footer))


def describe_unfinished(event: ItemEvent) -> str:
    """Return what is told of such an item: why it is broken, and each of its findings in two lines."""
    lines = [f"broken: {event.message}"]
    if event.findings:
        lines += ["", "What was found until then:", ""]
        lines += [line for finding in event.findings for line in _described(finding)]
    return "\n".join(lines)


def _described(finding: FindingRecord) -> Iterator[str]:
    yield f"  {finding.kind} at {finding.place}{f': {finding.flaky}' if finding.flaky else ''}"
    yield from (f"    {line}" for line in finding.text.splitlines())
