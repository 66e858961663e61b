"""A finding as an entry of the book, to paste or to be written: all but the layer that is to blame, and the reason."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterator

from harness.book.patterns import patterns_of
from harness.findings import Finding, told_parts
from harness.program import PLAIN
from harness.report.failure import earlier_entry, step_entry


def draft_of(finding: Finding, *, case: str, found: datetime.date, like: Collection[tuple[str, str]] = ()) -> str:
    """Return the entry as an item of the list ``known``, indented by two; its reason is empty.

    ``like`` are the differing parts of other examples of the finding; what they do not have in common is not expected.
    """
    return "\n".join(_lines(finding, case, found, like))


def _lines(finding: Finding, case: str, found: datetime.date, like: Collection[tuple[str, str]]) -> Iterator[str]:
    kind, place = finding.identity[0], finding.place
    reference, other = patterns_of([told_parts(finding), *like])
    yield f"  - case: {_quoted(case) if ':' in case else case}"
    yield f"    kind: {kind}"
    yield f"    place: {_quoted(place)}"
    for field, pattern in (("reference", reference), ("other", other)):
        if pattern is not None:
            yield f"    {field}: {_quoted(pattern)}"
    if reference is other is None:
        yield '    any_difference: ""'
    if finding.program.context != PLAIN:
        yield f"    context: {finding.program.context}"
    yield '    blame: ""'
    yield '    reason: ""'
    yield "    link: unreported"
    yield f"    found: {found.isoformat()}"
    if finding.program.after:
        yield "    after:"
        for program in finding.program.after:
            yield f"      - {earlier_entry(program, finding.program.observe)}"
    yield "    witness:"
    for step in finding.program.steps:
        yield f"      - {step_entry(step)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
