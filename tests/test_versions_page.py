"""The page about two versions of CPython: made from the book, and borne out by runs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import scripts
from books import entry

from harness.book.entries import Entry
from harness.eventlog import EventLog, Footer, ItemEvent

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "docs" / "make_versions_page.py"
LINK = "https://example.org/python/language/issues/7"
PLACE = "known/other/fake.yaml:3:1"


tool = scripts.load("make_versions_page")


def skew(case: str, reason: str = "new words", link: str = LINK, kind: str = "value") -> Entry:
    return replace(entry(kind=kind, blame="skew", reason=reason, link=link), home=case)


def write_log(directory: Path, *items: ItemEvent, ended: bool = True) -> Path:
    with EventLog(directory) as log:
        for each in items:
            log.write(each)
        log.finish(Footer("", 0, {}))
    if not ended:
        log.path.write_bytes(b"\n".join(log.path.read_bytes().splitlines()[:-1]))
    return log.path


def item(case: str, verdict: str, backend: str = tool.BACKEND, *, met: int = 0) -> ItemEvent:
    matched = {PLACE: met} if met else {}
    return ItemEvent(f"cases/a.yaml::{case}", case, backend, verdict, "", 100, 0, 0.0, matched=matched)


def test_the_page_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_entries_with_one_reason_and_one_link_are_one_cause() -> None:
    causes = tool.causes_of([skew("a:f"), skew("a:g", "gone"), skew("b:f"), skew("a:f", link=f"{LINK}8")])
    assert [[each.home for each in entries] for entries in causes.values()] == [["a:f", "b:f"], ["a:g"], ["a:f"]]


def test_a_cause_has_its_reason_its_source_and_where_it_was_seen() -> None:
    other = "https://example.org/new.html#it"
    text = tool.page(tool.causes_of([skew("a:f"), skew("a:f"), skew("a:f", kind="type"), skew("b:g", "x | y", other)]))
    assert "4 entries of 2\ncauses" in text
    assert f"| new words | [language#7]({LINK}) | `a:f` (value), `a:f` (type) |\n" in text
    assert f"| x &#124; y | [new.html#it]({other}) | `b:g` (value) |\n" in text


def test_many_cases_are_counted() -> None:
    text = tool.page(tool.causes_of([skew(f"a:f{number}") for number in range(6)]))
    assert "`a:f3` (value) and 2 more |" in text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"blame": "cpython"}, "blames 'cpython', and not 'skew'"),
        ({"blame": ""}, "blames 'nothing', and not 'skew'"),
        ({"reason": ""}, "a reason, and a link"),
        ({"link": "unreported"}, "a reason, and a link"),
    ],
)
def test_an_entry_without_a_cause_is_an_error(wrong: dict[str, str], message: str) -> None:
    fields = {"blame": "skew", "reason": "new words", "link": LINK, **wrong}
    with pytest.raises(tool.VersionsError, match=message):
        tool.causes_of([entry(**fields)])


def test_a_run_is_counted_by_cause(tmp_path: Path) -> None:
    first = write_log(tmp_path / "1", item("f", "known", met=4), item("g", "agree"), item("f", "diverge", "elsewhere"))
    second = write_log(tmp_path / "2", item("h", "known", met=1))
    assert tool.counted(tool.causes_of([skew("a:f")]), [first, second]) == [
        "    2 items       5 times  new words",
        "3 items, 2 of them with differences, 300 examples, 1 causes",
    ]


@pytest.mark.parametrize("verdict", ["diverge", "flaky", "stale", "changed", "unexplained", "broken"])
def test_what_no_cause_explains_is_an_error(tmp_path: Path, verdict: str) -> None:
    log = write_log(tmp_path, item("f", "known", met=4), item("g", verdict))
    with pytest.raises(tool.VersionsError, match=f"not explained:\ncases/a.yaml::g: {verdict}$"):
        tool.counted(tool.causes_of([skew("a:f")]), [log])


def test_half_a_log_or_that_of_another_run_counts_for_nothing(tmp_path: Path) -> None:
    with pytest.raises(tool.VersionsError, match="did not end"):
        tool.counted({}, [write_log(tmp_path / "1", item("f", "agree"), ended=False)])
    with pytest.raises(tool.VersionsError, match=r"without cpython-3\.13"):
        tool.counted({}, [write_log(tmp_path / "2", item("f", "agree", "elsewhere"))])
