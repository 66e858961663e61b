"""Skew in a run: an expected failure that is counted and listed, and nothing else gets past as one."""

from __future__ import annotations

from test_plugin import NUMBER, PYPROJECT, Project, project, text_of  # noqa: F401

OTHER_PATCH = f'{PYPROJECT}book-reference = "3.14.10"\n'
"""The fake reference has another exact version than that."""

RECORDED = """case: refuse, kind: exception-message, place: refuse(), reference: "^another wording$",
    other: "^too large$",
    blame: somebody, reason: other words, witness: [{call: refuse, args: ["100"]}]"""


def test_another_wording_of_another_patch_version_does_not_fail_the_run(project: Project) -> None:  # noqa: F811
    project.configure(OTHER_PATCH)
    project.cases(refuse=f"args: [{NUMBER}]")
    result = project.run("-rx")
    result.assert_outcomes(xfailed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*- backend matrix: 1 skew -*", "*XFAIL*refuse?beta?*skew: exception-message at*"])
    [item] = project.items().values()
    assert (item.verdict, item.outcome, item.findings) == ("skew", "xfailed", ())
    assert [each.place.partition(" the ")[0] for each in item.skewed] == ["refuse()"]
    assert "3.14.10" in item.skewed[0].skew
    assert "skew.exception-message" in (project.path / "results" / "junit.xml").read_text()
    assert "What the versions of Python may explain" in (project.path / "results" / "report.html").read_text()


def test_an_entry_with_the_reference_in_other_words_is_not_stale(project: Project) -> None:  # noqa: F811
    project.configure(OTHER_PATCH)
    project.cases(refuse=f"args: [{NUMBER}]")
    project.know(RECORDED)
    assert project.run().ret == 0
    [item] = project.items().values()
    assert item.verdict == "skew"


def test_with_the_option_it_is_a_finding_like_any_other(project: Project) -> None:  # noqa: F811
    project.configure(OTHER_PATCH)
    project.cases(refuse=f"args: [{NUMBER}]")
    result = project.run("--strict-skew")
    result.assert_outcomes(failed=1)
    assert "  > refuse(100)" in text_of(result)


def test_a_difference_that_is_more_than_wording_fails_the_run(project: Project) -> None:  # noqa: F811
    project.configure(OTHER_PATCH)
    project.cases(differ=f"args: [{NUMBER}]")
    assert project.run().ret == 1


def test_without_a_recorded_version_there_is_no_skew_within_a_language_version(project: Project) -> None:  # noqa: F811
    project.cases(refuse=f"args: [{NUMBER}]")
    assert project.run().ret == 1


def test_a_recorded_version_must_be_exact(project: Project) -> None:  # noqa: F811
    project.configure(f'{PYPROJECT}book-reference = "3.14"\n')
    project.cases(refuse=f"args: [{NUMBER}]")
    result = project.run()
    assert result.ret == 4
    assert "book-reference is an exact version, such as 3.14.10, not '3.14'" in text_of(result) + "\n".join(
        result.errlines
    )


def test_an_observation_that_execnet_cannot_send_is_reported(project: Project) -> None:  # noqa: F811
    project.cases(
        differ="args: ['just(-2**40)']", agree="args: ['just(-2**40)']", differ_twice="args: ['just(-2**40)']"
    )
    result = project.run_outside("-n", "2")
    result.assert_outcomes(passed=2, failed=1)
    assert project.items()["cases/sample.yaml::differ_twice[beta]"].verdict == "diverge"
