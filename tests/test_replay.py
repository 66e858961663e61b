"""``--replay`` of items that are no cases of case files: the surface, those of ``--auto``, tests in Python."""

from __future__ import annotations

import re
import shutil

import pytest
from test_acting import command
from test_auto_plugin import unknown  # noqa: F401
from test_plugin import PYPROJECT, Project, project, text_of  # noqa: F401
from test_python_tests import BEGIN, python, write  # noqa: F401

from harness.acting.replay import ALONE, Replay, in_one_word
from harness.acting.stored import finding_name


def name_of(project: Project, item: str) -> str:  # noqa: F811
    (record,) = project.items()[item].findings
    return finding_name(item, record.kind, record.place)


def word_of(project: Project, name: str) -> str:  # noqa: F811
    """Return the option that a finding's script says, which needs no log."""
    script = (project.path / f"results/findings/{name}.py").read_text()
    (option,) = re.findall(r"^    pytest --backend-matrix (--replay=\S+)(?: --auto=PATH)?$", script, re.MULTILINE)
    return str(option)


def mend(project: Project, file: str) -> None:  # noqa: F811
    path = project.path / file
    path.write_text(re.sub(r"^BETA = .*$", "BETA = False", path.read_text(), flags=re.MULTILINE))


# --- the surface ---------------------------------------------------------------------------------------


def test_what_differs_in_the_surface_is_replayed_even_where_the_surface_is_off(project: Project) -> None:  # noqa: F811
    project.configure(PYPROJECT.replace("surface = false\n", ""))
    sample = project.path / "extensions/sample/sample.py"
    sample.write_text(f"{sample.read_text()}\n\nLIMIT = 2 if BETA else 1\n")
    project.cases(agree="")
    project.run("-q", "-k", "surface")
    project.configure()
    name = next(
        finding_name("cases/sample.yaml::surface[beta]", each.kind, each.place)
        for each in project.items()["cases/sample.yaml::surface[beta]"].findings
        if each.place == "value of LIMIT"
    )
    result = project.run(f"--replay={name}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  > value of LIMIT"])
    mend(project, "extensions/sample/sample.py")
    project.run(f"--replay={name}").assert_outcomes(passed=1)


# --- --auto --------------------------------------------------------------------------------------------


def test_what_was_found_without_a_case_is_replayed_without_the_option(unknown: Project) -> None:  # noqa: F811
    told = text_of(unknown.run("-q", "--auto=sampling", "-k", "byte"))
    name = name_of(unknown, "auto:sampling::byte[beta]")
    assert f"\nRun just it:  pytest --backend-matrix --replay={name}\n" in told
    result = unknown.run(f"--replay={name}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  > byte(77)"])
    (item,) = unknown.items("results/replay").values()
    assert (item.item, item.verdict) == ("auto:sampling::byte[beta]", "diverge")
    assert not item.made, "what takes time, to make cases, is not done"
    word = word_of(unknown, name)
    (unknown.path / "results/events.jsonl").unlink()
    unknown.run(word).assert_outcomes(failed=1)
    mend(unknown, "sampling/sampling.py")
    unknown.run(word).assert_outcomes(passed=1)


def test_an_extension_that_lies_elsewhere_is_named_on_the_command_line(
    unknown: Project,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "sampling"
    shutil.move(unknown.path / "sampling", elsewhere)
    unknown.run("-q", f"--auto={elsewhere}", "-k", "byte")
    name = name_of(unknown, "auto:sampling::byte[beta]")
    word = word_of(unknown, name)
    # The log is of this machine, the word may go to another one.
    assert f"{word} --auto=PATH\n" in command("reproduce", name).stdout
    unknown.run(f"--replay={name}").assert_outcomes(failed=1)
    result = unknown.run(word)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    message = "--replay: auto:sampling::byte[beta] lies outside of the project: say where with --auto PATH"
    assert f"ERROR: {message}" in result.errlines
    unknown.run(word, f"--auto={elsewhere}").assert_outcomes(failed=1)
    gone = in_one_word(Replay(ALONE, "auto:gone::f[beta]", "beta", "alpha", ["gone", []], "gone"))
    result = unknown.run(f"--replay={gone}")
    message = f"--replay: auto:gone::f[beta]: {unknown.path}/gone is not there; say with --auto PATH where it is"
    assert f"ERROR: {message}" in result.errlines


# --- tests in Python -----------------------------------------------------------------------------------

JOIN = """
@given(st.integers(0, 20))
def test_join(matrix, value):
    open("was_run", "w").close()
    matrix.call("sampling", "join", ["a"] * value, ",")
"""
BOTH = """
def test_both(matrix):
    matrix.call("sampling", "byte", 1)
    matrix.call("sample", "differ", 100)
"""
ITEM = "test_numbers.py::test_join[beta]"


def test_what_a_test_found_is_replayed_in_it(python: Project) -> None:  # noqa: F811
    write(python, JOIN)
    told = text_of(python.run("-q", "test_numbers.py"))
    name = name_of(python, ITEM)
    assert f"\nRun just it:  pytest --backend-matrix --replay={name}\n" in told
    word = word_of(python, name)
    (python.path / "was_run").unlink()
    result = python.run(f"--replay={name}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*  > join(?'a', 'a', 'a', 'a'?, ',')"])
    assert not (python.path / "was_run").exists(), "the program takes the place of the test's own code"
    (item,) = python.items("results/replay").values()
    assert (item.item, item.verdict, len(item.findings)) == (ITEM, "diverge", 1)
    (python.path / "results/events.jsonl").unlink()
    python.run(word).assert_outcomes(failed=1)
    # What a mark says is known is an expected failure, and another one is not stale for it.
    mark = "@pytest.mark.known_divergence(backend='beta', kind='value', place='{}', reason='so')\n"
    write(python, mark.format("join()") + mark.format("another()") + JOIN.lstrip())
    python.run(word).assert_outcomes(xfailed=1)
    mend(python, "extensions/sampling/sampling.py")
    python.run(word).assert_outcomes(passed=1)


def test_a_test_that_is_about_two_extensions_says_which_a_finding_is_about(python: Project) -> None:  # noqa: F811
    write(python, BOTH)
    python.run("-q", "test_numbers.py")
    (item,) = python.items().values()
    (record,) = item.findings
    assert (item.extension, record.extension) == ("sampling", "sample")
    name = name_of(python, "test_numbers.py::test_both[beta]")
    python.run(f"--replay={name}").assert_outcomes(failed=1)
    done = command("reproduce", name, "--run")
    assert done.exit_code == 1, done.output
    assert "--- They differ." in done.stdout


def test_a_test_that_is_gone_is_told(python: Project) -> None:  # noqa: F811
    gone = in_one_word(Replay(ALONE, "test_gone.py::test[beta]", "beta", "alpha", ["sample", []], "sample"))
    result = python.run(f"--replay={gone}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "file or directory not found" in "\n".join(result.errlines)
    # Of an earlier version, which did not say what such a finding is about.
    write(python, JOIN)
    result = python.run(f"--replay={in_one_word(Replay(ALONE, ITEM, 'beta', 'alpha', ['sample', []]))}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --replay: says not which extension {ITEM} is about; run that again" in result.errlines
