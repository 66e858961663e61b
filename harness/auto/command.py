"""What the command ``backend-matrix auto`` does: make all cases of an extension at once, without a test run."""

from __future__ import annotations

from pathlib import Path

from harness.auto.selection import Selection
from harness.auto.sources import Source
from harness.auto.written import case_file_text
from harness.builds import Progress
from harness.case_specs import CaseSpec
from harness.extensions import name_in_case_file
from harness.matrix import Matrix
from harness.settings import Settings


def made_case_file(path: Path, target: Path, settings: Settings, selection: Selection, progress: Progress) -> str:
    """Return the text of the case file ``target`` for the extension at ``path``.

    Raises: HarnessError -- it cannot be compiled for the reference, or not be imported there.
    """
    matrix = Matrix(settings, progress)
    source = Source(path, matrix, selection)
    try:
        cases: dict[str, CaseSpec] = {}
        for subject in source.workshop.subjects():
            progress(subject.name)
            cases |= subject.make()
        extension = name_in_case_file(source.path, target)
        return case_file_text(extension, cases, left_out=source.left_out)
    finally:
        source.close()
        matrix.close()
