"""The page of HTML: what is on it, that nothing on it is taken for markup, and that half a log makes one too."""

from __future__ import annotations

import html.parser
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from test_eventlog import EVENTS, FINDING, FOOTER

from harness.cli import main
from harness.errors import LogError
from harness.eventlog import BackendEvent, BackendFacts, BlameRecord, Event, Header, ItemEvent, VoteRecord
from harness.page import write_page
from harness.report.html import TEXT_LIMIT, html_of

SAID = "\0\x1b[31m]]>&<script>alert(1)</script>\"'</pre><!-- \ud800\ufffe\x85 {{ 7 * 7 }} {% raw %}"
NASTY = SAID.replace("\ud800", "")
"""The same without what cannot be in a log: a half of a pair."""


class Parsed(html.parser.HTMLParser):
    """The tags of a page, each of which is closed, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.text += " " * (tag in ("td", "th"))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", self.text)


def parsed(events: list[Event]) -> Parsed:
    page = Parsed(html_of(events))
    assert page.open == []
    return page


def test_who_took_part_what_came_of_it_and_every_finding_is_there() -> None:
    page = parsed([*EVENTS, FOOTER])
    assert (
        "other, b against cpython, begun 2026-01-01T00:00:00+00:00, seed 4294967295, backend-matrix 0.1.0" in page.words
    )
    assert "CPython 3.13 interpreter 3.13.0" in page.words
    assert "1 diverge, 1 known, 1 unsupported" in page.words
    assert "diverge cases/a.yaml::f[other]" in page.words
    assert r"f('\ud800')" in page.words
    assert "returned float_bits('7ff8000000000001')" in page.words
    assert "crashed: the worker died with SIGSEGV" in page.words
    assert "value at f() ×3" in page.words
    assert "lacks PyA, PyB" in page.words
    assert "did not end" not in page.words


def test_the_reasons_of_the_book_blame_and_what_came_before_are_there() -> None:
    votes = (VoteRecord("third", "Third 1", "other", ""),)
    blame = BlameRecord("interpreter", ("interpreter: Other",), "why", votes, ("PyList_New",), called=True)
    finding = msgspec.structs.replace(FINDING, blame=blame, entry="- case: f", after=("g(1)",), flaky="so it is")
    known = ItemEvent("i", "f", "b", "known", "xfailed", 1, 1, 0.0, known={"k": 1}, reasons={"x": "it is so"})
    found = ItemEvent("cases/a.yaml::f[other]", "f", "other", "flaky", "failed", 1, 1, 0.5, (finding,))
    page = parsed([EVENTS[0], found, known])
    for words in (
        "interpreter: why (interpreter: Other)",
        "functions of the host that the program calls: PyList_New",
        "third Third 1",
        "- case: f",
        "g(1)",
        "so it is",
        "it is so",
    ):
        assert words in page.words


def test_nothing_on_it_is_taken_for_markup() -> None:
    finding = msgspec.structs.replace(FINDING, kind=NASTY, place=NASTY, text=SAID, flaky=SAID, entry=NASTY)
    item = ItemEvent(
        NASTY,
        NASTY,
        NASTY,
        "broken",
        "failed",
        1,
        1,
        0.0,
        (finding,),
        {NASTY: 1},
        {NASTY: 1},
        (NASTY,),
        NASTY,
        file=NASTY,
    )
    facts = BackendEvent(BackendFacts(NASTY, NASTY, {NASTY: NASTY}, {}))
    header = Header(1, NASTY, NASTY, NASTY, (NASTY,), 1, {NASTY: NASTY})
    page = html_of([header, facts, item])
    page.encode("utf-8")
    assert not re.search("[\0-\x08\x0b-\x1f]", page)
    seen = parsed([header, facts, item])
    plain = parsed([*EVENTS])
    assert seen.tags["script"] == 0
    assert set(seen.tags) <= {*plain.tags, "br"}
    assert seen.attributes <= plain.attributes
    assert "{{ 7 * 7 }} {% raw %}" in seen.text
    assert r"\x00\x1b[31m]]>&<script>alert(1)</script>" in seen.text


def test_a_megabyte_is_cut_and_the_page_says_so() -> None:
    finding = msgspec.structs.replace(FINDING, text="<" * 1_000_000)
    item = ItemEvent("i", "f", "b", "diverge", "failed", 1, 1, 0.0, (finding,), message="&" * 1_000_000)
    page = html_of([EVENTS[0], item])
    assert len(page) < 100_000
    assert f"[... {1_000_000 - TEXT_LIMIT} characters more]" in page


def test_a_run_that_did_not_end_is_not_taken_for_one_that_did(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl.partial-1"
    lines = [msgspec.json.encode(event) + b"\n" for event in EVENTS]
    log.write_bytes(b"".join(lines) + lines[-1][:20])
    write_page(log, tmp_path / "page.html")
    page = Parsed((tmp_path / "page.html").read_text())
    assert "This run did not end." in page.text
    assert "1 diverge, 1 known, 1 unsupported" in page.words
    early = msgspec.structs.replace(FOOTER, ended_early="interrupted")
    assert "Not every item was run: interrupted." in parsed([*EVENTS, early]).words


@pytest.mark.parametrize("content", [None, b"what?\n", b'{"type":"nothing"}\n'])
def test_what_is_no_log_is_refused_and_the_page_that_was_there_stays(tmp_path: Path, content: bytes | None) -> None:
    log = tmp_path / "events.jsonl"
    if content is not None:
        log.write_bytes(content)
    (tmp_path / "page.html").write_text("before")
    with pytest.raises(LogError, match=r"events\.jsonl: (no event log there|is no event log)"):
        write_page(log, tmp_path / "page.html")
    assert {path.name for path in tmp_path.iterdir()} <= {"events.jsonl", "page.html"}
    assert (tmp_path / "page.html").read_text() == "before"


def test_the_command_makes_it_of_any_log(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    log.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in [*EVENTS, FOOTER]))
    done = CliRunner().invoke(main, ["report", str(log)])
    assert (done.exit_code, done.output) == (0, f"{tmp_path}/report.html\n")
    assert (tmp_path / "report.html").read_text() == html_of([*EVENTS, FOOTER])
    done = CliRunner().invoke(main, ["report", str(log), "--output", str(tmp_path / "none" / "x.html")])
    assert done.exit_code == 9
    assert "cannot be written: No such file or directory" in done.output
    assert CliRunner().invoke(main, ["report", str(tmp_path / "none")]).exit_code == LogError.exit_code
