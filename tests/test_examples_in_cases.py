"""Fixed examples of a case, and the patch that adds one: what is written is read back, and nothing else changes."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_plugin import NUMBER, Project, project, text_of  # noqa: F401

from harness.acting.patch import repository_of, unified, with_example
from harness.cases import parse_case_file
from harness.codec import encode_program
from harness.errors import CaseFileError
from harness.handshake import Capabilities
from harness.odd_strategies import anything
from harness.plain_strategies import any_text
from harness.program import Program, Step
from harness.strategies import example_programs, executable
from harness.values import Result, Value

HEAD = "extension: sample\ncases:\n"


def call(*arguments: Value, name: str = "f", context: str = "plain", **keywords: Value) -> Program:
    return Program("sample", (Step("call", name, arguments, tuple(keywords.items())),), context)  # type: ignore[arg-type]


SEVERAL = Program(
    "sample",
    (Step("call", "Thing", (1,)), Step("method", "grow", (Result(0), "é")), Step("forget", count=0)),
    "except",
)


def added(text: str, program: Program, case: str = "f", called: str = "f") -> tuple[str, tuple[Program, ...]]:
    """Return the text with one more example, and the examples of the case that are read back."""
    after = with_example(text, case, program, called)
    found = {each.name: each for each in parse_case_file(after, Path("c.yaml")).cases}
    return after, example_programs(found[case], "sample")


# --- where it is put --------------------------------------------------------------------------------

PLACES = {
    "at the end of a case": (
        "  f:\n    args: ['integers()']   # all\n\n  # The next.\n  g:\n    args: []\n",
        "  f:\n    args: ['integers()']   # all\n    examples:\n      - {args: [\"5\"]}\n"
        "\n  # The next.\n  g:\n    args: []\n",
    ),
    "after other examples": (
        "  f:\n    args: ['integers()']\n    examples:\n      # The first.\n      - {args: ['1']}   # one\n"
        "    max_examples: 5\n",
        "  f:\n    args: ['integers()']\n    examples:\n      # The first.\n      - {args: ['1']}   # one\n"
        '      - {args: ["5"]}\n    max_examples: 5\n',
    ),
    "in a list of another style": (
        "  f:\n    examples:\n    - args:\n      - '1'\n    - {args: ['2']}\n    args: ['integers()']\n",
        "  f:\n    examples:\n    - args:\n      - '1'\n    - {args: ['2']}\n"
        "    - {args: [\"5\"]}\n    args: ['integers()']\n",
    ),
    "in brackets": (
        "  f: {args: ['integers()'], max_examples: 5}  # é\n",
        "  f: {args: ['integers()'], max_examples: 5, examples: [{args: [\"5\"]}]}  # é\n",
    ),
    "among examples in brackets": (
        "  é: {}\n  f: {args: ['integers()'], examples: [{args: ['1']}, ], max_examples: 5}\n",
        "  é: {}\n  f: {args: ['integers()'], examples: [{args: ['1']}, {args: [\"5\"]}, ], max_examples: 5}\n",
    ),
    "in empty brackets": ("  f: {}\n  g: {}\n", '  f: {examples: [{args: ["5"]}]}\n  g: {}\n'),
    "in a case without anything": ("  f:\n  g:\n", '  f:\n    examples:\n      - {args: ["5"]}\n  g:\n'),
    "in a case that says so": ("  f: null\n  g:\n", '  f:\n    examples:\n      - {args: ["5"]}\n  g:\n'),
    "in the last line": (
        "  f:\n    args: ['integers()']",
        "  f:\n    args: ['integers()']\n    examples:\n      - {args: [\"5\"]}",
    ),
    "in the lines of another system": (
        "  f:\r\n    args: ['integers()']\r\n",
        "  f:\r\n    args: ['integers()']\r\n    examples:\r\n      - {args: [\"5\"]}\r\n",
    ),
    "after a long text": (
        "  f:\n    args:\n      - >-\n        integers()\n\n  g:\n",
        '  f:\n    args:\n      - >-\n        integers()\n    examples:\n      - {args: ["5"]}\n\n  g:\n',
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_example_is_added_and_no_other_line_changes(place: str) -> None:
    before, after = PLACES[place]
    head = HEAD.replace("\n", "\r\n") if "\r" in before else HEAD
    before = before.replace("é:", "e:")
    text, programs = added(head + before, call(5))
    assert text == head + after.replace("é:", "e:")
    assert programs[-1] == call(5)


@pytest.mark.parametrize("place", PLACES)
def test_a_program_of_several_steps_is_added_whole(place: str) -> None:
    before = PLACES[place][0].replace("é:", "e:").replace("args: ['integers()']", "program: {start: [{call: Thing}]}")
    before = re.sub(r"args:\n +- >-\n +integers\(\)", "program:\n      start: [{call: Thing}]", before)
    before = re.sub(r"\{args: \['\d'\]\}", "{program: [{call: Thing}]}", before).replace(
        "args:\n      - '1'", "program:\n      - {call: Thing}"
    )
    _, programs = added(HEAD + before, SEVERAL, called="")
    assert programs[-1] == SEVERAL


@given(st.lists(anything(), max_size=3), st.dictionaries(any_text(), anything(), max_size=2), st.booleans())
def test_what_is_added_is_the_program_that_was_found(
    arguments: list[Value], keywords: dict[str, Value], in_brackets: bool
) -> None:
    program = call(*arguments, **keywords)
    text = HEAD + ("  f: {args: []}\n" if in_brackets else "  f:\n    args: []\n")
    _, (read,) = added(text, program)
    assert encode_program(read) == encode_program(program)


# --- what is run ----------------------------------------------------------------------------------------


def test_examples_are_run_before_anything_is_drawn(project: Project) -> None:  # noqa: F811
    project.cases(
        differ="args: ['integers(0, 5)'], examples: [{args: ['7']}, {args: ['123']}]",
        agree="args: ['integers()'], examples: [{args: ['123']}]",
    )
    result = project.run("-q", "--examples=5")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["  > differ(123)"])
    assert "Keep it:" not in text_of(result), "it is an example already"
    assert not list((project.path / "results/findings").glob("*.patch"))


def test_the_patch_that_is_left_can_be_applied_and_its_example_is_run(project: Project) -> None:  # noqa: F811
    path = project.path / "cases/sample.yaml"
    path.parent.mkdir()
    text = f"# Ours.\n{HEAD}  differ:\n    args: [{NUMBER}]    # any\n\n  agree: {{args: ['none()']}}\n"
    path.write_text(text)
    (command,) = re.findall(r"^Keep it:      (git apply .+)$", text_of(project.run("-q")), re.MULTILINE)
    subprocess.run(["git", "init", "-q"], cwd=project.path, check=True)
    subprocess.run(command.split(), cwd=project.path, check=True)
    assert path.read_text() == text.replace("# any\n", '# any\n    examples:\n      - {args: ["100"]}\n')
    project.run("-q", "--examples=1", "-k", "differ").assert_outcomes(failed=1)
    (item,) = project.items().values()
    assert [each.text for each in item.findings] == ["differ(100)"]


def test_a_patch_is_from_the_repositorys_root(tmp_path: Path) -> None:
    (tmp_path / "repository/.git").mkdir(parents=True)
    project_root = tmp_path / "repository/bindings"
    assert repository_of(project_root / "cases/sample.yaml", project_root) == tmp_path / "repository"
    assert repository_of(tmp_path / "cases/sample.yaml", tmp_path) == tmp_path
    assert repository_of(tmp_path / "cases/sample.yaml", tmp_path / "elsewhere") == tmp_path / "cases"


def test_a_patch_of_a_file_without_a_last_line_end_says_so() -> None:
    assert unified("a\nb", "a\nb\nc", "x/y") == (
        "--- a/x/y\n+++ b/x/y\n@@ -1,2 +1,3 @@\n a\n-b\n"
        "\\ No newline at end of file\n+b\n+c\n\\ No newline at end of file\n"
    )


def test_examples_that_a_backend_cannot_execute_are_left_out() -> None:
    text = f"{HEAD}  f:\n    examples: [{{context: exit}}, {{args: ['1']}}, {{args: [\"'\\\\ud83d\\\\ude00'\"]}}]\n"
    (case,) = parse_case_file(text, Path("c.yaml")).cases
    programs = example_programs(case, "sample")
    assert executable(programs, Capabilities(contexts=("plain", "exit"))) == programs
    assert len(programs) == 3
    lacking = Capabilities(surrogate_pairs=False, contexts=("plain",))
    assert executable(programs, lacking) == (call(1),)
    before = replace(call(1), after=(replace(call(2), context="exit"),))
    assert executable((before, call(1)), lacking) == (call(1),)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("examples: [{args: [integers()]}]", "4:24: case 'f', example 1: "),
        (
            "program: {start: [{call: f}]}\n    examples: [{args: ['1']}]",
            "5:16: case 'f', example 1: the case is a program",
        ),
        ("examples: [{args: ['1'], program: [{call: f}]}]", "4:16: case 'f', example 1: a 'program' has steps, and"),
        ("examples: [{}, {program: []}]", "4:20: case 'f', example 2: a 'program' has steps, and"),
        ("examples: [{program: [{call: f, get: g}]}]", "a step is exactly one of"),
        ("examples: [{program: [{method: f, args: ['nonsense']}]}]", "case 'f', example 1: "),
        ("examples: [{argz: []}]", "unknown field 'argz'; did you mean 'args'?"),
        ("examples: [{context: nowhere}]", "unknown context 'nowhere'"),
        ("examples: [{program: [{cal: f}]}]", "unknown field 'cal'; did you mean 'call'?"),
    ],
)
def test_a_wrong_example_is_told_with_its_place(case: str, message: str) -> None:
    with pytest.raises(CaseFileError) as raised:
        parse_case_file(f"{HEAD}  f:\n    {case}\n", Path("c.yaml"))
    assert message in str(raised.value)
