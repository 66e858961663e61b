"""The book as a user of pytest sees it: what fails a run, what it says, and what --update-known writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_plugin import NUMBER, PYPROJECT, Project, project, text_of  # noqa: F401

from conftest import CheckGolden
from harness.cli import main

DIFFER = (
    "case: differ, kind: type, place: 'differ()', other: '^wrong$', blame: beta, reason: it is like that, "
    "witness: [{call: differ, args: ['100']}]"
)


def verdicts(project: Project) -> dict[str, str]:  # noqa: F811
    return {name.partition("::")[2]: event.verdict for name, event in project.items().items()}


def told(result: pytest.RunResult, first: str, last: str) -> str:
    """Return the lines from one to another, without what differs from run to run."""
    lines = text_of(result).split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith(first))
    end = next(number for number, line in enumerate(lines[start:], start) if line.startswith(last))
    text = "\n".join(lines[start : end + 1]) + "\n"
    for pattern, mask in (
        (r"found: \d{4}-\d\d-\d\d", "found: 2026-01-02"),
        (r"\d+ examples", "N examples"),
        (r"\b[0-9a-f]{8}\b", "01234567"),
    ):
        text = re.sub(pattern, mask, text)
    return text


# --- the four checks, and what is known ------------------------------------------------------------


def test_what_is_not_in_the_book_is_told_as_the_entry_to_paste(project: Project, golden: CheckGolden) -> None:  # noqa: F811
    project.cases(differ=f"args: [{NUMBER}]", agree="args: ['none()']")
    result = project.run()
    assert verdicts(project)["differ[beta]"] == "diverge"
    golden("book_new.txt", told(result, "beta does not do", "Run it again"))


def test_a_witness_that_no_longer_diverges_is_stale(project: Project, golden: CheckGolden) -> None:  # noqa: F811
    project.cases(differ="args: ['just(5)']")
    project.know(DIFFER.replace("'100'", "'5'"))
    result = project.run()
    assert verdicts(project) == {"differ[beta]": "stale"}
    assert result.ret == 1
    golden("book_stale.txt", told(result, "1 known divergence of beta", "and if it comes"))
    [item] = project.items().values()
    assert item.message.startswith("1 known divergence of beta is gone")
    assert "1 known divergence of beta is gone" in (project.path / "results/report.html").read_text()


def test_a_witness_that_diverges_in_another_way_has_changed(project: Project, golden: CheckGolden) -> None:  # noqa: F811
    project.cases(differ=f"args: [{NUMBER}]")
    project.know(DIFFER.replace("wrong", "broken"))
    result = project.run()
    # What the witness shows is told once, though drawing meets it too.
    assert verdicts(project) == {"differ[beta]": "changed"}
    assert result.ret == 1
    golden("book_changed.txt", told(result, "the witness of", "      - {call"))
    assert "diverges in another way than the entry says" in (project.path / "results/report.html").read_text()


def test_an_entry_that_matched_nothing_fails_a_whole_run(project: Project, golden: CheckGolden) -> None:  # noqa: F811
    project.cases(differ=f"args: [{NUMBER}]", agree="args: ['none()']")
    project.know(DIFFER, DIFFER.replace("case: differ", "case: surface").replace("differ()", "doc of differ"))
    result = project.run()
    result.assert_outcomes(passed=1, xfailed=1)
    assert result.ret == 1
    golden("book_unmatched.txt", told(result, "1 known divergence matched nothing", "Nothing shows"))
    assert "1 known divergence matched nothing" in (project.path / "results/report.html").read_text()
    assert project.events()[-1].exit_code == 1


@pytest.mark.parametrize("part", [("-k", "differ"), ("cases/sample.yaml::differ[beta]",), ("cases/sample.yaml",)])
def test_only_a_whole_run_can_tell_what_matched_nothing(project: Project, part: tuple[str, ...]) -> None:  # noqa: F811
    project.cases(differ=f"args: [{NUMBER}]", agree="args: ['none()']")
    project.cases("more", agree="args: ['none()']")
    project.know(DIFFER, DIFFER.replace("case: differ", "case: surface"))
    assert project.run(*part).ret == 0
    assert project.run().ret == 1


def test_a_run_that_stops_early_is_no_whole_run(project: Project) -> None:  # noqa: F811
    project.cases(differ=f"args: [{NUMBER}]", crash=f"args: [{NUMBER}], max_examples: 5", agree="")
    project.know(DIFFER, DIFFER.replace("case: differ", "case: surface"))
    assert "matched nothing" not in text_of(project.run("-x"))
    assert "matched nothing" in text_of(project.run())


def test_an_entry_that_is_taken_out_turns_the_run_red(project: Project) -> None:  # noqa: F811
    project.cases(differ=f"args: [{NUMBER}]")
    book = project.know(DIFFER)
    assert project.run().ret == 0
    book.unlink()
    assert project.run().ret == 1
    assert verdicts(project) == {"differ[beta]": "diverge"}


def test_another_difference_at_a_known_place_is_new(project: Project) -> None:  # noqa: F811
    project.cases(differ_twice="args: ['sampled_from([-100, 100])']")
    project.know(DIFFER.replace("differ", "differ_twice"))
    project.run()
    [finding] = project.items()["cases/sample.yaml::differ_twice[beta]"].findings
    assert (finding.kind, finding.place, finding.text) == ("outcome", "differ_twice()", "differ_twice(-100)")


def test_an_entry_without_an_explanation_fails(project: Project, golden: CheckGolden) -> None:  # noqa: F811
    project.cases(differ=f"args: [{NUMBER}]")
    project.know(DIFFER.replace("it is like that", "''").replace("blame: beta", "blame: ''"))
    result = project.run()
    assert verdicts(project) == {"differ[beta]": "unexplained"}
    assert result.ret == 1
    golden("book_unexplained.txt", told(result, "1 entry of the book", "Find out why"))


# --- conditions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("versions: {interpreter: '1.*', python: '<3.15'}", "known"),
        ("versions: {interpreter: '2.*'}", "diverge"),
        ("where: 'differ.1'", "diverge"),
        ("where: 'differ'", "known"),
    ],
)
def test_an_entry_holds_where_its_conditions_do(project: Project, condition: str, verdict: str) -> None:  # noqa: F811
    project.cases(differ="args: ['sampled_from([100, 200])']")
    project.know(f"{DIFFER}, {condition}")
    project.run()
    assert verdicts(project) == {"differ[beta]": verdict}


def test_an_entry_of_other_versions_is_not_missed(project: Project) -> None:  # noqa: F811
    project.cases(differ="args: ['just(5)']")
    project.know(f"{DIFFER}, versions: {{interpreter: '<1'}}")
    result = project.run()
    assert result.ret == 0
    assert verdicts(project) == {"differ[beta]": "agree"}


def test_a_version_that_the_backend_does_not_tell_is_an_error(project: Project) -> None:  # noqa: F811
    project.cases(differ="args: ['just(5)']")
    project.know(f"{DIFFER}, versions: {{interpeter: '<1'}}")
    result = project.run()
    result.stdout.fnmatch_lines(
        ["broken: cases/known/beta/sample.yaml:2:5: versions: beta tells no version 'interpeter'; it tells *"]
    )


def test_a_pattern_holds_in_several_cases_and_is_replayed_in_one(project: Project) -> None:  # noqa: F811
    project.cases(differ=f"args: [{NUMBER}]", differ_twice="args: ['integers(-99, 999)']")
    entry = DIFFER.replace("case: differ", "case: 'sample:differ*', replay_in: 'sample:differ'").replace("()'", "*'")
    project.know(entry.replace("differ()", "differ*()"), file="everywhere")
    result = project.run()
    assert verdicts(project) == {"differ[beta]": "known", "differ_twice[beta]": "known"}
    assert result.ret == 0
    assert project.run("-k", "differ_twice").ret == 0


# --- what comes and goes ---------------------------------------------------------------------------

# In every other process, by counting them: whether the numbers of processes are odd is a matter of chance.
SOMETIMES = """
with open(os.path.join(os.path.dirname(__file__), "processes"), "a+") as processes:
    processes.write("x")
    SHOWS = BETA and processes.tell() % 2 == 0


