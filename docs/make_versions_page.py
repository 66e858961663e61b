"""Write ``docs/cpython-3.13.md``: in what the samples do something else on CPython 3.13 than on 3.14, and why.

    python docs/make_versions_page.py                          # writes the page
    python docs/make_versions_page.py --check                  # exit status 1 if the page is out of date
    python docs/make_versions_page.py --check results/events.jsonl   # counts, or 1 if that run met anything else

The page is made from the book, ``cases/known/cpython-3.13/``: entries with one reason and one link are one cause.
Event logs are those of runs with ``--backends cpython,cpython-3.13``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.blame import SKEW
from harness.book.entries import UNREPORTED, Entry
from harness.book.reading import Book
from harness.eventlog import Footer, ItemEvent, read_events

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "cpython-3.13.md"
BACKEND = "cpython-3.13"
SEEN_LIMIT = 4

HEAD = """# CPython 3.13 against CPython 3.14

Made by `docs/make_versions_page.py` from the book; do not edit. All in which the samples do something else on CPython
3.13 than on 3.14 stands in `cases/known/cpython-3.13/`, with the program that shows it: {entries} entries of {causes}
causes. Nothing of it is for an extension's author or for PyO3 to mend; whoever supports both versions meets it.

    pytest --backend-matrix --backends cpython,cpython-3.13

fails where anything else differs between the two, and where something that stands here no longer does.

| cause | source | seen in, among others |
| --- | --- | --- |
"""

Cause = tuple[str, str]
"""A reason and the address where it can be read."""


class VersionsError(Exception):
    """The book, or a run, does not say what the page is to say."""


def causes_of(entries: Iterable[Entry]) -> dict[Cause, list[Entry]]:
    """Return the entries of each cause, in the order of the book.

    Raises: VersionsError -- an entry blames something else than the version of the language, or has no source.
    """
    found: dict[Cause, list[Entry]] = {}
    for entry in entries:
        if entry.spec.blame != SKEW:
            raise VersionsError(f"{entry.position}: blames {entry.spec.blame or 'nothing'!r}, and not {SKEW!r}")
        if not entry.spec.reason or entry.spec.link == UNREPORTED:
            raise VersionsError(f"{entry.position}: a reason, and a link to where it can be read, are missing")
        found.setdefault((entry.spec.reason, entry.spec.link), []).append(entry)
    return found


def page(causes: Mapping[Cause, Sequence[Entry]]) -> str:
    """Return the text of the page."""
    text = HEAD.format(entries=sum(map(len, causes.values())), causes=len(causes))
    for (reason, link), entries in causes.items():
        seen = list(dict.fromkeys(f"`{entry.home}` ({entry.kind})" for entry in entries))
        more = len(seen) - SEEN_LIMIT
        shown = ", ".join(seen[:SEEN_LIMIT]) + (f" and {more} more" if more > 0 else "")
        cells = (reason, f"[{_name_of(link)}]({link})", shown)
        text += f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"
    return text


def _name_of(link: str) -> str:
    """Return what a link is called: an issue's number, or the last part of the address."""
    *before, name = link.rstrip("/").split("/")
    return f"{before[-2]}#{name}" if name.isdigit() else name


def counted(causes: Mapping[Cause, Sequence[Entry]], logs: Sequence[Path]) -> list[str]:
    """Return a line for each cause that says how often runs met it, and one with the sum.

    Raises: VersionsError -- a run did not end, was of another backend, or met what no cause explains.
    """
    items = [item for log in logs for item in items_of(log)]
    lines = []
    for (reason, _), entries in causes.items():
        positions = {entry.position for entry in entries}
        met = [sum(each.matched.get(position, 0) for position in positions) for each in items]
        lines.append(f"{sum(map(bool, met)):>5} items {sum(met):>7} times  {reason}")
    examples = sum(each.examples for each in items)
    known = sum(each.verdict == "known" for each in items)
    return [*lines, f"{len(items)} items, {known} of them with differences, {examples} examples, {len(causes)} causes"]


def items_of(log: Path) -> list[ItemEvent]:
    """Return what came of each item in a run.  Raises: VersionsError -- as :func:`counted`."""
    events = list(read_events(log))
    if not events or not isinstance(events[-1], Footer):
        raise VersionsError(f"{log} is of a run that did not end")
    items = [each for each in events if isinstance(each, ItemEvent) and each.backend == BACKEND]
    if not items:
        raise VersionsError(f"{log} is of a run without {BACKEND}")
    wrong = [f"{each.item}: {each.verdict}" for each in items if each.verdict not in ("agree", "known")]
    if wrong:
        raise VersionsError("\n".join([f"{log}: not explained:", *wrong]))
    return items


def all_entries() -> list[Entry]:
    """Return what the book says of the backend: what holds in several files, then the rest by file."""
    directory = ROOT / "cases"
    book = Book([directory], ROOT)
    files = sorted(directory.glob("*.yaml"))
    return [*book.of_several(BACKEND), *(entry for path in files for entry in book.of_file(path, BACKEND))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="*", type=Path, help="event logs of runs that must bear the page out")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if the page is out of date")
    options = parser.parse_args()
    try:
        causes = causes_of(all_entries())
        new = page(causes)
        told = counted(causes, options.logs) if options.logs else []
    except VersionsError as error:
        print(error)
        return 1
    print(*told, sep="\n", end="\n" if told else "")
    if not options.check:
        PAGE.write_text(new, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != new:
        print(f"{PAGE.relative_to(ROOT)} is out of date: python docs/make_versions_page.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
