"""pytest --backend-matrix --auto as a user sees it, on backends that need no compiler."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from test_plugin import FAKES, PYPROJECT, Project, project, text_of  # noqa: F401

from harness.cli import main
from harness.eventlog import ItemEvent

DEFAULT = PYPROJECT.replace("examples = 60\n", "")
CheckGolden = Callable[[str, str], None]


@pytest.fixture
def unknown(project: Project) -> Project:  # noqa: F811
    """A project with a crate that nobody wrote cases for."""
    shutil.copytree(FAKES / "automatic", project.path / "sampling")
    # Every value of a byte is called only if the number of examples is left at what it is by default.
    project.configure(DEFAULT)
    return project


def verdicts(project: Project) -> dict[str, str]:  # noqa: F811
    return {name.partition("::")[2]: event.verdict for name, event in project.items().items()}


def test_a_crate_is_examined_without_any_case(unknown: Project) -> None:
    result = unknown.run("--auto=sampling", "--hypothesis-seed=1")
    found = verdicts(unknown)
    assert {name for name, verdict in found.items() if verdict == "diverge"} == {
        *("surface[beta]", "BETA[beta]", "byte[beta]", "join[beta]", "date[beta]", "third[beta]"),
        *("Account[beta]", "Account-__radd__[beta]", "Hidden[beta]", "Hidden-reveal[beta]"),
    }
    assert set(found.values()) == {"agree", "diverge"}
    assert {"apply[beta]", "owner_of[beta]", "Colour[beta]", "Mistake[beta]", "Account-merge[beta]"} <= set(found)
    smallest = {"  > byte(77)", "  > date('2024-02-29')", "  > r2 = third()", "  > r1 = r0.reveal()"}
    assert smallest <= set(result.outlines)
    result.stdout.fnmatch_lines(
        ["*auto: calls that got past the checking*", "*% of * sampling::owner_of", "not called*: sampling: remove"]
    )


def test_most_calls_get_past_the_checks_and_some_do_not(unknown: Project) -> None:
    unknown.run("--auto=sampling", "-k", "join or deposit or merge or owner_of or date")
    for name, event in unknown.items().items():
        assert 0.7 < event.past_checks / event.calls < 1, name
        assert event.made


def test_what_a_class_refuses_whatever_it_is_given_has_few_examples_of_its_own(unknown: Project) -> None:
    unknown.run("--auto=sampling", "-k", "Sealed")
    found = unknown.items()
    assert {each.verdict for each in found.values()} == {"agree"}
    made = {name: spec for event in found.values() for name, spec in event.made.items()}
    # Of a class that is no base for others only the refusal is looked at.
    assert made["Sealed-subclass"]["program"] == {"start": [{"subclass": "Sealed"}], "max_steps": 0}
    assert "Sealed-overridden" not in made
    for name, spec in made.items():
        steps = {
            each.get(kind)
            for each in spec["program"].get("steps", ())
            for kind in ("operator", "builtin", "set", "delete")
        }
        refused = steps & {"add", "copy.copy", "weakref.ref", "content"}
        assert bool(refused) == ("lacks" in name or name == "Sealed-__add__"), name
        assert not refused or spec["max_examples"] == 10
    # What the constructor is given may die with the object, or after a method: both are looked at.
    lives = [[each.get("method") for each in made[f"Sealed{name}-lives"]["program"]["steps"]] for name in ("", "-made")]
    assert "release" in lives[0]
    assert "release" not in lives[1]


def test_the_event_log_and_junit_hold_what_came_of_it(unknown: Project) -> None:
    unknown.run("--auto=sampling", "-k", "byte")
    (event,) = [each for each in unknown.events() if isinstance(each, ItemEvent)]
    assert event.item == "auto:sampling::byte[beta]"
    assert {"byte", "byte-value-1", "byte-value-2", "byte-value-3"} == set(event.made)
    properties = {each.get("name"): each.get("value") for each in unknown.junit()["byte[beta]"].iter("property")}
    assert properties["past-checks"] == f"{event.past_checks} of {event.calls}"


def test_the_command_that_is_told_runs_the_item_again(unknown: Project) -> None:
    told = re.search(
        r"Run it again:  pytest --backend-matrix (.+)", text_of(unknown.run("--auto=sampling", "-k", "date"))
    )
    assert told
    (first,) = unknown.items().values()
    unknown.run(*shlex.split(told[1])).assert_outcomes(failed=1)
    (again,) = unknown.items().values()
    assert (again.item, again.findings, again.seed) == (first.item, first.findings, first.seed)


def test_an_item_that_is_not_there_is_an_error(unknown: Project) -> None:
    result = unknown.run("--auto=sampling", "auto:sampling::nothing[beta]")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: not found: auto:sampling::nothing?beta?; *"])


def test_last_failed_runs_only_what_failed(unknown: Project) -> None:
    unknown.run_outside("--auto=sampling", "-k", "byte or owner_of").assert_outcomes(failed=1, passed=1)
    unknown.run_outside("--auto=sampling", "--lf")
    assert list(verdicts(unknown)) == ["byte[beta]"]


def test_under_xdist_the_items_are_the_same(unknown: Project) -> None:
    result = unknown.run_outside("--auto=sampling", "-n", "2", "-k", "byte or owner_of or Hidden", "--auto-write=made")
    result.assert_outcomes(failed=3, passed=1)
    assert (unknown.path / "made/sampling.yaml").exists()
    assert len([line for line in unknown.did if line.startswith("compiled")]) >= 2


def test_what_is_written_passes_the_check_and_finds_the_same(unknown: Project, golden: CheckGolden) -> None:
    unknown.run("--auto=sampling", "--hypothesis-seed=1", "--auto-write=cases", "-k", "byte or Hidden or date or add")
    written = unknown.path / "cases/sampling.yaml"
    golden("auto_sampling.yaml", written.read_text(encoding="utf-8"))
    checked = CliRunner().invoke(main, ["check", str(written)])
    assert checked.exit_code == 0, checked.output
    result = unknown.run("cases/sampling.yaml", "--hypothesis-seed=1")
    assert {"  > byte(77)", "  > date('2024-02-29')", "  > r1 = r0.reveal()"} <= set(result.outlines)


def test_the_command_writes_every_case_without_a_run(unknown: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(unknown.path)
    done = CliRunner().invoke(main, ["auto", "sampling", "--write", "cases/sampling.yaml"])
    assert done.exit_code == 0, done.output
    assert re.search(r"cases/sampling.yaml: \d+ cases", done.output)
    printed = CliRunner().invoke(main, ["auto", "sampling", "--exclude", "*"])
    assert printed.exit_code == 0
    assert "cases:" in printed.output


def test_dangerous_names_are_called_when_asked_and_others_left_out(unknown: Project) -> None:
    result = unknown.run("--auto=sampling", "--auto-include=remove", "--auto-exclude=A*", "--collect-only", "-q")
    assert "auto:sampling::remove[beta]" in result.outlines
    assert not any("::Account" in line for line in result.outlines)


def test_each_backend_has_an_item(unknown: Project) -> None:
    unknown.configure(DEFAULT.replace('["beta"]', '["beta", "lacking"]'))
    result = unknown.run("--auto=sampling", "-k", "third")
    result.assert_outcomes(failed=1, skipped=1)
    assert verdicts(unknown) == {"third[beta]": "diverge", "third[lacking]": "unsupported"}


def test_case_files_are_not_run_beside_it_unless_they_are_named(unknown: Project) -> None:
    unknown.cases(agree="args: ['none()']")
    assert len(unknown.run("--auto=sampling", "-k", "agree or byte").outlines) > 0
    assert set(unknown.items()) == {"auto:sampling::byte[beta]"}
    unknown.run("--auto=sampling", "cases/sample.yaml", "-k", "agree or byte")
    assert set(unknown.items()) == {"auto:sampling::byte[beta]", "cases/sample.yaml::agree[beta]"}


def test_what_is_no_extension_is_an_error(unknown: Project) -> None:
    result = unknown.run("--auto=nowhere")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--auto *nowhere: is neither a crate nor an installed extension module"])
    (unknown.path / "empty").mkdir()
    result = unknown.run("--auto=empty")
    result.stdout.fnmatch_lines(["*empty*Cargo.toml: no crate here*"])
    assert result.ret != 0


def test_an_extension_that_cannot_be_imported_is_an_error_of_the_collection(unknown: Project) -> None:
    (unknown.path / "sampling/sampling.py").write_text("raise ImportError('no such library')\n")
    result = unknown.run("--auto=sampling")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*alpha: the import of sampling raised ImportError: no such library*"])


def test_an_extension_that_ends_the_worker_is_an_error_of_the_collection(unknown: Project) -> None:
    (unknown.path / "sampling/sampling.py").write_text("import os\nos._exit(3)\n")
    result = unknown.run("--auto=sampling")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*alpha: the import of sampling ended the worker*"])


def test_nothing_of_it_is_seen_without_the_option(unknown: Project) -> None:
    unknown.cases(agree="args: ['none()']")
    assert "auto" not in text_of(unknown.run())


def test_two_crates_of_one_name_are_told_apart(unknown: Project) -> None:
    shutil.copytree(FAKES / "automatic", unknown.path / "other/sampling")
    result = unknown.run("--auto=sampling", "--auto=other/sampling", "--collect-only", "-q", "-k", "third")
    assert len([line for line in result.outlines if line.endswith("sampling::third[beta]")]) == 2
