"""The programs that a run would draw, fed to one backend whose worker is started in another way.

What the scripts beside this file share: nothing is compared, so what the backend does may be watched as it works.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase

from harness.book.reading import Book
from harness.cases import Case, CaseFile, read_case_file
from harness.lanes import Lane, pump
from harness.limits import Limits
from harness.matrix import Matrix, capabilities_of
from harness.process import WorkerCommand
from harness.program import Program
from harness.protocol import encode_body
from harness.settings import Overrides, read_settings
from harness.strategies import fixed_program, programs_of

ROOT = Path(__file__).resolve().parent.parent
BATCH = 32


def matrix_of(backend: str) -> Matrix:
    """Return the matrix of this repository with one backend, its progress on stderr."""
    settings = read_settings(ROOT, Overrides(backends=backend))
    return Matrix(settings, lambda line: print(f"  {line}", file=sys.stderr, flush=True))


def case_files(names: list[str]) -> list[CaseFile]:
    """Return the case files of these paths or names (``classes``), or all; sorted."""
    named = [Path(name) if name.endswith(".yaml") else ROOT / "cases" / f"{name}.yaml" for name in names]
    return [read_case_file(path) for path in sorted(named or (ROOT / "cases").glob("*.yaml"))]


def watched(command: WorkerCommand, *, prefix: tuple[str, ...] = (), **variables: str) -> WorkerCommand:
    """Return a backend's command with a program in front of it, and more variables."""
    # What watches needs memory of its own, and room for what it writes.
    return replace(
        command,
        argv=(*prefix, *command.argv),
        environment=(*command.environment, *sorted(variables.items())),
        limits=Limits(memory_bytes=None, file_bytes=None),
    )


def lane_of(matrix: Matrix, backend: str, cases: CaseFile, command: WorkerCommand, *, timeout_s: float = 60.0) -> Lane:
    """Return a lane of a case file's extension that runs ``command``; no worker is started yet."""
    extension = matrix.extension(cases.extension, cases.path)
    site = matrix.built(backend, extension).site
    return Lane(backend, command, extension.module, [str(site)], timeout_s=timeout_s)


def programs_for(case: Case, lane: Lane, examples: int) -> list[Program]:
    """Return the programs of a case's known divergences and ``examples`` drawn ones; the same each time."""
    book = Book([case.file.parent])
    known = [each.spec for each in book.of_file(case.file, lane.backend) if each.home == case.qualified]
    found = [fixed_program(each.witness, lane.module, context=each.context) for each in known]
    return found + drawn_programs(case, lane, examples)


def drawn_programs(case: Case, lane: Lane, examples: int) -> list[Program]:
    """Return ``examples`` programs that a case draws; the same each time."""
    found: list[Program] = []
    digest = hashlib.blake2b(f"{case.file.name} {case.name}".encode(), digest_size=8).digest()

    def body(program: Program) -> None:
        found.append(program)

    settings = hypothesis.settings(
        max_examples=examples,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    given = hypothesis.given(programs_of(case, lane.module, capabilities_of(lane)))(body)
    settings(hypothesis.seed(int.from_bytes(digest, "big"))(given))()
    return found


def feed(lane: Lane, programs: list[Program], *, batch_size: int = BATCH) -> Iterator[tuple[Program, bytes | str]]:
    """Execute programs, yielding each with its raw reply, or with how the worker ended of it."""
    for first in range(0, len(programs), batch_size):
        batch = programs[first : first + batch_size]
        lane.send([(number, encode_body(program)) for number, program in enumerate(batch)])
        pump([lane], wait=True)
        while lane.replies:
            number, reply = lane.replies.popleft()
            yield batch[number], reply.raw if reply.ended is None else str(reply.ended)
