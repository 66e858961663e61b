"""A run that is interrupted, killed, doubled, or has nowhere to write: what is left behind, and what is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from test_plugin import NUMBER, PYPROJECT, Project, project, text_of

from harness.eventlog import Event, Footer, Header, ItemEvent

__all__ = ["project"]

HANG = "args: ['sampled_from([200])'], timeout_s: 300, max_examples: 5"
LIMIT_S = 120.0
REPORTS = ("events.jsonl", "junit.xml", "report.html")


@pytest.fixture(autouse=True)
def settings_of_its_own(project: Project) -> None:
    (project.path / "tmp").mkdir()
    project.configure(PYPROJECT + "timeout-s = 60.0\n")


# What was started in the background of a script ignores Ctrl-C, and so would its children.
HEARS_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def start(project: Project, *arguments: str, limit_file_kib: int | None = None) -> subprocess.Popen[str]:
    """Start a run in a session of its own, whose workers can be told by their directory."""
    command = [sys.executable, "-m", "pytest", "--backend-matrix", "--hypothesis-seed=0", "-p", "no:cacheprovider"]
    command += arguments
    if limit_file_kib is not None:
        command = ["bash", "-c", f'ulimit -f {limit_file_kib}; exec "$@"', "bash", *command]
    return subprocess.Popen(
        [sys.executable, "-c", HEARS_CTRL_C, *command],
        cwd=project.path,
        env={**os.environ, "TMPDIR": str(project.path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def end(run: subprocess.Popen[str]) -> str:
    """Wait for a run and return what it said."""
    said, _ = run.communicate(timeout=LIMIT_S)
    return said


def workers(project: Project) -> list[str]:
    """Return the command lines of the processes that belong to a project's runs."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(project.path / "tmp") in line:
                found.append(line)
    return found


def nothing_is_left(project: Project) -> bool:
    deadline = time.monotonic() + 20
    while workers(project) and time.monotonic() < deadline:
        time.sleep(0.05)
    return workers(project) == []


def lines_of(path: Path) -> list[Event]:
    """Return the events of a log that may end in the middle of a line."""
    decoder = msgspec.json.Decoder(Event)
    return [decoder.decode(line) for line in path.read_bytes().split(b"\n")[:-1]]


def partial(project: Project) -> list[Path]:
    return sorted((project.path / "results").glob("*.partial-*"))


