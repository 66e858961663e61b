"""What the book says of the case that an item is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.book.reading import Book, is_of_the_book
from harness.cases import Case
from harness.findings import Known
from harness.settings import Settings

if TYPE_CHECKING:
    from harness.session import MatrixPlugin


def book_of(settings: Settings) -> Book:
    """Return the project's book, of which nothing has been read yet."""
    found = {path for pattern in settings.cases for path in settings.root.glob(pattern)}
    directories = {path.parent for path in found if not is_of_the_book(path, settings.root)}
    return Book(sorted(directories), settings.root)


def known_of(run: MatrixPlugin, case: Case, backend: str) -> Known:
    """Return what the book says of a case on a backend.

    Raises: BookError -- a file of the book cannot be used, or a condition names what the backend does not tell.
    """
    found = (*run.book.of_file(case.file, backend), *run.book.of_several(backend))
    about = [entry for entry in found if entry.is_about(case.qualified, case.file)]
    facts = run.matrix.facts(backend) if any(entry.spec.versions for entry in about) else {}
    held = [entry for entry in about if entry.holds_for(facts)]
    here = [entry for entry in held if entry.home == case.qualified]
    elsewhere = [entry for entry in held if entry not in here]
    return Known(here, case.spec.observe, elsewhere, [entry for entry in about if entry not in held])
