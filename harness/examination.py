"""How a case is examined on a backend, and what it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

import hypothesis
from hypothesis.database import ExampleDatabase

from harness.book.entries import Entry
from harness.book.replaying import Changed
from harness.findings import Finding, Identity, Judged
from harness.program import Program
from harness.unfinished import NOT_ENDED

Verdict = Literal[
    "agree", "diverge", "known", "skew", "stale", "changed", "unexplained", "flaky", "unsupported", "broken"
]


def nobody(met: Identity, judged: Judged | None) -> None:
    """Take in a finding, and do nothing about it."""


class SkewJudge(Protocol):
    """Says of a finding why it cannot be told from a difference between versions of Python; empty if it can."""

    def at_once(self, finding: Finding) -> str:
        """Return the reason if the finding alone shows it, without running anything."""
        ...

    def decide(self, finding: Finding) -> str:
        """Return the reason, after asking other backends and watching what the program calls."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How a case is examined.

    ``examples`` are run before anything is drawn, ``witnesses``, which earlier runs have saved, after all.
    ``tell`` is called with a finding as soon as it is met, and again when it has been made smaller and confirmed,
    both times with what it was when it was met; with None if it was no finding, or is told by another one.
    ``skew`` judges what two versions of Python may explain; None if the backends have the same version.
    """

    identity: str
    seed: int
    max_examples: int
    settings: hypothesis.settings
    database: ExampleDatabase | None
    examples: tuple[Program, ...] = ()
    witnesses: tuple[Program, ...] = ()
    tell: Callable[[Identity, Judged | None], None] = nobody
    skew: SkewJudge | None = None


@dataclass(slots=True)
class Examination:
    """What came of examining a case on a backend; findings are in the order in which they were met.

    ``judged_in_part`` counts the examples of which the last steps were not judged, because one before had diverged.
    ``accounts`` says what became of every program that was given, those for shrinking and confirming too.
    ``saved`` says that some were met because an earlier run had saved them, whatever this run's seed draws.
    ``skewed`` are differences that versions of Python may explain: neither shrunk, confirmed nor blamed.
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
    skewed: tuple[Judged, ...] = ()


def note_of(interruption: KeyboardInterrupt) -> str:
    """Return what is said of an item that Ctrl-C or SIGTERM has ended."""
    return f"interrupted{f' ({interruption})' if str(interruption) else ''}: {NOT_ENDED}"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM has ended an examination; ``examination`` is what had come of it, and ``by`` what came."""

    def __init__(self, examination: Examination, by: KeyboardInterrupt) -> None:
        super().__init__(*by.args)
        self.examination = examination
        self.by = by