def wait_for_items(project: Project, count: int) -> None:
    """Wait until the log has so many items, and the workers of the next one are at work."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        for path in partial(project):
            if path.name.startswith("events") and path.read_bytes().count(b'"type":"item"') >= count:
                time.sleep(1.0)
                return
        time.sleep(0.05)
    raise AssertionError("the run did not get as far")


def found_and_hanging(project: Project) -> None:
    project.cases("a", differ=f"args: [{NUMBER}]")
    project.cases("b", hang=HANG)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_run_that_is_interrupted_tells_what_it_found_and_leaves_nothing(project: Project, number: int) -> None:
    found_and_hanging(project)
    run = start(project)
    wait_for_items(project, 1)
    assert workers(project)
    run.send_signal(number)
    said = end(run)
    assert run.returncode == 2, said
    header, *_, item, footer = project.events()
    assert isinstance(header, Header)
    assert isinstance(item, ItemEvent)
    assert [each.place for each in item.findings] == ["differ()"]
    assert isinstance(footer, Footer)
    assert (footer.exit_code, footer.ended_early) == (2, "interrupted")
    # And half a case for the item that was interrupted, as pytest writes it.
    assert "differ[beta]" in project.junit()
    assert partial(project) == []
    assert nothing_is_left(project)


def test_a_run_that_is_killed_leaves_the_last_report_alone_and_its_own_under_another_name(project: Project) -> None:
    project.cases("a", agree="args: ['none()']")
    assert start(project).wait(LIMIT_S) == 0
    kept = {name: (project.path / "results" / name).read_bytes() for name in REPORTS}
    found_and_hanging(project)
    run = start(project)
    wait_for_items(project, 1)
    run.kill()
    end(run)
    assert {name: (project.path / "results" / name).read_bytes() for name in kept} == kept
    [log] = partial(project)
    header, *_, item = lines_of(log)
    assert isinstance(header, Header)
    assert isinstance(item, ItemEvent)
    assert item.findings
    assert nothing_is_left(project)
    # The next run that ends takes what is left over away.
    (project.path / "cases/b.yaml").unlink()
    end(start(project))
    assert partial(project) == []


def test_two_runs_in_one_checkout_do_not_meet(project: Project) -> None:
    project.cases("a", agree="args: ['anything()']", differ=f"args: [{NUMBER}]", more="call: agree")
    runs = [start(project), start(project)]
    said = [end(run) for run in runs]
    assert [run.returncode for run in runs] == [1, 1], said
    *_, footer = project.events()
    assert isinstance(footer, Footer)
    assert footer.verdicts == {"agree": 2, "diverge": 1}
    assert len(project.items()) == len(project.junit()) == 3
    assert partial(project) == []
    assert nothing_is_left(project)


def test_a_full_disk_ends_no_run_and_no_half_log_is_taken_for_a_whole_one(project: Project) -> None:
    project.cases("a", agree="args: ['none()']")
    assert start(project).wait(LIMIT_S) == 0
    kept = (project.path / "results/events.jsonl").read_bytes()
    project.cases("b", **{f"agree{number}": "call: agree, args: ['none()']" for number in range(12)})
    run = start(project, limit_file_kib=2)
    said = end(run)
    assert run.returncode == 9, said
    assert "13 passed" in said
    assert "not whole, because it cannot be written: File too large" in said
    assert "results/junit.xml: cannot be written: File too large" in said
    assert "Make room or name another directory with --matrix-results, and run again." in said
    assert "Traceback" not in said
    assert (project.path / "results/events.jsonl").read_bytes() == kept
    assert "agree" in project.junit()["agree[beta]"].get("name", "")
    [log] = partial(project)
    assert [type(each) for each in lines_of(log)[:1]] == [Header]


def test_a_process_of_xdist_that_dies_loses_its_item_only_and_the_log_says_so(project: Project) -> None:
    project.cases("a", agree="args: ['none()']", die="call: agree", differ=f"args: [{NUMBER}]")
    project.pytester.makeconftest(
        "import os\ndef pytest_runtest_call(item):\n    if item.name.startswith('die'):\n        os._exit(3)\n"
    )
    run = start(project, "-n", "2", "cases")
    said = end(run)
    assert run.returncode == 1, said
    items = {item.case: item for item in project.items().values()}
    assert {name: item.verdict for name, item in items.items()} == {
        "agree": "agree",
        "die": "broken",
        "differ": "diverge",
    }
    assert "crashed while running" in items["die"].message
    assert isinstance(project.events()[-1], Footer)
    assert nothing_is_left(project)


# --- in this process -------------------------------------------------------------------------------


def test_a_good_report_is_not_replaced_by_one_in_which_everything_is_broken(project: Project) -> None:
    project.cases("a", agree="args: ['none()']", differ=f"args: [{NUMBER}]")
    project.run().assert_outcomes(passed=1, failed=1)
    results = project.path / "results"
    kept = {name: (results / name).read_bytes() for name in REPORTS}
    result = project.run("--backends=uncompilable")
    result.assert_outcomes(failed=2)
    assert {name: (results / name).read_bytes() for name in kept} == kept
    result.stdout.fnmatch_lines(["Everything is broken: the report of an earlier run was kept, see broken-?."])
    assert [each.verdict for each in lines_of(results / "broken-events.jsonl") if isinstance(each, ItemEvent)] == [
        "broken",
        "broken",
    ]
    assert "2 broken" in (results / "broken-report.html").read_text()
    assert len(ET.parse(results / "broken-junit.xml").getroot().findall(".//testcase")) == 2
    # A report in which everything is broken is no good one.
    (results / "events.jsonl").unlink()
    project.run("--backends=uncompilable")
    assert set(project.items()) == {"cases/a.yaml::agree[uncompilable]", "cases/a.yaml::differ[uncompilable]"}
    project.run()
    assert {item.verdict for item in project.items().values()} == {"agree", "diverge"}


@pytest.mark.parametrize("results", ["results", "/proc/results", "results/deeper"])
def test_results_that_cannot_be_written_are_told_before_anything_is_compiled(project: Project, results: str) -> None:
    project.cases("a", agree="args: ['none()']")
    (project.path / "results").write_text("a file, and no directory")
    result = project.run(f"--matrix-results={results}")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: */results*: results cannot be written: *; name another directory with *"])
    assert not any(line.startswith("compiled") for line in project.did)
    assert "Traceback" not in text_of(result)


def test_a_run_that_stops_at_the_first_failure_says_so_in_its_footer(project: Project) -> None:
    project.cases("a", differ=f"args: [{NUMBER}]")
    project.cases("b", agree="args: ['none()']")
    project.run("-x")
    assert project.events()[-1].ended_early == "stopping after 1 failures"
    project.run()
    assert project.events()[-1].ended_early == ""


def test_junit_xml_that_cannot_be_written_is_told_and_the_log_is_whole(project: Project) -> None:
    project.cases("a", agree="args: ['none()']")
    (project.path / "file").write_text("")
    result = project.run("--junitxml=file/mine.xml")
    assert result.ret == 9
    assert "mine.xml: cannot be written: " in text_of(result)
    assert isinstance(project.events()[-1], Footer)


def test_a_page_that_cannot_be_written_is_told_and_the_log_is_whole(project: Project) -> None:
    project.cases("a", agree="args: ['none()']")
    (project.path / "results/report.html").mkdir(parents=True)
    result = project.run()
    assert result.ret == 9
    result.stdout.fnmatch_lines(["*report.html: cannot be written: Is a directory"])
    assert isinstance(project.events()[-1], Footer)
    assert partial(project) == []


def test_json_of_a_footer_from_before_is_read() -> None:
    line = json.dumps({"type": "footer", "ended": "now", "exit_code": 0, "verdicts": {}})
    assert msgspec.json.decode(line, type=Footer).ended_early == ""
