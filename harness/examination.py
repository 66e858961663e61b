"""How a case is examined on a backend, and what it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import hypothesis
from hypothesis.database import ExampleDatabase

from harness.book.entries import Entry
from harness.book.replaying import Changed
from harness.findings import Identity, Judged
from harness.program import Program
from harness.unfinished import NOT_ENDED

Verdict = Literal["agree", "diverge", "known", "stale", "changed", "unexplained", "flaky", "unsupported", "broken"]


def nobody(met: Identity, judged: Judged | None) -> None:
    """Take in a finding, and do nothing about it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a case is examined.

    ``examples`` are run before anything is drawn, ``witnesses``, which earlier runs have saved, after all.
    ``tell`` is called with a finding as soon as it is met, and again when it has been made smaller and confirmed,
    both times with what it was when it was met; with None if it was no finding, or is told by another one.
    """

    identity: str
    seed: int
    max_examples: int
    settings: hypothesis.settings
    database: ExampleDatabase | None
    examples: tuple[Program, ...] = ()
    witnesses: tuple[Program, ...] = ()
    tell: Callable[[Identity, Judged | None], None] = nobody


@dataclass(slots=True)
class Examination:
    """What came of examining a case on a backend; findings are in the order in which they were met.

    ``judged_in_part`` counts the examples of which the last steps were not judged, because one before had diverged.
    ``accounts`` says what became of every program that was given, those for shrinking and confirming too.
    ``saved`` says that some were met because an earlier run had saved them, whatever this run's seed draws.
    """

    verdict: Verdict
    examples: int = 0
    findings: tuple[Judged, ...] = ()
    known: Counter[Identity] = field(default_factory=Counter)
    stale: tuple[Entry, ...] = ()
    rules_applied: Counter[str] = field(default_factory=Counter)
    judged_in_part: int = 0
    note: str = ""
    saved: bool = False
    changed: tuple[Changed, ...] = ()
    accounts: Counter[str] = field(default_factory=Counter)


def note_of(interruption: KeyboardInterrupt) -> str:
    """Return what is said of an item that Ctrl-C or SIGTERM has ended."""
    return f"interrupted{f' ({interruption})' if str(interruption) else ''}: {NOT_ENDED}"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM has ended an examination; ``examination`` is what had come of it, and ``by`` what came."""

    def __init__(self, examination: Examination, by: KeyboardInterrupt) -> None:
        super().__init__(*by.args)
        self.examination = examination
        self.by = by
