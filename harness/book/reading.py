"""Files of the book: YAML to typed entries, with file, line and column for everything that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from harness import vocabulary
from harness.book.entries import EVERYWHERE, BookFileSpec, Entry, EntrySpec, specifiers
from harness.book.matching import with_groups
from harness.case_specs import EarlierSpec, StepSpec
from harness.documents import Document, DocumentLoader, descend, describe_unknown, read_text, step_expressions
from harness.errors import BookError

DIRECTORY = "known"
"""The directory beside the case files in which the book is: one directory or one file for each backend."""

SUFFIX = ".yaml"


class BookLoader(DocumentLoader):
    """As case files are read, but a date is a text."""


_TIMESTAMP = "tag:yaml.org,2002:timestamp"
BookLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != _TIMESTAMP]
    for first, pairs in DocumentLoader.yaml_implicit_resolvers.items()
}


class Book:
    """The files of the book, each read when it is first asked for."""

    def __init__(self, directories: Sequence[Path], root: Path | None = None) -> None:
        """Take the directories of the project's case files; what holds in several files may stand in each of them.

        Where an entry stands is told from ``root``, if it lies below.
        """
        self.directories = tuple(directories)
        self.root = root
        self._read: dict[tuple[Path, str], tuple[Entry, ...]] = {}

    def of_file(self, case_file: Path, backend: str) -> tuple[Entry, ...]:
        """Return what is known of a backend in one case file alone.  Raises: BookError -- a file cannot be used."""
        return self._entries(file_of(case_file, backend), backend, case_file)

    def of_several(self, backend: str) -> tuple[Entry, ...]:
        """Return what is known of a backend in cases of several files.  Raises: BookError -- a file cannot be used."""
        paths = [path for each in self.directories for path in files_of_several(each, backend)]
        return tuple(entry for path in paths for entry in self._entries(path, backend, None))

    def _entries(self, path: Path, backend: str, case_file: Path | None) -> tuple[Entry, ...]:
        key = path, backend
        if key not in self._read:
            shown = path.relative_to(self.root) if self.root and path.is_relative_to(self.root) else path
            self._read[key] = read_book_file(path, backend, case_file, shown) if path.is_file() else ()
        return self._read[key]


def file_of(case_file: Path, backend: str) -> Path:
    """Return the file of the book that is about one case file."""
    return case_file.parent / DIRECTORY / backend / f"{case_file.stem}{SUFFIX}"


def is_of_the_book(path: Path, root: Path) -> bool:
    """Say whether a file lies below a directory for the book, which a wide pattern for case files reaches too."""
    return DIRECTORY in (path.relative_to(root) if path.is_relative_to(root) else path).parent.parts


def files_of_several(directory: Path, backend: str) -> tuple[Path, Path]:
    """Return the files of the book about several case files of a directory: either will do."""
    book = directory / DIRECTORY
    return book / backend / f"{EVERYWHERE}{SUFFIX}", book / f"{backend}{SUFFIX}"


def read_book_file(path: Path, backend: str, case_file: Path | None, shown: Path | None = None) -> tuple[Entry, ...]:
    """Read and check a file of the book, the expressions of its witnesses included; ``shown`` is what it is called.

    Raises: BookError -- it cannot be read, is no YAML, or holds an entry that means nothing.
    """
    return parse_book(read_text(path, BookError), shown or path, backend, case_file)


def parse_book(text: str, path: Path, backend: str, case_file: Path | None) -> tuple[Entry, ...]:
    """Parse the text of a file of the book: about one case file, or about several if that is None."""
    return tuple(_Parser(text, path, BookError, BookLoader).entries(backend, case_file))


class _Parser(Document):
    def entries(self, backend: str, case_file: Path | None) -> Iterator[Entry]:
        root, data = self.load()
        if not isinstance(root, yaml.MappingNode):
            raise self.error(root, "a file of the book is a mapping with 'known', a list of entries")
        nodes = {key.value: (key, value) for key, value in root.value}
        for name, (key, _) in nodes.items():
            if name != "known":
                raise self.error(key, describe_unknown(name, BookFileSpec.__struct_fields__))
        if "known" not in nodes:
            raise self.error(root, "'known' is missing")
        if data["known"] is None:
            return
        told = set()
        specs = self.convert(data, BookFileSpec, root, "the book", _fields_at).known
        for spec, node in zip(specs, nodes["known"][1].value):
            self._check(spec, node)
            entry = self._entry(spec, node, backend, case_file)
            identity = entry.pattern, spec.kind, spec.place, spec.reference, spec.other, spec.where, spec.context
            if identity in told:
                raise self.error(node, f"{spec.kind} at {spec.place} is here twice")
            told.add(identity)
            yield entry

    def _entry(self, spec: EntrySpec, node: yaml.Node, backend: str, case_file: Path | None) -> Entry:
        pattern = self._qualified(spec.case, descend(node, "$.case"), case_file)
        home = pattern
        if spec.replay_in is not None:
            home = self._qualified(spec.replay_in, descend(node, "$.replay_in"), case_file)
            if is_pattern(home):
                raise self.error(descend(node, "$.replay_in"), "replay_in: the witness is replayed in one case")
        elif is_pattern(pattern):
            message = f"{spec.case} is a pattern; say in which case the witness is replayed, with 'replay_in'"
            raise self.error(descend(node, "$.case"), message)
        return Entry(spec, backend, pattern, home, self.path, *_at(node), case_file)

    def _qualified(self, name: str, node: yaml.Node, case_file: Path | None) -> str:
        if not re.fullmatch(r"[\w*?.-]+(:[\w*?.-]+)?", name):
            raise self.error(node, f"a case is named CASE or FILE:CASE, in which a * stands for anything, not {name!r}")
        if case_file is None:
            if ":" not in name:
                message = f"{name!r}: this file is about several case files; name the case as FILE:CASE"
                raise self.error(node, message)
            return name
        if ":" in name:
            raise self.error(node, f"this file is about {case_file.name}; name the case alone, without 'FILE:'")
        return f"{case_file.stem}:{name}"

    def _check(self, spec: EntrySpec, node: yaml.Node) -> None:
        for field in ("reference", "where"):
            self.check_pattern(descend(node, f"$.{field}"), getattr(spec, field))
        groups = dict.fromkeys(re.compile(spec.reference or "").groupindex, "")
        self.check_pattern(descend(node, "$.other"), spec.other and with_groups(spec.other, groups))
        if spec.any_difference is None and spec.reference is None and spec.other is None:
            message = (
                "what differs is not told: 'reference' and 'other', or with 'any_difference' why it can be anything"
            )
            raise self.error(node, message)
        if spec.any_difference is not None and not (spec.reference is spec.other is None):
            wrong = descend(node, "$.any_difference")
            raise self.error(
                wrong, "any_difference: takes the place of 'reference' and 'other', and does not go with them"
            )
        for name, condition in spec.versions.items():
            try:
                specifiers(condition)
            except ValueError as error:
                raise self.error(descend(node, f"$.versions.{name}"), f"versions: {error}") from None
        if not spec.witness:
            raise self.error(descend(node, "$.witness"), "witness: the smallest program that shows it is missing")
        self.check_steps([(f"$.witness[{number}]", step) for number, step in enumerate(spec.witness)], node)
        for number, step in enumerate(spec.witness):
            for place, expression in step_expressions(step, f"$.witness[{number}]"):
                self.check_expression(descend(node, place), expression, vocabulary.evaluate_value, "witness")
        self.check_earlier(spec.after, node, "$", "after")


def _at(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column


def is_pattern(name: str) -> bool:
    """Say whether a name stands for several cases."""
    return not {"*", "?"}.isdisjoint(name)


def _fields_at(place: str) -> Sequence[str]:
    if "witness[" in place or ".program[" in place:
        return StepSpec.__struct_encode_fields__
    if ".after[" in place:
        return EarlierSpec.__struct_fields__
    return EntrySpec.__struct_fields__ if "known[" in place else BookFileSpec.__struct_fields__