def sometimes():
    return SHOWS


def never():
    return False
"""


def test_an_intermittent_entry_is_replayed_until_it_shows(project: Project) -> None:  # noqa: F811
    source = project.path / "extensions/sample/sample.py"
    source.write_text(source.read_text() + SOMETIMES)
    project.cases(sometimes="args: []")
    project.know(
        "case: sometimes, kind: value, place: 'sometimes()', other: '^true$', blame: beta, reason: it comes and goes, "
        "intermittent: 0.5, witness: [{call: sometimes}]"
    )
    result = project.run("-rx")
    result.assert_outcomes(xfailed=1)
    assert re.search(r"beta: it comes and goes; intermittent, shown by \d+ of 10 replays", text_of(result))
    ((shown, times),) = project.items()["cases/sample.yaml::sometimes[beta]"].rates.values()
    assert 1 <= shown <= times == 10


def test_an_intermittent_entry_that_never_shows_fails_a_whole_run_only(project: Project) -> None:  # noqa: F811
    source = project.path / "extensions/sample/sample.py"
    source.write_text(source.read_text() + SOMETIMES)
    project.cases(never="args: []", agree="")
    project.know(
        "case: never, kind: value, place: 'never()', other: '^true$', blame: beta, reason: it comes and goes, "
        "intermittent: 0.9, witness: [{call: never}]"
    )
    assert project.run("-k", "never").ret == 0
    result = project.run()
    assert result.ret == 1
    assert "1 known divergence matched nothing in this whole run:" in result.outlines


# --- writing ---------------------------------------------------------------------------------------


def test_what_is_new_is_written_and_fails_until_somebody_explains_it(project: Project) -> None:  # noqa: F811
    project.cases(differ_twice=f"args: [{NUMBER}]", differ=f"args: [{NUMBER}]")
    book = project.know(DIFFER)
    book.write_text(f"# Mine.\n{book.read_text()}# The end.\n")
    before = book.read_text()
    result = project.run("--update-known")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "cases/known/beta/sample.yaml: 2 new, at line 4, *: fill in 'blame' and 'reason'; until then they fail the"
            " run"
        ]
    )
    written = book.read_text()
    assert written.startswith(before.removesuffix("# The end.\n"))
    assert written.endswith("# The end.\n")
    project.run()
    assert verdicts(project) == {"differ_twice[beta]": "unexplained", "differ[beta]": "known"}
    book.write_text(written.replace('blame: ""', "blame: beta").replace('reason: ""', "reason: it is so"))
    assert project.run("--update-known").ret == 0
    assert project.run("--hypothesis-seed=7").ret == 0, "what is written is wide enough for other examples"


def test_the_controller_writes_what_its_workers_found(project: Project) -> None:  # noqa: F811
    project.cases("a", differ=f"args: [{NUMBER}]")
    project.cases("b", differ=f"args: [{NUMBER}]", agree="")
    project.run_outside("-n", "2", "--update-known").assert_outcomes(failed=2, passed=1)
    for file in ("a", "b"):
        text = (project.path / f"cases/known/beta/{file}.yaml").read_text()
        assert text.count("- case: differ\n") == 1
    project.run_outside("-n", "2")
    assert verdicts(project) == {"differ[beta]": "unexplained", "agree[beta]": "agree"}


def test_without_the_option_nothing_is_written(project: Project) -> None:  # noqa: F811
    project.cases(differ=f"args: [{NUMBER}]")
    project.run()
    assert not (project.path / "cases/known").exists()


def test_what_is_flaky_is_not_written(project: Project) -> None:  # noqa: F811
    project.cases(vary="")
    project.run("--update-known")
    assert verdicts(project) == {"vary[beta]": "flaky"}
    assert not (project.path / "cases/known").exists()


def test_nothing_is_taken_out_by_itself(project: Project) -> None:  # noqa: F811
    project.cases(differ="args: ['just(5)']")
    book = project.know(DIFFER.replace("'100'", "'5'"))
    before = book.read_text()
    assert project.run("--update-known").ret == 1
    assert book.read_text() == before


# --- what is wrong with it -------------------------------------------------------------------------

WRONG = {
    "sample": (
        DIFFER.replace("case: differ", "case: difer"),
        "2:5: sample: unknown case 'difer'; did you mean 'differ'?",
    ),
    "gone": (DIFFER, "1:1: there is no case file gone.yaml that this could be about"),
}


@pytest.mark.parametrize("file", WRONG)
def test_a_wrong_book_is_told_before_anything_is_built(project: Project, file: str) -> None:  # noqa: F811
    project.cases(differ="")
    entry, message = WRONG[file]
    project.know(entry, file=file)
    result = project.run()
    assert result.ret == 4
    assert any(line.endswith(f"cases/known/beta/{file}.yaml:{message}") for line in result.errlines)
    assert project.did == []


def test_the_book_of_a_backend_that_does_not_run_is_not_read(project: Project) -> None:  # noqa: F811
    project.cases(agree="")
    project.know("nonsense: 1", backend="gamma")
    assert project.run().ret == 0


@pytest.mark.parametrize("other", ["gamma", "gamma-1.2"])
@pytest.mark.parametrize("file", WRONG)
def test_the_command_checks_the_book_too(project: Project, file: str, other: str) -> None:  # noqa: F811
    project.cases(differ="")
    case_file = project.path / "cases/sample.yaml"
    book = project.know(DIFFER)
    assert CliRunner().invoke(main, ["check", str(case_file)]).exit_code == 0
    book.unlink()
    entry, message = WRONG[file]
    project.know(entry, file=file, backend=other)
    done = CliRunner().invoke(main, ["check", str(case_file)])
    assert done.exit_code == 4
    assert f"cases/known/{other}/{file}.yaml:{message}" in done.output


def test_a_case_file_that_still_holds_what_is_known_says_where_it_goes(project: Project) -> None:  # noqa: F811
    project.cases(differ="known: []")
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [
            "*cases/sample.yaml:3:12: what is known stands in the book, *cases/known/BACKEND/sample.yaml, *"
            "'case: differ'*"
        ]
    )


def test_a_wide_pattern_for_case_files_does_not_reach_the_book(project: Project) -> None:  # noqa: F811
    project.configure(PYPROJECT + 'cases = ["**/*.yaml"]\n')
    project.cases(differ=f"args: [{NUMBER}]")
    project.know(DIFFER)
    assert project.run().ret == 0
    assert list(project.items()) == ["cases/sample.yaml::differ[beta]"]
    assert Path(project.path / "cases/known/beta/sample.yaml").exists()
