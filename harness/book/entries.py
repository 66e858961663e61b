"""What the book holds: the typed form of an entry, and an entry with where it stands."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.case_specs import EarlierSpec, StepSpec
from harness.errors import BookError
from harness.observation import Kind
from harness.program import PLAIN, Context

UNREPORTED = "unreported"
EVERYWHERE = "everywhere"
"""The stem of the file whose entries are about cases of several case files."""


class EntrySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A divergence that is known, as the book writes it.

    ``case`` is a case, or a pattern of some; a ``*`` in ``place`` stands for anything.  ``reference`` and ``other``
    are regular expressions that the differing parts must match; a different difference at the place is not known.
    ``any_difference`` says, instead of both, why every difference at the place is this one.  ``where`` is a regular
    expression that the program's text must match.  ``versions`` are conditions on the backend, and ``intermittent`` is
    the share of runs in which the witness shows it.  The witness is replayed in the item of ``replay_in``, where
    ``case`` is a pattern, and in new workers that have executed the programs ``after`` which it comes, if it does.
    """

    case: str
    kind: Kind
    place: str
    blame: str
    reason: str
    found: datetime.date
    witness: tuple[StepSpec, ...]
    reference: str | None = None
    other: str | None = None
    any_difference: str | None = None
    where: str | None = None
    context: Context = PLAIN
    versions: dict[str, str] = {}
    intermittent: Annotated[float, msgspec.Meta(gt=0, lt=1)] | None = None
    link: str = UNREPORTED
    replay_in: str | None = None
    after: tuple[EarlierSpec, ...] = ()


class BookFileSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the book: what is known of one backend."""

    known: tuple[EntrySpec, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """An entry of the book, or a mark of a test in Python; two are the same only if they are one object.

    ``pattern`` names the cases that it is about as ``FILE:CASE``, and ``home`` the one whose item replays the witness;
    it is about those of ``case_file`` only, or of every file if that is None.
    """

    spec: EntrySpec
    backend: str
    pattern: str
    home: str
    file: Path
    line: int
    column: int = 0
    case_file: Path | None = None

    @property
    def kind(self) -> Kind:
        """What kind of difference it is about."""
        return self.spec.kind

    @property
    def place(self) -> str:
        """Where the difference is; a ``*`` stands for anything."""
        return self.spec.place

    @property
    def reason(self) -> str:
        """Why it is so, after the layer that is to blame; empty until somebody has filled it in."""
        return f"{self.spec.blame}: {self.spec.reason}" if self.spec.blame and self.spec.reason else self.spec.reason

    @property
    def unexplained(self) -> bool:
        """Whether nobody has filled in yet who is to blame and why."""
        spec = self.spec
        return not (spec.blame.strip() and spec.reason.strip() and spec.any_difference != "")

    @property
    def position(self) -> str:
        """Where it stands, as messages begin: ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column + 1}"

    def is_about(self, qualified: str, case_file: Path) -> bool:
        """Say whether it holds in a case, which is named as ``FILE:CASE``."""
        return self.case_file in (None, case_file) and fnmatchcase(qualified, self.pattern)

    def holds_for(self, facts: Mapping[str, str]) -> bool:
        """Say whether a backend of these versions meets its conditions.

        Raises: BookError -- a condition names a fact that the backend does not tell, or that is no version.
        """
        for name, condition in self.spec.versions.items():
            if name not in facts:
                there = ", ".join(sorted(facts))
                raise BookError(
                    f"{self.position}: versions: {self.backend} tells no version {name!r}; it tells {there}"
                )
            try:
                if not specifiers(condition).contains(Version(facts[name]), prereleases=True):
                    return False
            except InvalidVersion:
                raise BookError(f"{self.position}: versions: {name} is no version but {facts[name]!r}") from None
        return True


def specifiers(condition: str) -> SpecifierSet:
    """Return a condition on a version, such as ``>=3.14,<3.16`` or ``0.6.*``.  Raises: ValueError -- it is none."""
    parts = [each.strip() for each in condition.split(",")]
    try:
        return SpecifierSet(",".join(each if each[:1] in "<>=!~" else f"=={each}" for each in parts))
    except InvalidSpecifier:
        raise ValueError(f"{condition!r} is no condition on a version, such as '>=3.14,<3.16' or '0.6.*'") from None
