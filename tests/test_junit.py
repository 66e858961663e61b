"""JUnit XML: every property can be read back, whatever a finding holds."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_eventlog import FINDING

from harness.eventlog import FindingRecord, ItemEvent
from harness.report.junit import printable, properties

AWKWARD = [
    *("\0", "\x01", "\x08", "\x0b", "\x1b[31m", "\x7f", "\x85", "\ud800", "\udfff", "\ufffe", "\uffff"),
    *("]]>", "<!--", "&amp;", "<a b='c'>", "\"'", "\u2028", "\U0001f600", "\t\r\n", "e\u0301", "\u202e"),
]


def read_back(name: str, text: str) -> tuple[str, str]:
    """Return a property's name and text as a reader of XML sees them."""
    document = f"<p name={quoteattr(name)}>{escape(text)}</p>".encode()
    element = ET.fromstring(document)
    return element.attrib["name"], element.text or ""


@pytest.mark.parametrize("text", AWKWARD, ids=ascii)
def test_what_xml_cannot_hold_is_escaped_and_the_rest_is_kept(text: str) -> None:
    shown = printable(f"a{text}b")
    assert read_back("n", shown)[1] == shown.replace("\r\n", "\n").replace("\r", "\n")
    if text.isprintable():
        assert shown == f"a{text}b"


@given(st.text(st.characters()))
def test_any_text_can_be_written_and_read_back(text: str) -> None:
    shown = printable(text)
    assert read_back("n", shown)[1] == shown.replace("\r\n", "\n").replace("\r", "\n")


def test_the_properties_of_an_item_say_all_that_is_known() -> None:
    event = ItemEvent(
        item="cases/a.yaml::f[other]",
        case="f",
        backend="other",
        verdict="diverge",
        outcome="failed",
        examples=100,
        seed=42,
        duration_s=0.5,
        findings=(FINDING,),
        known={"value at g()": 3},
        rules_applied={"panic-thread-id": 2},
        judged_in_part=7,
    )
    assert properties(event, {"cpython": "CPython 3.13", "other": "Other 1"}) == [
        ("backend", "other"),
        ("version.cpython", "CPython 3.13"),
        ("version.other", "Other 1"),
        ("verdict", "diverge"),
        ("seed", "42"),
        ("examples", "100"),
        ("divergence.value at f()[…]", "f('\\ud800')"),
        ("known.value at g()", "3"),
        ("judged-in-part", "7 of 100"),
        ("rule.panic-thread-id", "2"),
    ]


def test_what_is_missing_is_told() -> None:
    event = ItemEvent("i", "f", "b", "unsupported", "skipped", 0, 1, 0.0, missing=("PyA", "PyB"))
    assert ("missing", "PyA PyB") in properties(event, {})


@pytest.mark.parametrize("text", AWKWARD, ids=ascii)
def test_names_of_properties_can_be_written_too(text: str) -> None:
    finding = FindingRecord("", text, text, 0, text, None, text, None, None)
    event = ItemEvent("i", "f", text, "v", "o", 1, 1, 0.0, (finding,), {text: 1}, {text: 1}, (text,), text)
    for name, value in properties(event, {text: text}):
        read_back(name, value)
