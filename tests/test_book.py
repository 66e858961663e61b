"""The book: what is read, what is said of what cannot be, what it is held against, and what is written into it."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import books
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import CheckGolden
from harness.book.checking import COVERED_LIMIT, check_book, check_entries, names_one_difference
from harness.book.entries import specifiers
from harness.book.matching import parts_match
from harness.book.patterns import patterns_of
from harness.book.reading import Book, parse_book
from harness.book.writing import add_entries
from harness.cases import parse_case_file
from harness.errors import BookError
from harness.findings import Known
from harness.plain_strategies import any_text
from harness.program import Program, Step
from harness.values import Result

ROOT = Path(__file__).parents[1]

GOOD = "kind: value, place: 'f()', other: '^1$', reason: r, witness: [{call: f}]"
SEVERAL = "known:\n  - {blame: b, found: 2026-01-02, "
OF_SEVERAL = f"{GOOD}}}\n"

# Each is wrong in one way; the messages are in golden/book_errors.txt. A name that ends so is about several files.
BAD = {
    "empty": "",
    "a list": "- 1\n",
    "no entries": "other: []\n",
    "unknown at the top": "knwon: []\n",
    "entries are a mapping": "known: {a: 1}\n",
    "unknown field": books.written(f"{GOOD}, because: 1"),
    "a backend in an entry": books.written(f"{GOOD}, backend: b"),
    "a program instead of a witness": books.written(GOOD.replace("witness", "program")),
    "unknown field in a step": books.written(GOOD.replace("{call: f}", "{cal: f}")),
    "no kind of step": books.written(GOOD.replace("{call: f}", "{on: 0}")),
    "no witness": books.written(GOOD.replace("[{call: f}]", "[]")),
    "no reason": books.written(GOOD.replace("reason: r, ", "")),
    "unknown kind": books.written(GOOD.replace("kind: value", "kind: vlaue")),
    "unknown context": books.written(f"{GOOD}, context: generatr"),
    "a strategy in a witness": books.written(GOOD.replace("{call: f}", "{call: f, args: ['integers()']}")),
    "wrong pattern": books.written(GOOD.replace("'^1$'", "'(x'")),
    "a group that the reference's pattern has not": books.written(
        GOOD.replace("other: '^1$'", "reference: '(?P<name>x)', other: '(?P=nmae)'")
    ),
    "wrong pattern for the program": books.written(f"{GOOD}, where: '*'"),
    "what differs is not told": books.written(GOOD.replace("other: '^1$', ", "")),
    "any difference, and which": books.written(f"{GOOD}, any_difference: why"),
    "bad date": books.written(GOOD).replace("2026-01-02", "2026-13-02"),
    "a date that is a number": books.written(GOOD).replace("2026-01-02", "2026"),
    "wrong condition on a version": books.written(f"{GOOD}, versions: {{python: 'newer'}}"),
    "a rate that is always": books.written(f"{GOOD}, intermittent: 1.0"),
    "a rate that is never": books.written(f"{GOOD}, intermittent: 0.0"),
    "twice": books.written(GOOD) + books.written(GOOD).removeprefix("known:\n"),
    "a pattern without a home": books.written(GOOD, case="'f*'"),
    "a home that is a pattern": books.written(f"{GOOD}, replay_in: 'f*'", case="'f*'"),
    "the name of a case with a space": books.written(GOOD, case="a b"),
    "the name of another file's case": books.written(GOOD, case="'other:f'"),
    "no file, of several": books.written(GOOD),
    "a program before without steps": books.written(f"{GOOD}, after: [{{program: []}}]"),
    "a program before that is steps": books.written(f"{GOOD}, after: [{{call: f}}]"),
    "a wrong step before": books.written(f"{GOOD}, after: [{{program: [{{cal: f}}]}}]"),
    "no kind of step before": books.written(f"{GOOD}, after: [{{program: [{{on: 0}}]}}]"),
    "a strategy before": books.written(f"{GOOD}, after: [{{program: [{{call: f, args: ['integers()']}}]}}]"),
    "unknown context before": books.written(f"{GOOD}, after: [{{program: [{{call: f}}], context: thred}}]"),
    "an alias": "known:\n  - &a {case: f}\n  - *a\n",
}


def message_of(name: str) -> str:
    case_file = None if name.endswith("of several") else Path("fake.yaml")
    with pytest.raises(BookError) as caught:
        parse_book(BAD[name], Path("known/other/fake.yaml"), "other", case_file)
    return str(caught.value)


def test_what_is_said_of_wrong_books_is_as_in_the_golden_file(golden: CheckGolden) -> None:
    golden("book_errors.txt", "\n".join(f"# {name}\n{message_of(name)}\n" for name in BAD))


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_told_with_file_line_and_column(name: str) -> None:
    found = re.match(r"known/other/fake\.yaml:(\d+):(\d+): ", message_of(name))
    assert found
    line, column = map(int, found.groups())
    lines = [*BAD[name].split("\n"), ""]
    assert 1 <= column <= len(lines[line - 1]) + 1


def test_an_entry_is_read_with_all_its_fields() -> None:
    more = (
        "reference: '^2$', where: 'f', context: thread, versions: {python: '<3.15'}, intermittent: 0.25, replay_in: f, "
        "after: [{program: [{call: g}, {get: x}], context: except, observe: [state]}, {program: [{call: h}]}]"
    )
    text = books.written(f"{GOOD}, {more}").replace("blame: who", "blame: layer")
    (entry,) = books.parsed(text.replace("unreported", "'https://example.org/1'"))
    spec = entry.spec
    assert (entry.backend, entry.pattern, entry.home) == ("other", "fake:f", "fake:f")
    assert entry.position == "known/other/fake.yaml:2:5"
    assert (entry.reason, spec.found, spec.link) == ("layer: r", datetime.date(2026, 1, 2), "https://example.org/1")
    assert (spec.reference, spec.other, spec.where) == ("^2$", "^1$", "f")
    assert (spec.context, spec.intermittent, spec.witness[0].kind) == ("thread", 0.25, "call")
    program = Known([entry], ("equality",)).program_of(entry, "m")
    assert (program.steps, program.observe) == ((Step("call", "f"),), ("equality",))
    assert program.after == (
        Program("m", (Step("call", "g"), Step("get", "x", (Result(0),))), "except", ("state",)),
        Program("m", (Step("call", "h"),), observe=("equality",)),
    )


def test_an_entry_without_a_reason_is_read_and_is_unexplained() -> None:
    assert books.parsed(books.written(GOOD.replace("reason: r", "reason: ''")))[0].unexplained
    blamed = books.written(GOOD)
    assert books.parsed(blamed.replace("blame: who", "blame: ''"))[0].unexplained, "nobody is blamed"
    assert not books.parsed(blamed)[0].unexplained
    anything = blamed.replace("other: '^1$'", "any_difference: ''")
    assert books.parsed(anything)[0].unexplained


# --- conditions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "version", "met"),
    [
        ("0.6.*", "0.6.3", True),
        ("0.6.*", "0.7.0", False),
        ("0.6.0", "0.6.0", True),
        ("<3.15", "3.14", True),
        (">=3.14, <3.16", "3.15", True),
        (">=3.14,<3.16", "3.16", False),
        ("!=0.6.1", "0.6.1", False),
        ("<0.7", "0.6.0a1", True),
    ],
)
def test_a_condition_on_a_version(condition: str, version: str, met: bool) -> None:
    assert books.entry(versions={"interpreter": condition}).holds_for({"interpreter": version}) == met


def test_a_condition_on_what_the_backend_does_not_tell_is_an_error() -> None:
    with pytest.raises(BookError, match=r"^known/other/fake\.yaml:3:1: versions: other tells no version 'pyhton'; it"):
        books.entry(versions={"pyhton": "1"}).holds_for({"python": "3.14"})
    with pytest.raises(BookError, match="versions: host is no version but 'abc'"):
        books.entry(versions={"host": "1"}).holds_for({"host": "abc"})
    with pytest.raises(ValueError, match="'new' is no condition on a version"):
        specifiers("new")


# --- against the case files ------------------------------------------------------------------------

NAMES = [f"one:c{number}" for number in range(COVERED_LIMIT + 1)] + ["two:c1"]


def of_several(fields: str) -> str:
    return f"{SEVERAL}{fields}, {OF_SEVERAL}"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("case: 'one:d1'", "one: unknown case 'd1'; there are c0, c1,"),
        ("case: 'three:c1'", "there is no case file three.yaml"),
        ("case: 'o*:d*', replay_in: 'one:c1'", "o*: unknown case 'd*'; there are"),
        ("case: 'one:*', replay_in: 'one:d1'", "replay_in: one: unknown case 'd1'"),
        ("case: 'one:*', replay_in: 'one:c1'", "'one:*' covers 21 cases, and an entry that does not name one"),
    ],
)
def test_an_entry_about_no_case_or_too_many_is_an_error(fields: str, message: str) -> None:
    entries = parse_book(of_several(fields), Path("known/other/everywhere.yaml"), "other", None)
    with pytest.raises(BookError) as caught:
        check_entries(entries, NAMES)
    assert str(caught.value).startswith(f"known/other/everywhere.yaml:2:5: {message}")


@pytest.mark.parametrize("case", ["'one:c?'", "'*:c1'", "'one:c1*'"])
def test_a_pattern_may_cover_twenty_cases(case: str) -> None:
    entries = parse_book(of_several(f"case: {case}, replay_in: 'one:c1'"), Path("x.yaml"), "other", None)
    check_entries(entries, NAMES)


def test_a_pattern_may_cover_more_cases_if_its_entry_names_one_difference() -> None:
    text = of_several("case: 'one:*', replay_in: 'one:c1'").replace("'^1$'", "'^raised KeyError: .outer'")
    check_entries(parse_book(text, Path("x.yaml"), "other", None), NAMES)


@pytest.mark.parametrize(
    ("patterns", "particular"),
    [
        ({}, False),
        ({"reference": ".*", "other": ""}, False),
        ({"reference": "^returned$", "other": "^raised"}, False),
        ({"other": "^null$"}, False),
        ({"reference": "^returned$", "other": "^raised .*__dictoffset__"}, True),
        ({"reference": "collected", "other": "^(?!.*collected)"}, True),
    ],
)
def test_what_names_one_difference(patterns: dict[str, str], particular: bool) -> None:
    assert names_one_difference(books.entry(**patterns)) == particular


def test_a_file_of_the_book_about_no_case_file_is_an_error(tmp_path: Path) -> None:
    case_file = parse_case_file("extension: x\ncases:\n  f: {}\n", tmp_path / "fake.yaml")
    books.put(tmp_path, books.written(GOOD), backend="other", file="fake")
    book = Book([tmp_path])
    check_book(book, [case_file], ["other", "third"])
    stray = books.put(tmp_path, books.written(GOOD), backend="other", file="gone")
    with pytest.raises(BookError, match=re.escape(f"{stray}:1:1: there is no case file gone.yaml")):
        check_book(book, [case_file], ["other"])


def test_what_several_files_share_may_stand_in_one_file_for_the_backend(tmp_path: Path) -> None:
    (tmp_path / "known").mkdir()
    (tmp_path / "known/other.yaml").write_text(of_several("case: 'fake:f'"))
    (entry,) = Book([tmp_path], tmp_path).of_several("other")
    assert entry.is_about("fake:f", Path("anywhere/fake.yaml"))
    assert entry.position == "known/other.yaml:2:5"


def test_our_own_book_holds_together() -> None:
    from harness.cases import read_case_file

    directory = ROOT / "cases"
    files = [read_case_file(path) for path in sorted(directory.glob("*.yaml"))]
    book = Book([directory])
    backends = sorted(path.name for path in (directory / "known").iterdir())
    check_book(book, files, backends)
    every = [each for file in files for backend in backends for each in book.of_file(file.path, backend)]
    every += [entry for backend in backends for entry in book.of_several(backend)]
    assert len(every) > 500
    assert not [entry.position for entry in every if entry.unexplained]


# --- patterns --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "patterns"),
    [
        ([("1", "wrong")], ("^1$", "^wrong$")),
        ([("1", "wrong"), ("-2.5", "wrong")], (r"^-?[\d.e+-]+$", "^wrong$")),
        ([("int 5 is too large", "a"), ("int 7 is too large", "b")], (r"^int -?[\d.e+-]+ is too large$", r"^\w+$")),
        ([("'a' is no int", "x"), ("'a b' is no int", "x")], (r"^'a[\s\S]*' is no int$", "^x$")),
        ([('["l",1]', "null"), ('["l"]', "null")], (r'^\["l"[\s\S]*\]$', "^null$")),
        ([("one thing", "a?"), ("it", "!!!")], ("^(?:it|one thing)$", r"^(?:!!!|a\?)$")),
        ([("<a at 0x7f00aa>", "\x00\ud800")], ("^<a at 0x[0-9a-fA-F]+>$", r"^\x00\ud800$")),
    ],
)
def test_patterns_are_as_wide_as_what_was_seen(
    seen: list[tuple[str, str]], patterns: tuple[str | None, str | None]
) -> None:
    assert patterns_of(seen) == patterns


def test_of_a_long_text_what_is_around_the_difference_is_expected() -> None:
    reference, other = patterns_of([("a" * 500 + "b" + "c" * 500, "a" * 500 + "d" + "c" * 500)])
    assert reference == "a" * 40 + "b" + "c" * 79
    assert other == "a" * 40 + "d" + "c" * 79


def test_where_nothing_is_in_common_nothing_is_expected() -> None:
    assert (
        patterns_of([(f"{letter} " * number, "x?!"[number % 3]) for number, letter in enumerate("abcdef")])[0] is None
    )


texts = st.one_of(any_text(), st.text("ab 1\n'", max_size=8), st.integers().map(str))


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6))
def test_what_was_seen_is_what_is_expected(seen: list[tuple[str, str]]) -> None:
    patterns = patterns_of(seen)
    assert all(parts_match(*patterns, pair) for pair in seen)
    assert all(pattern is None or pattern.isprintable() for pattern in patterns)


NAMELESS = r"^(?P<before>.*?)\bsample\.(?P<after>.*)$", "^(?P=before)(?P=after)$"


@pytest.mark.parametrize(
    ("parts", "known"),
    [
        (("no sample.Foo (1 given)", "no Foo (1 given)"), True),
        (("no sample.Foo (1 given)", "no Foo (2 given)"), False),
        (("no sample.Foo (1 given)", "nothing"), False),
        (("no sample.Foo+", "no Foooo"), False),
        (("no Foo", "no Foo"), False),
    ],
)
def test_what_one_backend_says_may_be_expected_in_the_words_of_the_other(parts: tuple[str, str], known: bool) -> None:
    assert parts_match(*NAMELESS, parts) == known


def test_a_group_may_have_matched_nothing_and_a_pattern_may_have_its_own() -> None:
    assert parts_match("^(?P<sign>-)?1$", "^(?P=sign)2$", ("1", "2"))
    assert parts_match("^(?P<sign>-)?1$", "^(?P=sign)2$", ("-1", "-2"))
    assert parts_match("1", "^(?P<mark>.)x(?P=mark)$", ("1", "'x'"))
    assert not parts_match("1", "^(?P<mark>.)x(?P=mark)$", ("1", "'x\""))


# --- writing ---------------------------------------------------------------------------------------

WRITTEN = """\
# About the book.
known:
  # First things.
  - case: a
    kind: value   # of all kinds
    witness:
      - {call: f, args: ['\\U0001f600', [{}]]}
      # so much for a

  # Second things.
  - {case: b, kind: value, witness: [{call: g}]}
