"""pytest --backend-matrix as a user sees it, on backends that need no compiler."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import books
import pytest
from hypothesis import core
from processes import children, comes_true

# Imported here, so that an inner run finds it loaded: YAML's C library does not bear being imported twice.
from harness import collect, session  # noqa: F401
from harness.eventlog import BackendEvent, Footer, FoundEvent, Header, ItemEvent, read_events

FAKES = Path(__file__).parent / "fakes"
NUMBER = "'integers(-10000, 10000)'"
PYPROJECT = '[tool.backend-matrix]\nreference = "alpha"\nbackends = ["beta"]\nexamples = 60\nsurface = false\n'

SEEDED = ("--hypothesis-seed=0",)
"""A test of ours must not depend on chance; a seed among a run's arguments overrides this one."""

Pytest = Callable[..., pytest.RunResult]


class Project:
    """A user's project in a directory of its own, with the fake backends on the path."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        shutil.copytree(FAKES / "extension", self.path / "extensions/sample")
        self.configure()

    def configure(self, text: str = PYPROJECT) -> None:
        (self.path / "pyproject.toml").write_text(text, encoding="utf-8")

    def cases(self, file: str = "sample", **cases: str) -> None:
        """Write a case file: for each case its fields as YAML, one after the other."""
        (self.path / "cases").mkdir(exist_ok=True)
        lines = ["extension: sample", "cases:"]
        lines += [f"  {name}: {{{fields}}}" for name, fields in cases.items()]
        (self.path / f"cases/{file}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def know(self, *entries: str, backend: str = "beta", file: str = "sample") -> Path:
        """Write a file of the book: for each entry its fields as YAML, one after the other."""
        lines = [f"  - {{found: 2026-01-02, {fields}}}" for fields in entries]
        return books.put(self.path / "cases", "\n".join(["known:", *lines, ""]), backend=backend, file=file)

    def run(self, *arguments: str, seeded: bool = True) -> pytest.RunResult:
        """Run pytest in this process, which is several times faster than in a new one."""
        collect._READ.clear()  # What is read once in a run must not outlive it.
        return self.pytester.runpytest_inprocess(
            "--backend-matrix", "-p", "no:cacheprovider", *(SEEDED if seeded else ()), *arguments
        )

    def run_outside(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess("--backend-matrix", *SEEDED, *arguments)

    @property
    def did(self) -> list[str]:
        """What backends were provided and what was compiled."""
        path = self.path / "did.txt"
        return path.read_text().splitlines() if path.exists() else []

    def events(self, results: str = "results") -> list[Any]:
        return list(read_events(self.path / results / "events.jsonl"))

    def items(self, results: str = "results") -> dict[str, ItemEvent]:
        return {each.item: each for each in self.events(results) if isinstance(each, ItemEvent)}

    def junit(self) -> dict[str, ET.Element]:
        root = ET.parse(self.path / "results/junit.xml").getroot()
        return {str(case.get("name")): case for case in root.iter("testcase")}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    # What an inner run sets in Hypothesis must not outlive it.
    monkeypatch.setattr(core, "global_force_seed", core.global_force_seed)
    monkeypatch.setenv("PYTHONPATH", str(FAKES))
    pytester.syspathinsert(FAKES)
    before = children()
    yield Project(pytester)
    assert comes_true(lambda: children() == before), "a worker was left over"


def text_of(result: pytest.RunResult) -> str:
    return "\n".join(result.outlines)


# --- passing and failing ---------------------------------------------------------------------------


def test_a_case_that_agrees_passes(project: Project) -> None:
    project.cases(agree="args: ['anything()']")
    result = project.run("-v", "--hypothesis-seed=5")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "backend-matrix: beta against alpha, seed 5",
            "alpha: Fake alpha 1.0",
            "beta: Fake beta 1.0",
            "cases/sample.yaml::agree?beta? PASSED*",
            "*- backend matrix: 1 agree -*",
            "results/report.html, results/events.jsonl, results/junit.xml",
        ]
    )


def test_a_difference_fails_with_the_smallest_program_and_how_to_run_it_again(project: Project) -> None:
    project.cases(differ=f"args: [{NUMBER}]")
    result = project.run("--hypothesis-seed=5")
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*_ differ?beta? _*",
            "beta does not do what alpha does: type differs",
            "Smallest program found:",
            "  > differ(100)",
            "  alpha  returned 100",
            "  beta   returned 'wrong'",
            "Where: differ()",
            "cases/sample.yaml::differ?beta?, seed 5, * examples",
            "Run it again:  pytest --backend-matrix --backends=beta --hypothesis-seed=5 *'*::differ?beta?'",
        ],
        consecutive=False,
    )
    assert "Traceback" not in text_of(result)
    assert "def runtest" not in text_of(result)


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["here", "xdist"])
def test_a_failure_is_told_once_and_named_in_a_line(
    project: Project, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    # Where pytest runs in CI it shortens nothing in its summary.
    monkeypatch.setenv("CI", "true")
    project.cases(differ=f"args: [{NUMBER}]")
    result = project.run_outside("-q", *options)
    told = text_of(result)
    assert told.count("Smallest program found:") == 1
    result.stdout.fnmatch_lines(["FAILED cases/sample.yaml::differ?beta? - type at differ()"])
    message = ET.parse(project.path / "results/junit.xml").findall(".//failure")[0]
    assert message.get("message") == "type at differ()"
    assert "Smallest program found:" in str(message.text)


def test_the_command_that_is_told_runs_the_item_again(project: Project) -> None:
    project.cases(differ=f"args: [{NUMBER}]", agree="args: ['anything()']")
    told = re.search(r"Run it again:  pytest --backend-matrix (.+)", text_of(project.run()))
    assert told
    first = project.items()["cases/sample.yaml::differ[beta]"]
    result = project.run(*shlex.split(told[1]))
    result.assert_outcomes(failed=1)
    again = project.items()["cases/sample.yaml::differ[beta]"]
    assert (again.findings, again.seed) == (first.findings, first.seed)
    assert len(project.items()) == 1


def test_a_run_has_the_seed_of_the_settings_where_none_is_given(project: Project) -> None:
    project.configure(PYPROJECT + "seed = 7\n")
    project.cases(agree="args: ['anything()']")
    project.run(seeded=False)
    assert project.events()[0].seed == 7
    project.run("--hypothesis-seed=8", seeded=False)
    assert project.events()[0].seed == 8


def test_the_entry_that_is_told_makes_it_an_expected_failure(project: Project) -> None:
    project.cases(differ=f"args: [{NUMBER}]")
    told = text_of(project.run())
    [file] = re.findall(r"What is to stay stands in (\S+),", told)
    entry = told[told.index("known:\n") :].partition("\n\n")[0]
    assert 'reason: ""' in entry
    book = project.path / file
    book.parent.mkdir(parents=True)
    book.write_text(entry.replace('blame: ""', "blame: beta").replace('reason: ""', "reason: beta is like that") + "\n")
    result = project.run("-rx")
    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(["XFAIL cases/sample.yaml::differ?beta? - *beta is like that"])


def test_a_crash_and_a_hang_are_findings_and_the_run_goes_on(project: Project) -> None:
    project.cases(
        crash=f"args: [{NUMBER}], max_examples: 30",
        hang="args: ['sampled_from([200, 1])'], timeout_s: 0.2, max_examples: 5",
        agree="args: ['none()']",
    )
    project.configure(PYPROJECT.replace("examples = 60\n", ""))
    result = project.run()
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            "  > crash(100)",
            "  beta   crashed: the worker died with SIGSEGV",
            "  > hang(200)",
            "  beta   hung: no answer within 0.6 s; the worker was killed",
        ]
    )


def test_an_extension_that_is_not_deterministic_is_flaky_and_nobody_is_blamed(project: Project) -> None:
    project.cases(vary="")
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["flaky: value differed between alpha and beta, but alpha answered two ways (*) and beta answered two ways (*)"]
    )
    assert project.items()["cases/sample.yaml::vary[beta]"].verdict == "flaky"
    assert "known:" not in text_of(result)


def test_every_finding_of_a_case_is_told(project: Project) -> None:
    project.cases(differ_twice=f"args: [{NUMBER}]")
    result = project.run()
    assert {"  > differ_twice(100)", "  > differ_twice(-100)"} <= set(result.outlines)
    assert len(project.items()["cases/sample.yaml::differ_twice[beta]"].findings) == 2


# --- other verdicts --------------------------------------------------------------------------------


DIFFER = (
    "case: differ, kind: type, place: 'differ()', other: wrong, blame: beta, reason: it is like that, "
    "witness: [{call: differ, args: ['100']}]"
)


def test_a_known_divergence_is_an_expected_failure_with_its_reason(project: Project) -> None:
    project.cases(differ=f"args: [{NUMBER}]")
    project.know(DIFFER)
    result = project.run("-rx")
    result.assert_outcomes(xfailed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["XFAIL cases/sample.yaml::differ?beta? - *beta: it is like that"])
    item = project.items()["cases/sample.yaml::differ[beta]"]
    assert (item.verdict, item.outcome) == ("known", "xfailed")
    assert item.known["type at differ()"] > 0


def test_a_divergence_that_is_known_of_another_backend_is_new(project: Project) -> None:
    project.cases(differ=f"args: [{NUMBER}]")
    project.know(DIFFER, backend="gamma")
    project.run().assert_outcomes(failed=1)
    assert project.items()["cases/sample.yaml::differ[beta]"].verdict == "diverge"


def test_a_known_divergence_that_is_gone_fails(project: Project) -> None:
    project.cases(agree=f"args: [{NUMBER}]")
    project.know(DIFFER.replace("differ", "agree"))
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "1 known divergence of beta is gone: the backends agree on its witness.",
            "  *cases/known/beta/sample.yaml:2:5: type at agree(): beta: it is like that",
        ]
    )
    assert project.items()["cases/sample.yaml::agree[beta]"].verdict == "stale"


def test_an_extension_that_a_backend_cannot_load_is_skipped_by_the_name_of_what_is_missing(project: Project) -> None:
    project.cases(agree="")
    result = project.run("--backends=lacking,beta", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "lacking has Python 3.15 and alpha 3.14: what the versions may explain is counted as skew, and does *",
            "SKIPPED * unsupported: lacking lacks PyObject_GetBuffer, PyType_FromSpec",
        ]
    )
    item = project.items()["cases/sample.yaml::agree[lacking]"]
    assert (item.verdict, item.outcome) == ("unsupported", "skipped")
    assert item.missing == ("PyObject_GetBuffer", "PyType_FromSpec")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("uncompilable", "broken: compiling sample: cargo failed with exit code 101"),
        ("unstartable", "broken: unstartable: cannot start /nowhere/python: No such file or directory"),
    ],
)
def test_what_is_broken_says_so_and_the_rest_runs(project: Project, name: str, message: str) -> None:
    project.cases(agree="")
    result = project.run(f"--backends={name},beta")
    result.assert_outcomes(failed=1, passed=1)
    assert message in result.outlines
    assert "Traceback" not in text_of(result)
    item = project.items()[f"cases/sample.yaml::agree[{name}]"]
    assert (item.verdict, item.outcome) == ("broken", "failed")
    assert item.message == message.removeprefix("broken: ") or item.message.startswith("compiling sample")


def test_a_case_that_draws_what_cannot_be_sent_is_broken(project: Project) -> None:
    project.cases(agree="args: ['lists(absent(), min_size=1)']")
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["broken: a value of type Absent cannot be sent to a worker here: Absent()"])


def test_a_case_that_calls_nothing_is_broken(project: Project) -> None:
    # Both backends raise the same AttributeError, which must not pass for agreement.
    project.cases(agre="args: ['integers()']", steps="program: {start: [{call: Box}, {get: x}]}")
    result = project.run()
    result.assert_outcomes(failed=2)
    told = "broken: no example got as far as a call: builtins.AttributeError: module 'sample' has no attribute "
    result.stdout.fnmatch_lines([f"{told}'agre'*", f"{told}'Box'*"])
    assert project.items()["cases/sample.yaml::agre[beta]"].verdict == "broken"


def test_a_module_that_cannot_be_imported_is_broken(project: Project) -> None:
    source = project.path / "extensions/sample/sample.py"
    source.write_text("raise ImportError('undefined symbol: PyFoo')\n")
    project.cases(agree="")
    result = project.run()
    result.stdout.fnmatch_lines(
        ["broken: alpha: import of sample raised builtins.ImportError: undefined symbol: PyFoo"]
    )


def test_a_legal_difference_is_counted(project: Project) -> None:
    project.cases(panic="")
    result = project.run()
    result.assert_outcomes(passed=1)
    assert project.items()["cases/sample.yaml::panic[beta]"].rules_applied["panic-thread-id"] >= 1
    project.configure(PYPROJECT + "rules = []\n")
    project.run().assert_outcomes(failed=1)


# --- selecting -------------------------------------------------------------------------------------


def three(project: Project) -> None:
    project.cases("a", agree="", differ=f"args: [{NUMBER}]")
    project.cases("b", more="call: agree")


def test_k_selects_by_case_and_by_backend(project: Project) -> None:
    three(project)
    project.run("-k", "agree or more").assert_outcomes(passed=2, deselected=1)
    project.run("--backends=beta,lacking", "-k", "lacking and not b.yaml").assert_outcomes(skipped=2, deselected=4)


def test_x_stops_at_the_first_failure(project: Project) -> None:
    three(project)
    result = project.run("-x")
    result.assert_outcomes(passed=1, failed=1)
    assert "more" not in [item.case for item in project.items().values()]
    assert isinstance(project.events()[-1], Footer)


def test_lf_runs_what_failed_last(project: Project) -> None:
    three(project)
    run = project.pytester.runpytest_inprocess
    run("--backend-matrix").assert_outcomes(passed=2, failed=1)
    result = run("--backend-matrix", "--lf", "-v")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["cases/a.yaml::differ?beta? FAILED*"])


def test_a_file_and_an_item_can_be_named(project: Project) -> None:
    three(project)
    project.run("cases/b.yaml").assert_outcomes(passed=1)
    project.run("cases/a.yaml::agree[beta]").assert_outcomes(passed=1)
    assert list(project.items()) == ["cases/a.yaml::agree[beta]"]
    result = project.run("cases/a.yaml::gone[beta]")
    assert result.ret == 4


def test_a_file_that_no_setting_matches_can_be_named(project: Project) -> None:
    project.cases(agree="")
    shutil.move(project.path / "cases/sample.yaml", project.path / "elsewhere.yml")
    project.run("elsewhere.yml").assert_outcomes(passed=1)


def test_ordinary_tests_beside_case_files_run_if_they_are_named(project: Project) -> None:
    three(project)
    project.pytester.makepyfile(test_ordinary="def test_it(): pass")
    project.run("cases/b.yaml", "test_ordinary.py").assert_outcomes(passed=2)
    project.run().assert_outcomes(passed=2, failed=1)
    project.pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_only_what_is_selected_is_compiled(project: Project) -> None:
    three(project)
    shutil.copytree(project.path / "extensions/sample", project.path / "extensions/other")
    project.cases("c", agree="")
    case = project.path / "cases/c.yaml"
    case.write_text(case.read_text().replace("extension: sample", "extension: other"))
    project.run("-k", "c.yaml")
    assert sorted(project.did) == [
        "compiled other for alpha",
        "compiled other for beta",
        "provided alpha",
        "provided beta",
    ]


def test_an_extension_is_compiled_once_for_all_its_cases(project: Project) -> None:
    three(project)
    project.run()
    assert sorted(project.did) == [
        "compiled sample for alpha",
        "compiled sample for beta",
        "provided alpha",
        "provided beta",
    ]


def test_collecting_builds_nothing_starts_nothing_and_writes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    three(project)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    result = project.run("--collect-only", "-q")
    assert [line for line in result.outlines if "::" in line] == [
        "cases/a.yaml::agree[beta]",
        "cases/a.yaml::differ[beta]",
        "cases/b.yaml::more[beta]",
    ]
    assert project.did == []
    assert not (project.path / "results").exists()


def test_quiet_is_quiet_and_verbose_names_every_item(project: Project) -> None:
    project.cases(agree="")
    quiet = text_of(project.run("-q"))
    assert "Fake" not in quiet
    assert "backend-matrix:" not in quiet
    assert "cases/sample.yaml::agree[beta] PASSED" in text_of(project.run("-v"))


# --- seeds and examples ----------------------------------------------------------------------------


def findings_of(project: Project) -> dict[str, Any]:
    return {name: (item.seed, item.findings, item.known) for name, item in project.items().items()}


def test_the_same_seed_gives_the_same_run(project: Project) -> None:
    project.cases(differ=f"args: [{NUMBER}]", chat="args: ['text()']", agree="args: ['anything()']")
    project.run("--hypothesis-seed=7", "--examples=25")
    first = findings_of(project)
    project.run("--hypothesis-seed=7", "--examples=25", "-k", "differ or chat or agree")
    assert findings_of(project) == first
    project.run("--hypothesis-seed=8", "--examples=25")
    assert {name: each[0] for name, each in findings_of(project).items()} != {
        name: each[0] for name, each in first.items()
    }


def test_without_a_seed_every_run_has_its_own_and_says_it(project: Project) -> None:
    project.cases(agree="args: ['anything()']")
    seeds = set()
    for _ in range(2):
        told = re.search(r"backend-matrix: .*, seed (\d+)", text_of(project.run(seeded=False)))
        assert told
        header = project.events()[0]
        assert header.seed == int(told[1])
        seeds.add(header.seed)
    assert len(seeds) == 2


def test_the_number_of_examples_is_the_command_lines_then_the_projects_then_the_cases(project: Project) -> None:
    project.cases(agree="args: ['integers()'], max_examples: 20", more="call: agree, args: ['integers()']")

    def examples(*arguments: str) -> list[int]:
        project.run(*arguments)
        return [item.examples for item in project.items().values()]

    assert examples("--examples=33") == [33, 33]
    assert examples() == [60, 60]
    project.configure(PYPROJECT.replace("examples = 60\n", ""))
    assert examples() == [20, 100]


def test_a_profile_of_hypothesis_decides_where_nobody_else_does(project: Project) -> None:
    project.configure(PYPROJECT.replace("examples = 60\n", ""))
    project.cases(agree="args: ['integers()']")
    project.pytester.makeconftest("import hypothesis\nhypothesis.settings.register_profile('few', max_examples=12)\n")
    project.run_outside("--hypothesis-profile=few", "cases", "-p", "no:cacheprovider").assert_outcomes(passed=1)
    assert [item.examples for item in project.items().values()] == [12]


def test_a_finding_is_found_at_once_the_next_time(project: Project) -> None:
    # A needle that few examples do not meet by chance; Hypothesis keeps what it found.
    project.cases(differ="args: ['integers(-10**9, 10**9)']")
    project.run("--examples=300", seeded=False).assert_outcomes(failed=1)
    project.run("--examples=1", seeded=False).assert_outcomes(failed=1)


# --- under pytest-xdist ----------------------------------------------------------------------------


def test_several_processes_share_one_build_one_log_and_one_seed(project: Project) -> None:
    three(project)
    result = project.run_outside("-n", "2", "--hypothesis-seed=3", "-v")
    result.assert_outcomes(passed=2, failed=1)
    assert project.did.count("compiled sample for beta") >= 1
    assert project.did[:2] == ["provided alpha", "provided beta"]
    parallel = findings_of(project)
    events = project.events()
    assert isinstance(events[0], Header)
    assert isinstance(events[-1], Footer)
    assert events[-1].verdicts == {"agree": 2, "diverge": 1}
    assert len(project.junit()) == 3
    assert all(case.findall("properties/property") for case in project.junit().values())
    project.run("--hypothesis-seed=3")
    assert findings_of(project) == parallel


def test_a_wrong_case_file_ends_a_parallel_run_before_it_begins(project: Project) -> None:
    project.cases(agree="args: ['nope()']")
    result = project.run_outside("-n", "2")
    assert result.ret == 4
    assert project.did == []


# --- errors of usage -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--backends=gamma"],
            "ERROR: --backends: unknown backend 'gamma': there are accused, alpha, beta, compiled, *",
        ),
        (["--backends=bta"], "ERROR: --backends: unknown backend 'bta': there are * did you mean 'beta'?"),
        (["--backends=alpha"], "ERROR: only the reference 'alpha' is left; name another backend with --backends"),
        (["--reference=nobody"], "ERROR: --reference: unknown backend 'nobody': there are *"),
        (["--backend", "alpha"], "ERROR: --backend alpha: write NAME=PATH, such as *"),
        (["--examples=0"], "ERROR: --examples: the number of examples must be at least 1, not 0"),
        (["--examples=many"], "*error: argument --examples: invalid int value: 'many'"),
        (["--backends=not-here"], "ERROR: not-here: no such interpreter on this machine; install one"),
        (["cases/gone.yaml"], "ERROR: file or directory not found: cases/gone.yaml"),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_built(project: Project, arguments: list[str], message: str) -> None:
    project.cases(agree="")
    result = project.run(*arguments)
    assert result.ret == 4
    result.stderr.fnmatch_lines([message])
    assert not any(line.startswith("compiled") for line in project.did)
    assert "Traceback" not in text_of(result) + "\n".join(result.errlines)


def test_every_wrong_case_file_is_told_before_anything_is_built(project: Project) -> None:
    project.cases("a", agree="args: ['integer()']")
    project.cases("b", agree="argz: []")
    project.cases("c", agree="")
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [
            "ERROR: *cases/a.yaml:3:19: case 'agree': unknown name 'integer'; did you mean 'integers'? in 'integer()'",
            "*cases/b.yaml:3:11: case 'agree': unknown field 'argz'; did you mean 'args'?",
        ]
    )
    assert project.did == []
    assert not (project.path / "results").exists()


def test_a_wrong_setting_is_told_with_its_file(project: Project) -> None:
    project.configure(PYPROJECT + "exampels = 5\n")
    project.cases(agree="")
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["ERROR: */pyproject.toml: ?tool.backend-matrix?: unknown setting 'exampels'; did you mean 'examples'?"]
    )


def test_a_project_without_case_files_says_where_they_were_looked_for(project: Project) -> None:
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: no case files: nothing matches cases/?.yaml in *"])


def test_a_crate_that_is_not_there_is_told_by_each_item(project: Project) -> None:
    project.cases(agree="", more="call: agree")
    shutil.rmtree(project.path / "extensions")
    result = project.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["broken: *cases/sample.yaml: no extension is named 'sample'; looked in *"])


# --- settings --------------------------------------------------------------------------------------


def test_the_command_line_wins_over_the_settings(project: Project) -> None:
    project.cases(agree="args: ['integers()']")
    project.configure(PYPROJECT + 'results = "from-settings"\n')
    project.run()
    assert (project.path / "from-settings/events.jsonl").exists()
    project.run("--backends=alpha", "--reference=beta", "--examples=9", "--matrix-results=from-option", "-v")
    [item] = project.items("from-option").values()
    assert (item.backend, item.examples) == ("alpha", 9)
    assert project.events("from-option")[0].reference == "beta"
    assert not (project.path / "results").exists()


def test_an_interpreter_can_be_named_for_a_backend(project: Project) -> None:
    project.cases(agree="")
    project.run(f"--backend=beta={sys.executable}").assert_outcomes(passed=1)
    result = project.run("--backend=beta=/nowhere/python")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["broken: beta: cannot start /nowhere/python: No such file or directory"])


def test_rebuild_is_passed_on(project: Project) -> None:
    project.cases(agree="")
    project.run("--rebuild")
    assert "compiled sample for beta again" in project.did


def test_rebuilding_in_parallel_is_done_once(project: Project) -> None:
    project.cases(agree="", more="call: agree", third="call: agree")
    project.run_outside("-n", "2", "--rebuild").assert_outcomes(passed=3)
    assert project.did.count("compiled sample for beta again") == 1


HELPER = """
from sample import BETA

