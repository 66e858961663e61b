"""A finding as an entry of the book, to paste or to be written: all but the layer that is to blame, and the reason."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator

from harness.findings import CRASHED, Finding, told_parts
from harness.program import PLAIN
from harness.report.failure import step_entry

WHOLE_LIMIT = 160
"""Longer texts are shortened to what is around the place where they differ."""

BEFORE, AFTER = 40, 80
"""How much of a long text stays before the first character that differs, and after it."""

_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")


def draft_of(finding: Finding, *, case: str, found: datetime.date) -> str:
    """Return the entry as an item of the list ``known``, indented by two; its reason is empty."""
    return "\n".join(_lines(finding, case, found))


def _lines(finding: Finding, case: str, found: datetime.date) -> Iterator[str]:
    kind, place = finding.identity[0], finding.place
    reference, other = patterns_of(*told_parts(finding))
    yield f"  - case: {_quoted(case) if ':' in case else case}"
    yield f"    kind: {kind}"
    yield f"    place: {_quoted(place)}"
    yield f"    reference: {_quoted(reference)}"
    yield f"    other: {_quoted(other)}"
    if finding.program.context != PLAIN:
        yield f"    context: {finding.program.context}"
    yield '    blame: ""'
    yield '    reason: ""'
    yield "    link: unreported"
    yield f"    found: {found.isoformat()}"
    yield "    witness:"
    for step in finding.program.steps:
        yield f"      - {step_entry(step)}"


def patterns_of(reference: str, other: str) -> tuple[str, str]:
    """Return regular expressions for two differing texts, each of which its own text matches."""
    alike = next((index for index, pair in enumerate(zip(reference, other)) if pair[0] != pair[1]), None)
    first = min(len(reference), len(other)) if alike is None else alike
    return _pattern(reference, first), _pattern(other, first)


def _pattern(text: str, first: int) -> str:
    if text.startswith(CRASHED):
        # The frames of a stack are others in another build.
        return f"^{escaped(text.partition(' in ')[0])}"
    if len(text) <= WHOLE_LIMIT:
        return f"^{escaped(text)}$"
    start, end = max(first - BEFORE, 0), first + AFTER
    return f"{'^' * (start == 0)}{escaped(text[start:end])}{'$' * (end >= len(text))}"


def escaped(text: str) -> str:
    """Return a regular expression for a text, in characters that every file can hold; an address stands for any."""
    found, last = [], 0
    for match in _ADDRESS.finditer(text):
        found += [_plain(text[last : match.start()]), "0x[0-9a-fA-F]+"]
        last = match.end()
    return "".join([*found, _plain(text[last:])])


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else _number(each) for each in _SPECIAL.sub(r"\\\g<0>", text))


def _number(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
