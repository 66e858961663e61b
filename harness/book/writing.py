"""New entries are written into a file of the book, between its lines: every byte of what stands there stays.

Not by a library for round trips: ruamel.yaml (0.19) takes a comment above an entry for one below the entry before, and
writes ``[{call: f}]`` as ``[call: f]`` and characters where there were escapes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import yaml

from harness.book.reading import BookLoader
from harness.builds import write_atomically
from harness.documents import read_text
from harness.errors import BookError

EMPTY = "known:\n"


def add_entries(path: Path, drafts: Sequence[str]) -> list[int]:
    """Add entries, each an item of the list ``known`` as text, and return the lines at which they stand then.

    Each goes behind the last entry of its case, or to the end.  The file is made if there is none.

    Raises: BookError -- the file's list is not written one entry after the other.
    """
    text = read_text(path, BookError) if path.exists() else EMPTY
    lines, starts = with_entries(text, drafts, path)
    ending = "\r\n" if path.exists() and b"\r\n" in path.read_bytes() else "\n"
    write_atomically(path, ending.join([*lines, ""]).encode())
    return starts


def with_entries(text: str, drafts: Sequence[str], path: Path) -> tuple[list[str], list[int]]:
    """Return the lines of a text with entries added, and the lines at which they stand, counted from 1."""
    lines = text.rstrip("\n").split("\n")
    known = _known_of(text)
    if not isinstance(known, yaml.SequenceNode) or not known.value:
        # What is there is an empty list, or nothing at all.
        lines[-1] = lines[-1].removesuffix("[]").removesuffix("null").rstrip()
        return _spliced(lines, {len(lines): list(drafts)}, 2)
    if known.flow_style:
        where = f"{path}:{known.start_mark.line + 1}:{known.start_mark.column + 1}"
        raise BookError(f"{where}: nothing can be added to a list in brackets; write each entry behind a '-'")
    column = known.start_mark.column
    cases = [_field(entry, "case") for entry in known.value]
    added: dict[int, list[str]] = {}
    named = [(_case_of(draft), draft) for draft in drafts]
    for case, draft in sorted(named, key=lambda each: each[0] not in cases):
        last = max((index for index, each in enumerate(cases) if each == case), default=len(cases) - 1)
        following = known.value[last + 1].start_mark.line if last + 1 < len(cases) else len(lines)
        added.setdefault(_end_before(lines, following, column), []).append(draft)
    return _spliced(lines, added, column)


def _case_of(draft: str) -> str:
    (entry,) = _known_of(f"{EMPTY}{draft}\n").value
    return _field(entry, "case")


def _known_of(text: str) -> yaml.Node:
    root = yaml.compose(text, BookLoader)
    assert root is not None, "what is no book is refused before anything runs"
    found: yaml.Node = next(value for key, value in root.value if key.value == "known")
    return found


def _field(entry: yaml.MappingNode, name: str) -> str:
    return next(str(value.value) for key, value in entry.value if key.value == name)


def _end_before(lines: list[str], following: int, column: int) -> int:
    """Return where an entry ends in front of a line; comments that stand as far left as entries are the next one's."""
    while following > 0:
        line = lines[following - 1]
        indent = len(line) - len(line.lstrip())
        if line.strip() and not (line.lstrip().startswith("#") and indent <= column):
            break
        following -= 1
    return following


def _spliced(lines: list[str], added: dict[int, list[str]], column: int) -> tuple[list[str], list[int]]:
    found: list[str] = []
    starts = []
    for number in range(len(lines) + 1):
        for draft in added.get(number, ()):
            starts.append(len(found) + 1)
            found += textwrap.indent(textwrap.dedent(draft), " " * column).split("\n")
        found += lines[number : number + 1]
    return found, starts
