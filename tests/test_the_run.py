"""A run that is interrupted, killed, doubled, or has nowhere to write: what is left behind, and what is not."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from _pytest.junitxml import xml_key
from processes import descendants
from test_plugin import NUMBER, PYPROJECT, Project, project, text_of

from harness.acting.issue import issue_of
from harness.acting.reproducer import reproducer_of
from harness.acting.stored import find, finding_name
from harness.eventlog import Event, Footer, FoundEvent, Header, ItemEvent
from harness.results import junit_written_whole
from harness.unfinished import NOT_ENDED, NOT_RUN_AGAIN, unfinished_items

__all__ = ["project"]

HANG = "args: [integers()], timeout_s: 300, max_examples: 5"
LIMIT_S = 120.0
REPORTS = ("events.jsonl", "junit.xml", "report.html")
UNFINISHED = "cases/b.yaml::differ_then_hang[beta]"


@pytest.fixture(autouse=True)
def settings_of_its_own(project: Project) -> Iterator[None]:
    (project.path / "tmp").mkdir()
    project.configure(PYPROJECT + "timeout-s = 60.0\n")
    yield
    # Where a test has failed before it ended its runs, they would hang for minutes.
    for run in STARTED:
        run.terminate()
        run.wait(LIMIT_S)
    STARTED.clear()


STARTED: list[subprocess.Popen[str]] = []


# What was started in the background of a script ignores Ctrl-C, and so would its children.
HEARS_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def start(
    project: Project, *arguments: str, limit_file_kib: int | None = None, variables: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a run in a session of its own, whose workers can be told by their directory."""
    command = [sys.executable, "-m", "pytest", "--backend-matrix", "--hypothesis-seed=0", "-p", "no:cacheprovider"]
    command += arguments
    if limit_file_kib is not None:
        command = ["bash", "-c", f'ulimit -f {limit_file_kib}; exec "$@"', "bash", *command]
    started = subprocess.Popen(
        [sys.executable, "-c", HEARS_CTRL_C, *command],
        cwd=project.path,
        env={**os.environ, "TMPDIR": str(project.path / "tmp"), **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    STARTED.append(started)
    return started


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


def wait_until_it_hangs(project: Project, *, items: int = 1, item: str = UNFINISHED) -> None:
    """Wait until the log has so many items, and what the next one has found before it hangs."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        for path in partial(project):
            if path.name.startswith("events"):
                events = lines_of(path)
                found = any(isinstance(each, FoundEvent) and each.item == item for each in events)
                if found and sum(isinstance(each, ItemEvent) for each in events) >= items:
                    return
        time.sleep(0.05)
    raise AssertionError("the run did not get as far")


def found_and_hanging(project: Project) -> None:
    project.cases("a", differ=f"args: [{NUMBER}]")
    project.cases("b", differ_then_hang=HANG)


def items_in(events: list[Event]) -> dict[str, ItemEvent]:
    return {each.item: each for each in events if isinstance(each, ItemEvent)}


def check_unfinished(item: ItemEvent, why: str) -> None:
    """Check what is told of the item that had found something when it was ended."""
    assert item.verdict == "broken"
    assert why in item.message
    [finding] = item.findings
    assert (finding.kind, finding.place) == ("type", "differ_then_hang()")
    assert finding.flaky == NOT_RUN_AGAIN
    assert finding.text.startswith("differ_then_hang(")
    # Nothing that nobody has confirmed is for the book.
    assert finding.entry == ""


def check_told(project: Project, said: str, why: str) -> None:
    """Check that the terminal, JUnit XML and the files of findings have the item that was ended."""
    assert f"broken: {why}" in said
    assert "What was found until then:" in said
    assert NOT_RUN_AGAIN in said
    case = project.junit()["differ_then_hang[beta]"]
    assert why in "".join(case.itertext())
    properties = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert properties["verdict"] == "broken"
    assert properties["flaky.type at differ_then_hang()"] == NOT_RUN_AGAIN
    name = finding_name(UNFINISHED, "type", "differ_then_hang()")
    assert (project.path / f"results/findings/{name}.py").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_run_that_is_interrupted_tells_what_it_found_and_leaves_nothing(project: Project, number: int) -> None:
    found_and_hanging(project)
    run = start(project)
    wait_until_it_hangs(project)
    assert workers(project)
    run.send_signal(number)
    said = end(run)
    assert run.returncode == 2, said
    header, *_, footer = project.events()
    assert isinstance(header, Header)
    items = project.items()
    assert [each.place for each in items["cases/a.yaml::differ[beta]"].findings] == ["differ()"]
    why = "interrupted (ended by SIGTERM): " if number == signal.SIGTERM else "interrupted: "
    check_unfinished(items[UNFINISHED], why)
    check_told(project, said, why)
    assert isinstance(footer, Footer)
    assert (footer.exit_code, footer.ended_early) == (2, "interrupted")
    assert footer.verdicts == {"diverge": 1, "broken": 1}
    assert "differ[beta]" in project.junit()
    assert partial(project) == []
    assert nothing_is_left(project)
    if number == signal.SIGTERM:
        check_found_again(project)


def check_found_again(project: Project) -> None:
    """Check that the next run, which draws nothing, has the program that the one before had no time for."""
    (project.path / "cases/a.yaml").unlink()
    project.cases("b", differ_then_hang="args: ['nothing()'], timeout_s: 0.5")
    end(start(project))
    assert any(each.place.startswith("differ_then_hang()") for each in project.items()[UNFINISHED].findings)


IN_PYTHON = """
def test_it(matrix):
    try:
        matrix.call("sample", "differ", 200)
    except AssertionError:
        pass
    matrix.call("sample", "hang", 200)
"""


def test_a_test_in_python_that_is_interrupted_tells_what_it_found(project: Project) -> None:
    project.pytester.makepyfile(test_it=IN_PYTHON)
    run = start(project, "test_it.py")
    wait_until_it_hangs(project, items=0, item="test_it.py::test_it[beta]")
    run.send_signal(signal.SIGINT)
    said = end(run)
    assert run.returncode == 2, said
    [item] = project.items().values()
    assert (item.verdict, item.outcome) == ("broken", "failed")
    assert [(each.place, each.flaky) for each in item.findings] == [("differ()", NOT_RUN_AGAIN)]
    assert f"broken: interrupted: {NOT_ENDED}" in said
    assert f"not confirmed: {NOT_RUN_AGAIN}" in said
    assert "test_it[beta]" in project.junit()
    assert nothing_is_left(project)


def test_a_run_that_is_killed_leaves_the_last_report_alone_and_its_own_under_another_name(project: Project) -> None:
    project.cases("a", agree="args: ['none()']")
    assert start(project).wait(LIMIT_S) == 0
    kept = {name: (project.path / "results" / name).read_bytes() for name in REPORTS}
    found_and_hanging(project)
    run = start(project)
    wait_until_it_hangs(project)
    run.kill()
    end(run)
    assert {name: (project.path / "results" / name).read_bytes() for name in kept} == kept
    [log] = partial(project)
    header, *events = lines_of(log)
    assert isinstance(header, Header)
    assert items_in(events)["cases/a.yaml::differ[beta]"].findings
    assert UNFINISHED not in items_in(events)
    check_unfinished(unfinished_items(events)[UNFINISHED], NOT_ENDED)
    assert nothing_is_left(project)
    # What was found can be used as that of any run.
    found = find(finding_name(UNFINISHED, "type", "differ_then_hang()"), log)
    assert "differ_then_hang" in reproducer_of(found)
    assert "It is not confirmed: " in issue_of(found)
    # The next run that ends takes what is left over away.
    (project.path / "cases/b.yaml").unlink()
    end(start(project))
    assert partial(project) == []


def test_two_runs_in_one_checkout_do_not_meet(project: Project) -> None:
    project.cases("a", agree="args: ['anything()']", differ=f"args: [{NUMBER}]", more="call: agree")
    project.pytester.makeconftest(TOGETHER)
    runs = [start(project), start(project, "--verbosity=0", variables={"ENDS_LAST": "1"})]
    said = [end(run) for run in runs]
    assert [run.returncode for run in runs] == [1, 1], said
    assert not any("cannot be written" in each for each in said)
    kinds = [type(each) for each in project.events()]
    assert (kinds[0], kinds[-1]) == (Header, Footer)
    assert [kinds.count(each) for each in (Header, ItemEvent, Footer)] == [1, 3, 1]
    assert project.events()[-1].verdicts == {"agree": 2, "diverge": 1}
    assert len(project.items()) == len(project.junit()) == 3
    # What lies there is of the run that has ended last, and nothing of the other is left over.
    assert project.events()[0].arguments[-1] == "--verbosity=0"
    assert partial(project) == []
    assert nothing_is_left(project)


# Both are at work before either goes on, and the one that is to end last waits for the other's log.
TOGETHER = """
import os, pathlib, time
def pytest_runtest_call(item):
    if item.name.startswith("differ["):
        pathlib.Path(f"at-work-{os.getpid()}").touch()
        while len(list(pathlib.Path().glob("at-work-*"))) < 2:
            time.sleep(0.02)
    while item.name.startswith("more[") and "ENDS_LAST" in os.environ and not os.path.exists("results/report.html"):
        time.sleep(0.02)
"""


def test_junit_xml_that_is_not_whole_has_a_name_of_its_own(tmp_path: Path) -> None:
    config = SimpleNamespace(stash=pytest.Stash())
    config.stash[xml_key] = SimpleNamespace(logfile=str(tmp_path / "junit.xml"))  # type: ignore[misc]
    problems: list[str] = []
    with junit_written_whole(config, problems, spared=False):  # type: ignore[arg-type]
        being_written = Path(config.stash[xml_key].logfile)
        assert being_written.name == f"junit.xml.partial-{os.getpid()}"
        being_written.write_text("<testsuites/>")
        assert not (tmp_path / "junit.xml").exists()
    assert (problems, [each.name for each in tmp_path.iterdir()]) == ([], ["junit.xml"])


def test_a_full_disk_ends_no_run_and_no_half_log_is_taken_for_a_whole_one(project: Project) -> None:
    project.cases("a", agree="args: ['none()']")
    assert start(project).wait(LIMIT_S) == 0
    kept = (project.path / "results/events.jsonl").read_bytes()
    project.cases("b", **{f"agree{number}": "call: agree, args: ['none()']" for number in range(12)})
    run = start(project, limit_file_kib=3)
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


# --- with pytest-xdist -----------------------------------------------------------------------------


def test_what_workers_had_found_is_told_where_the_controller_is_interrupted(project: Project) -> None:
    found_and_hanging(project)
    run = start(project, "-n", "2", "cases")
    wait_until_it_hangs(project)
    run.send_signal(signal.SIGINT)
    said = end(run)
    assert run.returncode == 2, said
    check_unfinished(project.items()[UNFINISHED], NOT_ENDED)
    check_told(project, said, NOT_ENDED)
    assert project.events()[-1].ended_early == "interrupted"
    assert nothing_is_left(project)


def test_what_workers_had_found_is_in_the_log_of_a_controller_that_is_killed(project: Project) -> None:
    found_and_hanging(project)
    run = start(project, "-n", "1", "cases")
    wait_until_it_hangs(project)
    run.kill()
    end(run)
    [log] = partial(project)
    assert items_in(lines_of(log)).keys() == {"cases/a.yaml::differ[beta]"}
    check_unfinished(unfinished_items(lines_of(log))[UNFINISHED], NOT_ENDED)
    assert nothing_is_left(project)


def test_what_a_process_of_xdist_had_found_is_told_when_it_is_killed(project: Project) -> None:
    found_and_hanging(project)
    run = start(project, "-n", "1", "--max-worker-restart=0", "cases")
    wait_until_it_hangs(project)
    [worker] = processes_of_xdist(run.pid)
    os.kill(worker, signal.SIGKILL)
    said = end(run)
    assert run.returncode == 1, said
    check_unfinished(project.items()[UNFINISHED], "crashed while running")
    assert "What was found until then:" in said
    assert NOT_RUN_AGAIN in "".join(project.junit()["differ_then_hang[beta]"].itertext())
    assert nothing_is_left(project)


def processes_of_xdist(controller: int) -> list[int]:
    found = []
    for pid in descendants(controller):
        with contextlib.suppress(OSError):
            if b"exec(eval(" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


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


# /proc is there, and takes no file from anybody.
@pytest.mark.parametrize("results", ["results", "/proc/results", "/proc", "results/deeper"])
def test_results_that_cannot_be_written_are_told_before_anything_is_compiled(project: Project, results: str) -> None:
    project.cases("a", agree="args: ['none()']")
    (project.path / "results").write_text("a file, and no directory")
    result = project.run(f"--matrix-results={results}")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: /*: results cannot be written: *; name another directory with *"])
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


def test_files_of_findings_that_cannot_be_written_are_told_and_the_finding_is_in_the_log(project: Project) -> None:
    project.cases("a", differ=f"args: [{NUMBER}]", agree="args: ['none()']")
    (project.path / "results").mkdir()
    (project.path / "results/findings").write_text("a file, and no directory")
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    assert "results/findings: cannot be written: File exists" in text_of(result)
    assert "Traceback" not in text_of(result)
    assert [each.place for each in project.items()["cases/a.yaml::differ[beta]"].findings] == ["differ()"]
    assert isinstance(project.events()[-1], Footer)


def test_json_of_a_footer_from_before_is_read() -> None:
    line = json.dumps({"type": "footer", "ended": "now", "exit_code": 0, "verdicts": {}})
    assert msgspec.json.decode(line, type=Footer).ended_early == ""
