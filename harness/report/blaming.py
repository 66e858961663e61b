"""Who is to blame, and on whose word, as text and as a record.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.blame import Blame, Touched, Vote
from harness.eventlog import BlameRecord, VoteRecord

NAMES_LIMIT = 12


def describe_blame(blame: Blame, *, reference: str, other: str) -> Iterator[str]:
    """Yield the lines that tell who is to blame, each voter's answer, and what of the host is touched."""
    suspects = "; ".join(part.name for part in blame.suspects)
    yield f"Blame: {blame.word}{f': {blame.note}' if blame.note else ''}{f' ({suspects})' if suspects else ''}"
    asked = [vote for vote in blame.votes if vote.side != "absent"]
    width = max((len(vote.backend) for vote in asked), default=0)
    for vote in asked:
        yield f"  {vote.backend:<{width}}  {_said(vote, reference, other)}"
    yield from _not_asked([vote for vote in blame.votes if vote.side == "absent"])
    if blame.touched is not None:
        yield from describe_touched(blame.touched)


def _said(vote: Vote, reference: str, other: str) -> str:
    match vote.side:
        case "reference":
            return f"does as {reference}"
        case "other":
            return f"does as {other}"
        case "flaky":
            return f"answered two ways: {vote.text}"
        case _:
            return f"does neither: {vote.text}"


def _not_asked(absent: Sequence[Vote]) -> Iterator[str]:
    for why in dict.fromkeys(vote.text for vote in absent):
        yield f"  not asked: {', '.join(vote.backend for vote in absent if vote.text == why)}: {why}"


def describe_touched(touched: Touched) -> Iterator[str]:
    """Yield the lines about what a program has to do with the host."""
    if not touched.watched:
        why = f" (the program was not watched: {touched.unwatched})" if touched.unwatched else ""
        yield f"  functions of the host that the extension imports: {_some(touched.functions)}{why}"
        return
    clears = ", which clears the host" if touched.nothing else ""
    yield f"  functions of the host that the program calls: {_some(touched.functions)}{clears}"
    if touched.by_itself and not touched.functions:
        yield "  the host does more for it than it is called for: it deals with a class, or imports"
    if touched.while_imported:
        yield f"  functions of the host that made what it looks at: {_some(touched.while_imported)}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMES_LIMIT
    return ", ".join(names[:NAMES_LIMIT] or ["none"]) + (f" and {more} more" if more > 0 else "")


def touched_of(record: BlameRecord) -> Touched:
    """Return what the program has to do with the host, as :func:`blame_record` wrote it; nothing if nobody looked."""
    return Touched(record.touched, record.called, record.while_imported, record.by_itself, record.unwatched)


def blame_record(blame: Blame) -> BlameRecord:
    """Return what the event log says of who is to blame."""
    touched = blame.touched or Touched()
    return BlameRecord(
        word=blame.word,
        suspects=tuple(f"{part.layer}: {part.name}" for part in blame.suspects),
        note=blame.note,
        votes=tuple(VoteRecord(vote.backend, vote.description, vote.side, vote.text) for vote in blame.votes),
        touched=touched.functions,
        called=touched.watched,
        while_imported=touched.while_imported,
        by_itself=touched.by_itself,
        unwatched=touched.unwatched,
    )
