"""What a run says of a finding, leaves of it, and takes back: on backends that need no compiler."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from test_eventlog import EVENTS, FINDING
from test_plugin import FAKES, NUMBER, PYPROJECT, Project, project, text_of  # noqa: F401

from conftest import CheckGolden
from harness.acting.issue import issue_of
from harness.acting.replay import FORMAT, Replay, in_one_word, out_of_one_word
from harness.acting.running import extension_of
from harness.acting.stored import find, finding_name, findings_in
from harness.backends.versions import Changed, Part
from harness.bisect.asking import ask
from harness.builds import Progress
from harness.cli import main
from harness.errors import BuildError, FindingError
from harness.eventlog import BackendEvent, BackendFacts, BlameRecord, VoteRecord
from harness.extensions import Extension, read_extension
from harness.matrix import Matrix
from harness.settings import Overrides, read_settings

ITEM = "cases/sample.yaml::differ[beta]"


def command(*arguments: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(main, arguments) if OLD_CLICK else CliRunner().invoke(main, arguments)


OLD_CLICK = "mix_stderr" in CliRunner.__init__.__code__.co_varnames


@pytest.fixture
def found(project: Project) -> Project:  # noqa: F811
    """A project whose last run has two findings, one in each of two cases."""
    project.cases(differ=f"args: [{NUMBER}]", differ_twice="args: ['sampled_from([0, -100])']")
    project.told = text_of(project.run("-q"))  # type: ignore[attr-defined]
    return project


def name_of(found: Project, item: str = ITEM) -> str:
    (record,) = found.items()[item].findings
    return finding_name(item, record.kind, record.place)


def test_a_finding_says_what_is_left_of_it_and_how_to_run_just_it(found: Project) -> None:
    name = name_of(found)
    told = found.told  # type: ignore[attr-defined]
    assert f"\nStandalone:   results/findings/{name}.py\n" in told
    assert f"\nRun just it:  pytest --backend-matrix --replay={name}\n" in told
    assert len(name) == 8


def test_a_finding_has_the_same_name_in_every_run(found: Project) -> None:
    first = name_of(found)
    found.run("-q", "--hypothesis-seed=7", "--examples=300")
    assert name_of(found) == first
    assert len({name_of(found, item) for item in found.items()}) == 2


def test_the_files_are_those_of_the_last_run_and_nobody_elses(found: Project) -> None:
    directory = found.path / "results/findings"
    (directory / "notes.py").write_text("")
    assert len(list(directory.glob("*.py"))) == 3
    found.run("-q", "-k", "differ_twice")
    name = name_of(found, "cases/sample.yaml::differ_twice[beta]")
    assert {each.name for each in directory.iterdir()} == {"notes.py", f"{name}.py", f"{name}.patch"}


def test_the_script_that_is_left_is_the_one_that_the_command_prints(found: Project) -> None:
    name = name_of(found)
    done = command("reproduce", name[:5])
    assert done.exit_code == 0
    assert done.stdout == (found.path / f"results/findings/{name}.py").read_text()
    assert str(found.path) not in done.stdout


def test_the_command_runs_the_script_on_both_backends(found: Project) -> None:
    done = command("reproduce", name_of(found), "--run")
    assert done.exit_code == 1, done.output
    assert done.stdout == (
        "--- alpha: ended with exit code 0\nreturned <class 'int'> 100\n"
        "--- beta: ended with exit code 0\nreturned <class 'str'> 'wrong'\n"
        "--- They differ.\n"
    )


def test_just_it_is_run_again_and_the_log_stays_as_it_was(found: Project) -> None:
    log = found.path / "results/events.jsonl"
    before = log.read_bytes()
    result = found.run(f"--replay={name_of(found)}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  > differ(100)", "* 1 examples"], consecutive=False)
    assert log.read_bytes() == before
    (item,) = found.items("results/replay").values()
    assert (item.item, item.verdict) == (ITEM, "diverge")


def test_it_passes_when_the_difference_is_gone(found: Project) -> None:
    sample = found.path / "extensions/sample/sample.py"
    sample.write_text(sample.read_text().replace("BETA and value >= 100", "False"))
    found.run(f"--replay={name_of(found)}").assert_outcomes(passed=1)


def test_one_word_is_enough_where_there_is_no_log(found: Project) -> None:
    script = (found.path / f"results/findings/{name_of(found)}.py").read_text()
    (line,) = re.findall(r"^    (pytest --backend-matrix --replay=\S+)$", script, re.MULTILINE)
    (found.path / "results/events.jsonl").unlink()
    # Whatever the settings there say.
    found.configure(PYPROJECT.replace('["beta"]', '["lacking"]').replace('"alpha"', '"uncompilable"'))
    result = found.run(*shlex.split(line)[2:])
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  > differ(100)", "  beta   returned 'wrong'"], consecutive=False)


def test_what_is_known_meanwhile_is_an_expected_failure(found: Project) -> None:
    name = name_of(found)
    entry = (
        "case: differ, kind: type, place: 'differ()', blame: host, reason: so, found: 2026-01-01, reference: '^100$'"
    )
    book = found.path / "cases/known/beta/sample.yaml"
    book.parent.mkdir(parents=True)
    book.write_text(f"known: [{{{entry}, other: wrong, witness: [{{call: differ, args: ['100']}}]}}]\n")
    found.run(f"--replay={name}").assert_outcomes(xfailed=1)


WRONG_WORDS = {
    "00000000": "no finding is called '00000000'; it has\n  {name}  " + ITEM + ": type at differ()",
    "eNonsense": "--replay eNonsense: is neither a finding's name nor what a reproducer says after --replay=",
    in_one_word(Replay(FORMAT, "test_a.py::test[beta]", "beta", "alpha", [])): "says not which extension test_a.py::te",
    in_one_word(Replay(9, "a.yaml::a[beta]", "beta", "alpha", [])): "of format 9, and this version knows 1 and 2",
}


def test_a_wrong_word_is_told(found: Project) -> None:
    for word, message in WRONG_WORDS.items():
        result = found.run(f"--replay={word}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert message.format(name=name_of(found)) in "\n".join(result.errlines)


def test_a_cut_word_is_told() -> None:
    word = in_one_word(Replay(FORMAT, "a.yaml::a[beta]", "beta", "alpha", [["x" * 50]]))
    assert out_of_one_word(word).item == "a.yaml::a[beta]"
    with pytest.raises(FindingError, match="is neither a finding's name nor"):
        out_of_one_word(word[:-10])


def test_commands_say_what_is_missing(project: Project) -> None:  # noqa: F811
    project.cases(agree="args: ['none()']")
    done = command("reproduce", "abc")
    assert done.exit_code == FindingError.exit_code
    assert done.stderr == (
        f"{project.path}/results/events.jsonl: no event log there; "
        "run pytest --backend-matrix, or name one with --log\n"
    )
    project.run("-q")
    assert command("reproduce", "abc").stderr.endswith("no finding is called 'abc'; it has none\n")
    log = Path("broken.jsonl")
    log.write_text("no JSON\n")
    assert "is no event log" in command("reproduce", "abc", "--log", "broken.jsonl").stderr


def test_a_beginning_that_several_findings_have_is_told(found: Project) -> None:
    with pytest.raises(FindingError, match="no finding is called ''"):
        find("", found.path / "results/events.jsonl")


# --- issue reports ------------------------------------------------------------------------------------


def test_an_issue_report_is_as_in_the_golden_file(found: Project, golden: CheckGolden) -> None:
    done = command("report-issue", name_of(found), "--run")
    assert done.exit_code == 0
    text = re.sub(r"[0-9.]+( on \d{4}-\d\d-\d\d) \(.*\)", r"VERSION\1 (VERSIONS)", done.stdout)
    text = re.sub(r"on \d{4}-\d\d-\d\d", "on DATE", re.sub(r"--replay=\S+", "--replay=WORD", text))
    golden("issue.md", text)
    assert str(found.path) not in done.stdout


BLAMED = BlameRecord(
    "interpreter",
    ("interpreter: Other 2.0",),
    "all others side with the reference",
    (
        VoteRecord("control", "Control 1.0 (/usr/bin/control)", "reference", "returned `1`"),
        VoteRecord("away", "away", "absent", "is not installed"),
    ),
    ("PyList_New",),
)


def test_an_issue_report_says_who_is_blamed_and_names_no_place_on_a_machine() -> None:
    record = msgspec.structs.replace(FINDING, blame=BLAMED, flaky="b answered two ways")
    facts = BackendFacts("reference", "Ours 1.0 (/home/me/python)", {"interpreter": "1.0"}, {}, {"x": "pyo3 0.30.1"})
    event = msgspec.structs.replace(EVENTS[2], findings=(record,), extension="../x", file="cases/a.yaml")
    header = msgspec.structs.replace(EVENTS[0], reference="reference")
    text = issue_of(next(findings_in([header, BackendEvent(facts), event])))
    assert "By the tool's vote: interpreter: all others side with the reference (interpreter: Other 2.0)." in text
    assert "- Control 1.0 does as reference: `` returned `1` ``\n" in text
    assert "functions of the C-API, which the host supplies: PyList_New." in text
    assert "It is not the same in every run: b answered two ways." in text
    assert (
        "- reference: Ours 1.0 (interpreter 1.0)\n- other: the log does not say\n- extension ../x, pyo3 0.30.1\n"
        in text
    )
    assert "away" not in text
    assert "/home" not in text
    assert "/usr" not in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"called": True}, "The program calls these functions of the C-API, which the host supplies: PyList_New."),
        (
            {"called": True, "touched": ()},
            "The program calls none of the functions of the C-API that the host supplies.",
        ),
        ({"called": True, "touched": (), "by_itself": True}, ""),
        ({"touched": ()}, ""),
    ],
)
def test_an_issue_report_says_what_the_program_calls_of_the_host(changes: dict[str, Any], said: str) -> None:
    blamed = msgspec.structs.replace(BLAMED, **changes)
    event = msgspec.structs.replace(EVENTS[2], findings=(msgspec.structs.replace(FINDING, blame=blamed),))
    text = issue_of(next(findings_in([EVENTS[0], event])))
    assert said in text
    assert ("the host supplies" in text) == bool(said)


# --- bisect ---------------------------------------------------------------------------------------------


def test_a_version_is_asked_whether_the_finding_is_there(found: Project) -> None:
    sample = (found.path / "extensions/sample/sample.py").read_text()
    texts = {
        "1.0.0": sample.replace("BETA and value >= 100", "False"),
        "1.1.0": sample.replace('"wrong" if BETA', "value + 1 if BETA"),
        "1.2.0": "import nothing_of_that_name",
        "1.3.0": sample,
    }

    def at(version: str, extension: Extension, directory: Path, progress: Progress) -> Changed:
        if version not in texts:
            raise BuildError("compiling sample: cargo failed\n   Compiling sample\nerror[E0001]: no\nerror: more")
        shutil.copytree(extension.directory, directory, dirs_exist_ok=True)
        (directory / "sample.py").write_text(texts[version])
        return Changed(read_extension(directory, extension.name))

    part = Part("sample", lambda extension, progress: list(texts), at)
    finding = find(name_of(found), found.path / "results/events.jsonl")
    matrix = Matrix(read_settings(found.path, Overrides()), lambda line: None)
    extension = extension_of(finding, matrix)
    tried = [ask(version, part, extension, finding, matrix) for version in (*texts, "1.4.0")]
    assert [(each.answer, each.note) for each in tried] == [
        ("good", "the backends agree"),
        ("skip", "differs in another way: value at differ()"),
        ("skip", "alpha: import of sample raised builtins.ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("bad", "type at differ()"),
        ("skip", "does not build: error[E0001]: no"),
    ]


# --- items that are not of case files ---------------------------------------------------------------------

JOINING = """
import pytest
from hypothesis import given, strategies as st

@given(st.integers(0, 20))
def test_join(matrix, value):
    matrix.call("sampling", "join", ["a"] * value, ",")
"""


def test_findings_of_python_tests_and_of_made_cases_have_scripts_too(project: Project) -> None:  # noqa: F811
    shutil.copytree(FAKES / "automatic", project.path / "extensions/sampling")
    (project.path / "test_joining.py").write_text(JOINING)
    for arguments in (["test_joining.py"], ["--auto=extensions/sampling", "-k", "date"]):
        told = text_of(project.run("-q", *arguments))
        (item,) = project.items().values()
        (record,) = item.findings
        name = finding_name(item.item, record.kind, record.place)
        assert f"Standalone:   results/findings/{name}.py" in told
        assert f"Run just it:  pytest --backend-matrix --replay={name}" in told
        assert "Keep it" not in told
        assert [path.name for path in (project.path / "results/findings").iterdir()] == [f"{name}.py"]
        done = command("reproduce", name, "--run")
        assert done.stdout.endswith("--- They differ.\n"), done.output
