"""Findings: a divergence with its program, its identity, and what the case file says of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from harness.cases import Case, KnownSpec
from harness.observation import Divergence, Observation, Wire
from harness.program import Program, Step

_SUBSCRIPT = re.compile(r"""\[(?:-?\d+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]""")

Identity = tuple[str, str]
"""Kind and place: what makes two findings of one case the same finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A program on which two backends differ, and both observations of every step."""

    program: Program
    reference: tuple[Observation, ...]
    other: tuple[Observation, ...]
    divergence: Divergence

    @property
    def identity(self) -> Identity:
        """Which finding of its case this is."""
        return self.divergence.kind, place_of(self.program, self.divergence)


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding that was run again in fresh workers.

    ``flaky`` says what varied, and is empty if the finding stands.
    """

    finding: Finding
    flaky: str = ""


def place_of(program: Program, divergence: Divergence) -> str:
    """Return the operation and the path in its result, such as ``Account.deposit()[…].args``.

    Positions and keys are left out, because they say which example it was and not which difference.
    """
    if ended_a_worker(divergence) and len(program.steps) > 1:
        # Which step it was is not known of a worker that is gone; the smallest program ends with it.
        return "program"
    operation = describe_operation(program.steps[divergence.step])
    return operation + _SUBSCRIPT.sub("[…]", divergence.path)


def ended_a_worker(divergence: Divergence) -> bool:
    """Say whether a worker died of it or hung."""
    return divergence.kind == "outcome" and not {"crashed", "hung"}.isdisjoint((divergence.reference, divergence.other))


def describe_operation(step: Step) -> str:
    """Return a step's operation without its operands: ``add_i64()``, ``.deposit()``, ``operator add``."""
    match step.kind:
        case "call":
            return f"{step.name}()"
        case "method":
            return f".{step.name}()"
        case "get":
            return f".{step.name}"
        case "set":
            return f".{step.name} ="
        case "delete":
            return f"del .{step.name}"
        case "iterate" | "forget" | "apply" | "unpack" | "pickle" | "collect":
            return step.kind
        case _:
            return f"{step.kind} {step.name}"


class Known:
    """What a case file says of one backend's divergences."""

    def __init__(self, entries: Sequence[KnownSpec]) -> None:
        self.entries = tuple(entries)

    def entry_for(self, finding: Finding) -> KnownSpec | None:
        """Return the first entry that covers a finding, or None."""
        return next((entry for entry in self.entries if covers(entry, finding)), None)


def covers(entry: KnownSpec, finding: Finding) -> bool:
    """Say whether a finding is the one that an entry records: its kind, place, and what differs."""
    kind, place = finding.identity
    return (
        entry.kind == kind
        and place_matches(entry.place, place)
        and _matches(entry.reference, finding.divergence.reference)
        and _matches(entry.other, finding.divergence.other)
    )


def place_matches(recorded: str, place: str) -> bool:
    """Say whether a place is the recorded one, in which a ``*`` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, recorded.split("*"))), place, re.DOTALL) is not None


def _matches(pattern: str | None, part: Wire) -> bool:
    if pattern is None:
        return True
    text = part if isinstance(part, str) else msgspec.json.encode(part).decode()
    return re.search(pattern, text) is not None


def known_of(case: Case, backend: str) -> Known:
    """Return what a case's file says of a backend."""
    return Known([entry for entry in case.spec.known if entry.backend == backend])