def call(function):
    if BETA:
        print("called")
    return function()

def keep(function):
    pass
"""


def helper(project: Project, caller: str) -> None:
    """Write a second extension, a function of which is to call callbacks."""
    directory = project.path / "extensions/helper"
    directory.mkdir()
    (directory / "helper.py").write_text(HELPER, encoding="utf-8")
    manifest = (project.path / "extensions/sample/Cargo.toml").read_text(encoding="utf-8")
    (directory / "Cargo.toml").write_text(manifest.replace("sample", "helper"), encoding="utf-8")
    project.configure(f'{PYPROJECT}caller = "{caller}"\n')


def test_callbacks_are_called_by_the_function_that_the_settings_name(project: Project) -> None:
    helper(project, "helper:call")
    project.cases(agree="contexts: [callback]")
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["Smallest program found, in a callback:", "  beta   'called\\n'"])
    assert "compiled helper for beta" in project.did


def test_a_caller_that_calls_nothing_makes_every_item_broken(project: Project) -> None:
    helper(project, "helper:keep")
    project.cases(agree="args: ['1']")
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["broken: *helper.keep does not call its argument*"])


# --- what a run leaves behind ----------------------------------------------------------------------


def test_the_event_log_has_a_header_the_backends_every_item_and_a_footer(project: Project) -> None:
    three(project)
    result = project.run("--hypothesis-seed=9")
    events = project.events()
    header, first, second, *rest, footer = events
    # The finding when it is met, and when it has been confirmed; then its item says it again.
    items = [each for each in rest if isinstance(each, ItemEvent)]
    assert {each.item for each in rest if isinstance(each, FoundEvent)} == {"cases/a.yaml::differ[beta]"}
    assert isinstance(header, Header)
    assert (header.reference, header.backends, header.seed) == ("alpha", ("alpha", "beta"), 9)
    assert set(header.versions) >= {"pytest", "hypothesis"}
    assert [each.facts.name for each in (first, second) if isinstance(each, BackendEvent)] == ["alpha", "beta"]
    assert first.facts.built == {"sample": "digest-of-alpha"}
    assert {item.item: item.verdict for item in items} == {
        "cases/a.yaml::agree[beta]": "agree",
        "cases/a.yaml::differ[beta]": "diverge",
        "cases/b.yaml::more[beta]": "agree",
    }
    assert isinstance(footer, Footer)
    assert (footer.exit_code, footer.verdicts) == (result.ret, {"agree": 2, "diverge": 1})
    [finding] = project.items()["cases/a.yaml::differ[beta]"].findings
    assert (finding.kind, finding.place, finding.text) == ("type", "differ()", "differ(100)")
    assert finding.reference == [{"outcome": "returned", "value": 100, "effects": {}}]


def test_junit_xml_has_a_case_for_each_item_with_its_properties(project: Project) -> None:
    project.cases(differ=f"args: [{NUMBER}]", agree="args: ['none()']")
    project.run("--hypothesis-seed=9")
    cases = project.junit()
    assert set(cases) == {"differ[beta]", "agree[beta]"}
    found = {each.get("name"): each.get("value") for each in cases["differ[beta]"].iter("property")}
    assert found["backend"] == "beta"
    assert found["version.alpha"] == "Fake alpha 1.0"
    assert found["version.beta"] == "Fake beta 1.0"
    assert found["verdict"] == "diverge"
    assert found["divergence.type at differ()"] == "differ(100)"
    assert int(found["examples"] or 0) >= 60
    assert cases["differ[beta]"].find("failure") is not None


def test_junit_xml_is_well_formed_whatever_was_printed(project: Project) -> None:
    project.cases(chat="args: ['any_text()']")
    project.run().assert_outcomes(failed=1)
    failure = project.junit()["chat[beta]"].find("failure")
    assert failure is not None
    assert "\\x00\\x1b[31m]]>" in (failure.text or "")


def test_junit_xml_can_be_put_elsewhere(project: Project) -> None:
    project.cases(agree="")
    project.run("--junitxml=mine.xml")
    assert (project.path / "mine.xml").exists()
    assert not (project.path / "results/junit.xml").exists()


# --- without the option ----------------------------------------------------------------------------

LOADED = """
import json, sys, pytest
code = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]])
loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("harness", "lief", "msgspec", "yaml"))
print("LOADED", json.dumps([int(code), loaded]))
"""


def test_without_the_option_nothing_but_the_plug_in_is_imported(project: Project) -> None:
    three(project)
    project.pytester.makepyfile(test_ordinary="def test_it(): pass")
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=project.path,
        capture_output=True,
        text=True,
        check=True,
    )
    [told] = [line for line in done.stdout.splitlines() if line.startswith("LOADED")]
    assert json.loads(told.removeprefix("LOADED ")) == [0, ["harness", "harness.plugin"]]
    assert project.did == []


def test_the_options_are_explained(project: Project) -> None:
    result = project.pytester.runpytest_inprocess("--help")
    for option in ("--backend-matrix", "--backends=NAMES", "--backend=NAME=PATH", "--reference=NAME", "--examples=N"):
        result.stdout.fnmatch_lines([f"*{option}*"])


def test_a_saved_finding_is_run_again_without_a_seed_which_would_draw_anew(project: Project) -> None:
    project.cases(differ="args: ['integers(0, 10**6)']")
    project.run(seeded=False)
    told = [line for line in project.run("--examples=1", seeded=False).outlines if line.startswith("Run it again:")]
    assert told
    assert "--hypothesis-seed" not in told[0]


def test_what_programs_do_to_classes_is_no_part_of_the_surface(project: Project) -> None:
    project.configure(PYPROJECT.replace("surface = false", "surface = true"))
    project.cases(mark="args: []")
    project.run("--hypothesis-seed=0")
    found = {name.rpartition("::")[2]: each for name, each in project.items().items()}
    assert found["mark[beta]"].verdict == "agree"
    assert [each.place for each in found["surface[beta]"].findings] == ["value of BETA", "value of MADE"]


def test_a_known_item_is_shown_as_its_reason() -> None:
    with pytest.raises(pytest.xfail.Exception) as caught:
        pytest.xfail("no weak references yet")
    shown = collect.Item.repr_failure(cast(collect.Item, None), cast("pytest.ExceptionInfo[BaseException]", caught))
    assert shown == "no weak references yet"
