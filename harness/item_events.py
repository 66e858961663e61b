"""What the event log says of an item: what it came to, and every finding of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.codec import encode_program
from harness.eventlog import FindingRecord, ItemEvent
from harness.examination import Examination
from harness.findings import Judged, Known
from harness.observation import Observation
from harness.report import failure
from harness.report.blaming import blame_record


def item_event(
    *,
    nodeid: str,
    case: str,
    backend: str,
    examination: Examination,
    report: pytest.TestReport | None,
    seed: int,
    duration_s: float,
    missing: tuple[str, ...],
    draft: Callable[[Judged], str] = lambda judged: "",
    extension: str = "",
    extension_of: Callable[[Judged], str] = lambda judged: "",
    file: str = "",
    book: Known | None = None,
    wrong_with_book: str = "",
) -> ItemEvent:
    """Return what the event log says of an item; its outcome is empty until there is a report.

    ``draft`` makes the entry of the book for a finding, ``extension_of`` says which extension it is about if it is not
    ``extension``, and ``book`` is what the book says of the item; ``wrong_with_book`` says what is not as it says.
    """
    book = book or Known(())
    outcome = "" if report is None else "xfailed" if hasattr(report, "wasxfail") else report.outcome
    return ItemEvent(
        item=nodeid,
        case=case,
        backend=backend,
        verdict=examination.verdict,
        outcome=outcome,
        examples=examination.examples,
        seed=seed,
        duration_s=round(duration_s, 3),
        findings=tuple(record_of(each, draft(each), extension_of(each)) for each in examination.findings),
        skewed=tuple(record_of(each, extension=extension_of(each)) for each in examination.skewed),
        known={f"{kind} at {place}": count for (kind, place), count in examination.known.items()},
        rules_applied=dict(examination.rules_applied),
        judged_in_part=examination.judged_in_part,
        missing=missing,
        message="\n\n".join(filter(None, (examination.note, wrong_with_book))),
        accounts=dict(examination.accounts),
        extension=extension,
        file=file,
        matched={entry.position: count for entry, count in book.matched.items() if count},
        reasons={entry.position: entry.reason for entry, count in book.matched.items() if count},
        inapplicable=tuple(entry.position for entry in book.inapplicable),
        rates={entry.position: rate for entry, rate in book.rates.items()},
    )


def record_of(judged: Judged, entry: str = "", extension: str = "") -> FindingRecord:
    """Return what the event log says of a finding; ``entry`` would record it in the book.

    ``extension`` is what it is about, if that is another one than the item's first.
    """
    finding = judged.finding
    kind, place = finding.identity
    return FindingRecord(
        flaky=judged.flaky,
        kind=kind,
        place=place,
        step=finding.divergence.step,
        path=finding.divergence.path,
        program=encode_program(finding.program),
        text=failure.program_text(finding.program),
        reference=[_observed(each) for each in finding.reference],
        other=[_observed(each) for each in finding.other],
        reference_part=finding.divergence.reference,
        other_part=finding.divergence.other,
        blame=None if judged.blame is None else blame_record(judged.blame),
        entry=entry,
        after=tuple(failure.program_text(each) for each in finding.program.after),
        extension=extension,
        skew=judged.skew,
    )


def _observed(observation: Observation) -> dict[str, Any]:
    outcome = observation.outcome
    fields = {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
    return {"outcome": type(outcome).__name__.lower(), **fields, "effects": observation.effects}