# The end.
"""


def draft(case: str, place: str) -> str:
    return f'  - case: {case}\n    kind: type\n    place: "{place}"\n    reason: ""\n    witness:\n      - {{call: f}}'


def test_new_entries_go_behind_those_of_their_case_and_nothing_else_changes(tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_text(WRITTEN)
    lines = add_entries(path, [draft("c", "c()"), draft("a", "a()"), draft("b", "b()"), draft("a", "again()")])
    text = path.read_text()
    assert [text.splitlines()[line - 1].strip() for line in lines] == [f"- case: {case}" for case in "aabc"]
    places = re.findall(r'place: "(\w+)\(\)"', text)
    assert places == ["a", "again", "b", "c"]
    for place in ("c()", "b()", "again()", "a()"):
        case = place[0] if place != "again()" else "a"
        text = text.replace(draft(case, place) + "\n", "")
    assert text == WRITTEN
    assert path.read_text().index("so much for a") < path.read_text().index('"a()"') < path.read_text().index("Second")


@pytest.mark.parametrize("empty", [None, "known:\n", "# mine\nknown: []\n", "known: null"])
def test_the_first_entry_can_be_written(tmp_path: Path, empty: str | None) -> None:
    path = tmp_path / "known/other/book.yaml"
    if empty is not None:
        path.parent.mkdir(parents=True)
        path.write_text(empty)
    lines = add_entries(path, [draft("a", "a()"), draft("b", "b()")])
    assert path.read_text().replace("# mine\n", "") == f"known:\n{draft('a', 'a()')}\n{draft('b', 'b()')}\n"
    assert lines == ([2, 8] if empty != "# mine\nknown: []\n" else [3, 9])


def test_lists_that_are_written_in_another_way(tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_bytes(b"known:\r\n- case: a\r\n  kind: value\r\n")
    add_entries(path, [draft("a", "a()")])
    assert path.read_bytes().startswith(b"known:\r\n- case: a\r\n  kind: value\r\n- case: a\r\n  kind: type\r\n")
    path.write_text("known: [{case: a}]\n")
    with pytest.raises(BookError, match=r"book\.yaml:1:8: nothing can be added to a list in brackets"):
        add_entries(path, [draft("a", "a()")])
