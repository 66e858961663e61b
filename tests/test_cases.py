"""Case files: what is read, and what is said of those that cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import CheckGolden
from harness.cases import FILE_LIMIT_BYTES, CaseFile, parse_case_file, read_case_file, source_of
from harness.errors import CaseFileError
from harness.handshake import Capabilities
from harness.program import STEP_KINDS
from harness.strategies import programs_of

ROOT = Path(__file__).parents[1]
FILE = Path("bad.yaml")


def parse(text: str) -> CaseFile:
    return parse_case_file(text, FILE)


def message_of(text: str) -> str:
    with pytest.raises(CaseFileError) as caught:
        parse(text)
    return str(caught.value)


def case(body: str) -> str:
    """Return a case file whose only case has this body, indented by four."""
    return "extension: numbers\ncases:\n  add:\n" + "".join(f"    {line}\n" for line in body.splitlines())


def step(text: str) -> str:
    return case(f"program:\n  start:\n    - {text}")


# Each is wrong in one way; the messages are in golden/case_errors.txt.
BAD: dict[str, str] = {
    "unknown context": case("contexts: [generatr]"),
    "unknown thing to observe": case("observe: [stat]"),
    "empty": "",
    "only a comment": "# nothing\n",
    "a list": "- 1\n- 2\n",
    "a scalar": "just text\n",
    "no cases": "extension: numbers\n",
    "no extension": "cases: {}\n",
    "unknown at the top": "extension: numbers\ncases: {}\nexmaples: 5\n",
    "cases are a list": "extension: numbers\ncases:\n  - add\n",
    "cases are nothing": "extension: numbers\ncases:\n",
    "extension is a number": "extension: 5\ncases: {}\n",
    "extension is a list": "extension: [numbers]\ncases: {}\n",
    "case name with a space": "extension: numbers\ncases:\n  add one: {}\n",
    "case name with a bracket": "extension: numbers\ncases:\n  'add[1]': {}\n",
    "case name is a number": "extension: numbers\ncases:\n  1: {}\n",
    "case name is null": "extension: numbers\ncases:\n  null: {}\n",
    "case name is a boolean": "extension: numbers\ncases:\n  true: {}\n",
    "case is a list": "extension: numbers\ncases:\n  add: [1]\n",
    "case is an empty list": "extension: numbers\ncases:\n  add: []\n",
    "case is false": "extension: numbers\ncases:\n  add: false\n",
    "case twice": "extension: numbers\ncases:\n  add: {}\n  sub: {}\n  add: {}\n",
    "field twice": case("args: ['1']\nargs: ['2']"),
    "field twice, deep": case("program:\n  start:\n    - {call: f, call: g}"),
    "key is a list": case("? [a]\n: 1"),
    "tab": "extension: numbers\ncases:\n\tadd: {}\n",
    "unclosed list": case("args: ['1', '2'"),
    "unclosed quote": case("args: ['1"),
    "bad indentation": "extension: numbers\ncases:\n  add: {}\n sub: {}\n",
    "control character": "extension: numbers\ncases:\n  add: {args: ['\x01']}\n",
    "two documents": "extension: numbers\ncases: {}\n---\nextension: text\n",
    "tag for python": case("args: [!!python/object/apply:os.system ['true']]"),
    "unknown tag": case("args: [!thing 5]"),
    "date": case("args: [2020-01-01]"),
    "set": case("args: !!set {a, b}"),
    "alias": case("args: &a ['1']\nkwargs: *a"),
    "alias of a mapping": case("program: &p\n  start: [{call: f}]\n  steps: [{call: g, kwargs: *p}]"),
    "alias of itself": case("args: &a [*a]"),
    "billion laughs": case("args:\n  - &a [x, x]\n  - &b [*a, *a]\n  - &c [*b, *b]"),
    "alias of nothing": case("args: [*missing]"),
    "merge key": "extension: numbers\ncases:\n  add: &x {args: ['1']}\n  sub: {<<: *x}\n",
    "nested too deep": case("args: " + "[" * 3000 + "]" * 3000),
    "too large": "#" * (FILE_LIMIT_BYTES + 1),
    "unknown field": case("argz: ['1']"),
    "unknown field, nothing near": case("frobnicate: 1"),
    "unknown field in a program": case("program:\n  begin: []\n  start: []"),
    "unknown field in a step": step("{call: f, argz: ['1']}"),
    "missing field": case("program: {steps: []}"),
    "args is text": case("args: integers()"),
    "args holds a list": case("args: [[1]]"),
    "kwargs is a list": case("kwargs: [a]"),
    "kwargs with a number for a name": case("kwargs: {1: none()}"),
    "max_examples is zero": case("max_examples: 0"),
    "max_examples is text": case("max_examples: many"),
    "timeout is negative": case("timeout_s: -1"),
    "max_steps too large": case("program: {start: [], max_steps: 100000}"),
    "iterate is negative": step("{iterate: -1}"),
    "on is a boolean": step("{get: x, on: true}"),
    "on is no expression": step("{get: x, on: 'foo()'}"),
    "no kind of step": step("{args: ['1']}"),
    "two kinds of step": step("{call: f, get: x}"),
    "unknown operator": step("{operator: ad, args: ['1']}"),
    "unknown builtin": step("{builtin: length}"),
    "program beside a call": case("call: f\nprogram: {start: []}"),
    "program beside args": case("args: ['1']\nprogram: {start: []}"),
    "unknown rule": case("rules: [panic-thread-ids]"),
    "unknown rule, nothing near": case("rules: [panic-thread-id, everything]"),
    "known in a case": case("args: []\nknown:\n  - {backend: b}"),
    "known of the surface": "extension: numbers\nsurface:\n  known: []\ncases: {}\n",
    "known everywhere": "extension: numbers\ncases: {}\neverywhere:\n  known: []\n",
    "a file of the book": "known:\n  - {case: add}\n",
    "unknown name": case("args: ['intgers()']"),
    "unknown name, later": case('args: ["1", "lists(intgers())"]'),
    "unknown name, plain": case("args: [intgers()]"),
    "unknown name, block": case("args:\n  - lists(intgers())"),
    "unknown name, literal": case("args:\n  - |\n    one_of(\n      intgers())"),
    "unknown name, escaped": case('args: ["lists(\\u0069ntgers())"]'),
    "unknown name, after an apostrophe": case("args: ['one_of(just(''a''), intgers())']"),
    "unknown name, over two lines": case("args: ['one_of(none(),\n  intgers())']"),
    "unknown name, after an accent": case("args: [\"tuples('é', intgers())\"]"),
    "unknown name in kwargs": case("kwargs: {base: 'intgers()'}"),
    "unknown name in extra_args": case("extra_args: 'lists(intgers())'"),
    "unknown name in a value": step("{set: x, value: 'intgers()'}"),
    "unquoted comma": case("args: [integers(0, 5)]"),
    "unquoted comma, three": case("args: [none(), one_of(none(), text())]"),
    "attribute": case("args: ['integers().map(str)']"),
    "wrong arguments": case("args: ['integers(5, 1)']"),
    "empty expression": case("args: ['']"),
    "bomb": case("args: ['2 ** 2 ** 40']"),
    "colon in an expression": case("args: [{'a': 1}]"),
}


def test_what_is_said_of_each_bad_file_is_as_in_the_golden_file(golden: CheckGolden) -> None:
    golden("case_errors.txt", "\n".join(f"# {name}\n{message_of(text)}\n" for name, text in BAD.items()))


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_file_line_and_column(name: str) -> None:
    message = message_of(BAD[name])
    found = re.fullmatch(r"bad\.yaml:(\d+):(\d+): (.+)", message)
    assert found, message
    lines = BAD[name].split("\n")
    assert int(found[1]) <= len(lines) + 1
    assert len(message) < 1000


POINTS_AT = {
    "unknown at the top": "exmaples",
    "cases are a list": "- add",
    "extension is a number": "5",
    "case name with a space": "add one",
    "case name is null": "null",
    "case is a list": "[1]",
    "unknown field": "argz",
    "unknown field in a program": "begin",
    "unknown field in a step": "argz",
    "unknown rule, nothing near": "everything",
    "unknown operator": "ad",
    "unknown builtin": "length",
    "max_examples is zero": "0",
    "on is no expression": "foo()",
    "unknown name": "intgers()",
    "unknown name, later": "intgers()",
    "unknown name, plain": "intgers()",
    "unknown name, block": "intgers()",
    "unknown name, after an accent": "intgers()",
    "unknown name in kwargs": "intgers()",
    "unknown name in extra_args": "intgers()",
    "unknown name in a value": "intgers()",
    "attribute": "integers().map(str)",
    "two kinds of step": "{call: f, get: x}",
}


@pytest.mark.parametrize("name", POINTS_AT)
def test_line_and_column_point_at_what_is_wrong(name: str) -> None:
    _, line, column, _ = message_of(BAD[name]).split(":", 3)
    assert BAD[name].split("\n")[int(line) - 1][int(column) - 1 :].startswith(POINTS_AT[name])


# --- what is read ----------------------------------------------------------------------------------


def test_a_case_is_read_with_all_its_fields() -> None:
    text = case(
        "call: Account.open\nargs: ['integers()', 5, null, 1.5, true]\nkwargs: {base: 'none()'}\n"
        "extra_args: 'lists(none())'\nextra_kwargs: '{}'\nrules: [nan-payloads]\nmax_examples: 50\ntimeout_s: 2\n"
    )
    found = parse(text)
    assert (found.extension, found.path) == ("numbers", FILE)
    [read] = found.cases
    assert (read.name, read.line, read.file, read.extension) == ("add", 3, FILE, "numbers")
    assert read.spec.args == ("integers()", 5, None, 1.5, True)
    assert (read.spec.max_examples, read.spec.timeout_s, read.spec.rules) == (50, 2.0, ("nan-payloads",))


def test_cases_keep_the_order_of_the_file_and_know_their_lines() -> None:
    found = parse("extension: numbers\ncases:\n  b: {}\n\n  a:\n  c-1: {}\n")
    assert [(each.name, each.line) for each in found.cases] == [("b", 3), ("a", 5), ("c-1", 6)]


def test_on_and_no_and_off_are_words() -> None:
    # YAML 1.1 would make booleans of them.
    found = parse(step("{get: no, on: 0}") + "  off: {args: [yes]}\n".replace("yes", "'1'"))
    assert found.cases[0].spec.program is not None
    first = found.cases[0].spec.program.start[0]
    assert (first.get, first.on) == ("no", 0)
    assert found.cases[1].name == "off"


@pytest.mark.parametrize(
    ("scalar", "source"),
    [
        ("5", "5"),
        ("-1", "-1"),
        ("1.5", "1.5"),
        (".inf", "inf"),
        ("-.inf", "-inf"),
        (".nan", "nan"),
        ("true", "True"),
        ("null", "None"),
        ("~", "None"),
        ("'5'", "5"),
        ("none()", "none()"),
        ("1e3", "1e3"),
        ("0x10", "16"),
    ],
)
def test_a_scalar_of_yaml_stands_for_itself(scalar: str, source: str) -> None:
    assert source_of(parse(case(f"args: [{scalar}]")).cases[0].spec.args[0]) == source


def test_a_scalar_may_be_used_twice_by_an_alias() -> None:
    # Only an alias of a container could hide a bomb.
    assert parse(case("args: [&a '1', *a]")).cases[0].spec.args == ("1", "1")


def test_a_file_with_a_byte_order_mark_and_windows_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + case("args: ['1']").replace("\n", "\r\n").encode())
    assert [each.name for each in read_case_file(path).cases] == ["add"]


def test_a_file_that_is_not_there_or_not_utf8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    with pytest.raises(CaseFileError, match=r"case\.yaml: cannot be read: No such file or directory$"):
        read_case_file(path)
    path.write_bytes(b"extension: \xff\n")
    with pytest.raises(CaseFileError, match=r"case\.yaml: is not UTF-8: invalid start byte at byte 11$"):
        read_case_file(path)
    with pytest.raises(CaseFileError, match=r"cannot be read: Is a directory$"):
        read_case_file(tmp_path)


@pytest.mark.parametrize("path", sorted((ROOT / "cases").glob("*.yaml")), ids=lambda path: path.name)
def test_every_case_file_of_the_repository_is_read_and_can_be_drawn_from(path: Path) -> None:
    found = read_case_file(path)
    assert found.cases
    for each in (*found.cases, *found.built_in):
        programs_of(each, "module", Capabilities()).validate()


def test_every_kind_of_step_is_a_field() -> None:
    for kind in STEP_KINDS:
        argument = {
            **{"iterate": "3", "forget": "0", "operator": "add", "builtin": "len", "await": "run"},
            **{"apply": "0", "unpack": "'*'", "pickle": "2", "collect": "0"},
        }.get(kind, "name")
        program = parse(step(f"{{{kind}: {argument}}}")).cases[0].spec.program
        assert program is not None
        assert program.start[0].kind == kind


@pytest.mark.parametrize(
    ("targets", "good"),
    [
        *((each, True) for each in ("a,", "a, b", "a, *b, c", "*a,", "*", "**")),
        *((each, False) for each in ("a", "*a", "*a, *b", "a b", "a, b = c", "***")),
    ],
)
def test_targets_to_unpack_into_are_checked(targets: str, good: bool) -> None:
    given = step(f"{{unpack: '{targets}'}}")
    if good:
        assert parse(given).cases
    else:
        with pytest.raises(CaseFileError, match=r"bad\.yaml:.*are unpacked into, not"):
            parse(given)
