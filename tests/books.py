"""Entries of the book, for tests: from a few fields, and from text."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from harness.book.entries import Entry, EntrySpec
from harness.book.reading import parse_book
from harness.findings import Known

FOUND = datetime.date(2026, 1, 2)


def entry(place: str = "*", kind: str = "value", *, backend: str = "other", **more: Any) -> Entry:
    """Return an entry without a witness."""
    fields: dict[str, Any] = {"blame": "", "reason": "because", "witness": (), "found": FOUND, **more}
    spec = EntrySpec(case="*", kind=kind, place=place, **fields)  # type: ignore[arg-type]
    return Entry(spec, backend, "*", "*", Path("known/other/fake.yaml"), 3)


def parsed(text: str, *, backend: str = "other", case_file: Path | None = Path("fake.yaml")) -> tuple[Entry, ...]:
    """Return the entries of a book's text."""
    return parse_book(text, Path("known") / backend / "fake.yaml", backend, case_file)


def written(fields: str, case: str = "f") -> str:
    """Return the text of a book with one entry: these fields, in YAML's flow style, beside what every entry has."""
    return f"known:\n  - {{case: {case}, blame: who, link: unreported, found: 2026-01-02, {fields}}}\n"


def known(text: str, backend: str = "other", **more: Any) -> Known:
    """Return what a book's text says of a case, all of whose entries are replayed in it."""
    return Known([each for each in parsed(text) if each.backend == backend], **more)


def put(directory: Path, text: str, *, backend: str, file: str = "sample") -> Path:
    """Write a file of the book beside the case files in a directory, and return its path."""
    path = directory / "known" / backend / f"{file}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
