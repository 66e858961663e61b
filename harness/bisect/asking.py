"""Ask one version of a part: build what has it, run the finding's program on both backends, and say what it did."""

from __future__ import annotations

import tempfile
from pathlib import Path

from harness.acting.stored import StoredFinding
from harness.backends.versions import Changed, Part
from harness.bisect.search import Answer, Tried
from harness.differential import Differential
from harness.errors import HarnessError
from harness.extensions import Extension
from harness.matrix import Matrix

NOTE_LIMIT = 100


def ask(
    version: str,
    part: Part,
    extension: Extension,
    found: StoredFinding,
    matrix: Matrix,
    *,
    otherwise: Answer = "skip",
) -> Tried:
    """Return whether a finding is there with a version of a part.

    A version that cannot be had or does not build is skipped.  One that differs in another way, which may hide the
    finding, counts as ``otherwise`` says.
    """
    with tempfile.TemporaryDirectory(prefix="backend-matrix-bisect-") as directory:
        try:
            changed = part.at(version, extension, Path(directory).resolve(), matrix.progress)
            return _asked(version, changed, found, matrix, otherwise)
        except HarnessError as error:
            return Tried(version, "skip", _first_words(str(error)))


def _asked(version: str, changed: Changed, found: StoredFinding, matrix: Matrix, otherwise: Answer) -> Tried:
    trial = Matrix(matrix.settings, matrix.progress)
    for backend in changed.backends.values():
        trial.use(backend)
    names = (found.header.reference, found.event.backend)
    try:
        for name in names:
            missing = trial.missing(name, changed.extension)
            if missing:
                raise HarnessError(f"{name} lacks {', '.join(missing)}")
        lanes = [trial.lane(name, changed.extension) for name in names]
        finding = Differential(lanes[0], lanes[1], matrix.settings.rules).run_fresh(found.program)
    finally:
        trial.close()
    if finding is None:
        return Tried(version, "good", "the backends agree")
    kind, place = finding.identity
    if (kind, place) == (found.record.kind, found.record.place):
        return Tried(version, "bad", f"{kind} at {place}")
    return Tried(version, otherwise, f"differs in another way: {kind} at {place}")


def _first_words(text: str) -> str:
    """Return what an error says first, and the compiler's first own error if there is one."""
    lines = text.splitlines()
    first = next((line.strip() for line in lines if line.lstrip().startswith("error")), lines[0] if lines else "")
    shown = first if lines and first is lines[0] else f"does not build: {first}"
    return shown if len(shown) <= NOTE_LIMIT else f"{shown[:NOTE_LIMIT]}..."
