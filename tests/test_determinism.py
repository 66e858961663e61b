"""Verdicts, findings and the exit code: the same in any order, in any number of workers, and again from the log."""

from __future__ import annotations

import json
import shlex
import sys
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from test_plugin import PYPROJECT, Project, project

from harness import cli
from harness.eventlog import ItemEvent

__all__ = ["project"]

NUMBER = "'integers(-10000, 10000)'"
CASES = {
    "agree": "args: ['anything()']",
    "differ": f"args: [{NUMBER}]",
    "differ_twice": f"args: [{NUMBER}]",
    "vary": "call: vary",
}


def told(items: dict[str, ItemEvent]) -> dict[str, Any]:
    """Return all that a run says of its items that is no time, and no chance of the extension's own."""
    kept = {}
    for name, item in items.items():
        findings = [
            msgspec.structs.replace(each, reference=None, other=None, reference_part=None, other_part=None, flaky="")
            for each in item.findings
        ]
        flaky = [each.flaky.partition(" (")[0] for each in item.findings]
        kept[name] = (item.verdict, item.outcome, item.seed, findings, flaky, item.known, item.rules_applied)
    return kept


@pytest.fixture
def cases(project: Project) -> Project:
    project.configure(PYPROJECT.replace("examples = 60", "examples = 20"))
    project.cases(**CASES)
    project.cases("second", **{name: CASES[name] for name in ("differ", "agree")})
    return project


def test_the_order_of_cases_and_the_number_of_workers_change_nothing(cases: Project) -> None:
    result = cases.run("--matrix-results=straight")
    expected = told(cases.items("straight"))
    assert {each[0] for each in expected.values()} == {"agree", "diverge", "flaky"}
    assert len(expected) == 6
    names = list(expected)
    again = cases.run("--matrix-results=reversed", *reversed(names))
    assert told(cases.items("reversed")) == expected
    assert again.ret == result.ret
    spread = cases.run_outside("--matrix-results=spread", "-n", "2", "--dist", "load")
    assert told(cases.items("spread")) == expected
    assert spread.ret == result.ret


def test_an_item_alone_says_what_it_says_among_the_others(cases: Project) -> None:
    cases.run("--matrix-results=all")
    expected = told(cases.items("all"))
    cases.run("--matrix-results=one", "cases/sample.yaml::differ_twice[beta]")
    assert told(cases.items("one")).items() <= expected.items()


# --- again, from the log ---------------------------------------------------------------------------


def repeat(project: Project, *arguments: str) -> tuple[int, list[str]]:
    """Run the command in the project; return its exit code, and what it says itself."""
    done = project.pytester.run(sys.executable, "-m", "harness.cli", "repeat", *arguments)
    return done.ret, done.outlines


def test_a_run_is_repeated_from_its_log(cases: Project) -> None:
    first = cases.run_outside("cases/second.yaml", "--hypothesis-seed=5")
    log = str(cases.path / "results/events.jsonl")
    done = CliRunner().invoke(cli.main, ["repeat", "--print", log])
    command = shlex.split(done.output)
    assert command[0] == "pytest"
    assert "cases/second.yaml" in command
    assert command[-1] == "--hypothesis-seed=5"
    code, lines = repeat(cases, log)
    assert (first.ret, code) == (1, 0)
    assert lines[-1] == f"{log}: the same again"


def test_what_came_out_otherwise_is_told(cases: Project) -> None:
    cases.run_outside("cases/second.yaml")
    log = cases.path / "results/events.jsonl"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    for event in events:
        if event["type"] == "item" and event["case"] == "differ":
            event["findings"][0]["text"] = "differ(4711)"
        elif event["type"] == "item":
            event["verdict"] = "stale"
        elif event["type"] == "backend" and event["facts"]["name"] == "beta":
            event["facts"]["versions"]["interpreter"] = "0.9"
            event["facts"]["built"]["sample"] = "another digest"
        elif event["type"] == "footer":
            event["exit_code"] = 0
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
    code, lines = repeat(cases, str(log))
    assert code == 1
    assert lines[-6:] == [
        "beta: was interpreter 0.9 and is interpreter 1.0",
        "sample is compiled from other sources for beta",
        "cases/second.yaml::agree[beta]: was stale and is agree",
        "cases/second.yaml::differ[beta]: type at differ(): told by another program",
        "the exit code was 0 and is 1",
        f"{log}: 5 things came out otherwise",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "has no header, or no footer: its run did not end"), ("{\n", "is no event log that can be read: ")],
)
def test_a_log_that_is_none_is_refused(project: Project, text: str, message: str) -> None:
    path = project.path / "events.jsonl"
    path.write_text(text)
    done = CliRunner().invoke(cli.main, ["repeat", str(path)])
    assert done.exit_code == 4
    assert message in done.output
