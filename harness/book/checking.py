"""The book against the case files: entries about cases that there are not, and patterns that cover too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path

from harness.book.entries import EVERYWHERE, Entry
from harness.book.matching import parts_match
from harness.book.reading import DIRECTORY, SUFFIX, Book
from harness.cases import CaseFile
from harness.documents import describe_unknown
from harness.errors import BookError

COVERED_LIMIT = 20
"""How many cases a pattern may cover, unless its entry names one difference: nobody is to silence an area."""

EVERYDAY = (
    "null",
    "true",
    "false",
    "1",
    "an error",
    "returned",
    "raised",
    "raised builtins.TypeError: an error",
    '["e","builtins.TypeError",["an error"],{"str":"an error"}]',
    '["l",1]',
    '{"0":1}',
)
"""Parts of observations that any two backends could show; an entry that takes two of them names no difference."""


def names_one_difference(entry: Entry) -> bool:
    """Say whether an entry's patterns are about a particular difference, and not about any at its place."""
    spec = entry.spec
    return not any(
        parts_match(spec.reference, spec.other, (left, right))
        for left, right in product(EVERYDAY, repeat=2)
        if left != right
    )


def check_entries(entries: Iterable[Entry], names: Sequence[str]) -> None:
    """Check entries against the names of cases, ``FILE:CASE``, among which are all that they may be about.

    Raises: BookError -- one is about no case, or about more than an entry may be.
    """
    for entry in entries:
        covered = [name for name in names if fnmatchcase(name, entry.pattern)]
        if not covered:
            raise BookError(f"{entry.position}: {_no_case(entry.pattern, names)}")
        if entry.home not in names:
            raise BookError(f"{entry.position}: replay_in: {_no_case(entry.home, names)}")
        if len(covered) > COVERED_LIMIT and not names_one_difference(entry):
            raise BookError(
                f"{entry.position}: {entry.spec.case!r} covers {len(covered)} cases, and an entry that does not name "
                f"one difference at most {COVERED_LIMIT}: make the pattern smaller, or tell with 'reference' and "
                "'other' which difference it is"
            )


def _no_case(name: str, names: Sequence[str]) -> str:
    file, _, case = name.partition(":")
    if not any(each.partition(":")[0] == file for each in names) and not {"*", "?"} & set(file):
        return f"there is no case file {file}{SUFFIX}"
    here = [each.partition(":")[2] for each in names if fnmatchcase(each.partition(":")[0], file)]
    return f"{file}: {describe_unknown(case, here, 'case')}"


def check_book(book: Book, case_files: Sequence[CaseFile], backends: Iterable[str]) -> None:
    """Check all that the book says of these backends against the project's case files, of which none may be left out.

    Raises: BookError -- a file cannot be used, is about no case file, or holds an entry that cannot be.
    """
    names = [case.qualified for file in case_files for case in (*file.cases, *file.built_in)]
    for backend in backends:
        for file in case_files:
            own = [case.qualified for case in (*file.cases, *file.built_in)]
            check_entries(book.of_file(file.path, backend), own)
        check_entries(book.of_several(backend), names)
    for path in strays(book.directories, {file.path for file in case_files}, backends):
        raise BookError(f"{path}:1:1: there is no case file {path.name} that this could be about")


def strays(directories: Sequence[Path], case_files: set[Path], backends: Iterable[str]) -> Iterator[Path]:
    """Yield the files of the book that are about no case file."""
    about = {(path.parent, path.stem) for path in case_files}
    for directory, backend in product(directories, backends):
        for path in sorted((directory / DIRECTORY / backend).glob(f"*{SUFFIX}")):
            if path.stem != EVERYWHERE and (directory, path.stem) not in about:
                yield path
