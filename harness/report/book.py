"""What a person reads of the book: entries that are gone, have changed, lack a reason, or matched nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.book.entries import Entry
from harness.book.replaying import Changed
from harness.report.failure import describe_finding


def describe_stale(entries: Sequence[Entry], *, other: str) -> str:
    """Return the text for entries whose witnesses no longer diverge."""
    gone = "is gone: the backends agree on its witness" if len(entries) == 1 else "are gone: the backends agree on them"
    lines = [f"{_counted(entries)} of {other} {gone}."]
    lines += [f"  {entry.position}: {entry.kind} at {entry.place}: {entry.reason}" for entry in entries]
    lines += ["If it is mended, take the entry out of the book. If only some versions show it, say so with 'versions',"]
    lines += ["and if it comes and goes, with 'intermittent'."]
    return "\n".join(lines)


def describe_changed(found: Changed, *, reference: str, other: str, draft: str) -> str:
    """Return the text for an entry whose witness diverges in another way; ``draft`` records what it shows now."""
    entry = found.entry
    lines = [f"the witness of {entry.position} diverges in another way than the entry says:", ""]
    lines += [f"  {entry.kind} at {entry.place}: {entry.reason}"]
    for name, pattern in ((reference, entry.spec.reference), (other, entry.spec.other)):
        if pattern is not None:
            lines.append(f"    {name} matching {pattern}")
    lines += ["", describe_finding(found.judged, reference=reference, other=other), ""]
    lines += ["Correct the entry if this is the same fault; otherwise take it out of the book, or give it a program"]
    lines += ["that shows it alone. This is what would record what is shown now:", "", "known:", draft]
    return "\n".join(lines)


def describe_unexplained(entries: Sequence[Entry]) -> str:
    """Return the text for entries of which nobody has said who is to blame and why."""
    lines = [f"{len(entries)} entr{'y' if len(entries) == 1 else 'ies'} of the book without an explanation:"]
    lines += [f"  {entry.position}: {entry.kind} at {entry.place}: {_lacking(entry)}" for entry in entries]
    lines += ["Find out why the backends differ, and fill it in; until then it counts as new."]
    return "\n".join(lines)


def _lacking(entry: Entry) -> str:
    spec = entry.spec
    empty = {"blame": spec.blame, "reason": spec.reason, "any_difference": spec.any_difference}
    return ", ".join(f"{name} is empty" for name, text in empty.items() if text is not None and not text.strip())


def describe_unmatched(entries: Sequence[Entry]) -> str:
    """Return the text for entries that matched nothing in a whole run."""
    lines = [f"{_counted(entries)} matched nothing in this whole run:"]
    lines += [f"  {entry.position}: {entry.kind} at {entry.place}: {entry.reason}" for entry in entries]
    lines += ["Nothing shows that they still hold: take them out of the book, or let the run reach them."]
    return "\n".join(lines)


def describe_rates(rates: Mapping[Entry, tuple[int, int]]) -> Iterator[str]:
    """Yield how often the witness of each intermittent entry showed, for the reason of an expected failure."""
    for shown, times in rates.values():
        yield f"intermittent, shown by {shown} of {times} replays"


def describe_added(file: str, positions: Sequence[int]) -> str:
    """Return the line about what was written into a file of the book, at these lines."""
    where = ", ".join(map(str, positions))
    return f"{file}: {len(positions)} new, at line {where}: fill in 'blame' and 'reason'; until then they fail the run"


def _counted(entries: Sequence[Entry]) -> str:
    return "1 known divergence" if len(entries) == 1 else f"{len(entries)} known divergences"
