"""Findings: a divergence with its program, its identity, and what the case file says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.cases import Case, KnownSpec
from harness.observation import Divergence, Observation
from harness.program import Program, Step

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
    """Return the operation and the path in its result, such as ``Account.deposit()[…]['total']``.

    Positions in sequences are left out, because they say which example it was and not which difference.
    """
    operation = describe_operation(program.steps[divergence.step])
    return operation + re.sub(r"\[\d+\]", "[…]", divergence.path)


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
        case "iterate" | "forget":
            return step.kind
        case _:
            return f"{step.kind} {step.name}"


def known_of(case: Case, backend: str) -> dict[Identity, KnownSpec]:
    """Return a case's known divergences on a backend, by identity."""
    return {(known.kind, known.place): known for known in case.spec.known if known.backend == backend}
