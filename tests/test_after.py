"""A finding that shows only after other programs in the same process, from the run that meets it to the book."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_acting import command
from test_plugin import FAKES, PYPROJECT, SEEDED, Project, project, text_of  # noqa: F401

from conftest import CheckGolden
from harness.acting.running import extension_of
from harness.acting.stored import find, finding_name
from harness.backends.versions import Changed, Part
from harness.bisect.asking import ask
from harness.builds import Progress
from harness.eventlog import FindingRecord
from harness.extensions import Extension, read_extension
from harness.matrix import Matrix
from harness.settings import Overrides, read_settings

ITEM = "cases/sample.yaml::use[beta]"
USE = "args: ['integers()'], contexts: []"
CASES = f"extension: sample\ncases:\n  spoil: {{args: [], contexts: [thread]}}\n  use: {{{USE}}}\n"
DIFFERS = (
    "--- alpha: ended with exit code 0\nreturned <class 'int'> 0\n"
    "--- beta: ended with exit code 0\nreturned <class 'str'> 'spoilt'\n"
    "--- They differ.\n"
)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run a project once for all tests; return its directory, and what the run printed."""
    directory = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(FAKES / "extension", directory / "extensions/sample")
    (directory / "pyproject.toml").write_text(PYPROJECT.replace("60", "8"))
    (directory / "cases").mkdir()
    (directory / "cases/sample.yaml").write_text(CASES)
    argv = [sys.executable, "-m", "pytest", "--backend-matrix", "-q", "-p", "no:cacheprovider", *SEEDED]
    environment = {**os.environ, "PYTHONPATH": str(FAKES)}
    done = subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    return directory, done.stdout


@pytest.fixture
def spoilt(project: Project, first: tuple[Path, str]) -> Project:  # noqa: F811
    """A project whose last run met a difference that shows only after another case's program, in a thread."""
    directory, project.told = first  # type: ignore[attr-defined]
    for name in ("pyproject.toml", "cases", "results"):
        copy = shutil.copytree if (directory / name).is_dir() else shutil.copy
        copy(directory / name, project.path / name)
    return project


def record_of(spoilt: Project) -> FindingRecord:
    (record,) = spoilt.items()[ITEM].findings
    return record


def name_of(spoilt: Project) -> str:
    record = record_of(spoilt)
    return finding_name(ITEM, record.kind, record.place)


def mend(spoilt: Project) -> None:
    sample = spoilt.path / "extensions/sample/sample.py"
    sample.write_text(sample.read_text().replace("BETA and SPOILT", "False"))


def test_it_is_told_logged_and_shown_by_a_script(spoilt: Project, golden: CheckGolden) -> None:
    told = spoilt.told  # type: ignore[attr-defined]
    assert "  > use(0)\n    (only after this program in the same process:)\n      # in a thread\n" in told
    record = record_of(spoilt)
    assert (record.text, record.after) == ("use(0)", ("# in a thread\nspoil()",))
    done = command("reproduce", name_of(spoilt), "--run")
    assert (done.exit_code, done.stdout) == (1, DIFFERS)
    text = re.sub(r"--replay=\S+", "--replay=WORD", command("report-issue", name_of(spoilt)).stdout)
    text = re.sub(r"[0-9.]+ on \d{4}-\d\d-\d\d \(.*\)", "VERSION on DATE (VERSIONS)", text)
    golden("issue_after.md", text)


def test_it_is_run_again_with_what_it_comes_after(spoilt: Project) -> None:
    result = spoilt.run(f"--replay={name_of(spoilt)}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  > use(0)", "      spoil()"], consecutive=False)
    # Anywhere, by its one word alone.
    script = (spoilt.path / f"results/findings/{name_of(spoilt)}.py").read_text()
    (line,) = re.findall(r"^    pytest --backend-matrix (--replay=\S+)$", script, re.MULTILINE)
    (spoilt.path / "results/events.jsonl").unlink()
    spoilt.run(line).assert_outcomes(failed=1)
    mend(spoilt)
    spoilt.run(line).assert_outcomes(passed=1)


def test_a_log_that_has_only_the_text_of_what_it_comes_after_is_not_enough(spoilt: Project) -> None:
    log = spoilt.path / "results/events.jsonl"
    name = name_of(spoilt)
    log.write_text(re.sub(r',\{"after":\[\[.*?\]\]\}\]', "]", log.read_text()))
    assert record_of(spoilt).program == ["sample", [["call", "use", [0], []]]]
    done = command("reproduce", name)
    assert done.exit_code == 4
    assert (
        "shows only after other programs, of which this log, of an earlier version, has the text alone" in done.stderr
    )


def test_it_is_kept_as_an_example_that_comes_after_it(spoilt: Project) -> None:
    path = spoilt.path / "cases/sample.yaml"
    (patch,) = set(re.findall(r"^Keep it:      (git apply .+)$", spoilt.told, re.MULTILINE))  # type: ignore[attr-defined]
    subprocess.run(["git", "init", "-q"], cwd=spoilt.path, check=True)
    subprocess.run(shlex.split(patch), cwd=spoilt.path, check=True)
    assert path.read_text().endswith(
        f'  use: {{{USE}, examples: [{{program: [{{call: use, args: ["0"]}}], '
        "after: [{program: [{call: spoil}], context: thread}]}]}\n"
    )
    # Alone: no other item has done anything before.
    result = spoilt.run("-q", "-k", "use")
    result.assert_outcomes(failed=1)
    assert record_of(spoilt).after == ("# in a thread\nspoil()",)
    assert "Keep it:" not in text_of(result), "it is an example already"
    path.write_text(CASES)
    # What that run has saved is enough.
    spoilt.run("-q", "-k", "use").assert_outcomes(failed=1)
    mend(spoilt)
    spoilt.run("-q", "-k", "use").assert_outcomes(passed=1)


def test_other_backends_are_asked_with_what_it_comes_after(
    project: Project,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project.configure(PYPROJECT.replace("alpha", "court").replace("beta", "accused").replace("60", "8"))
    project.cases(spoil="args: [], contexts: [thread]", use=USE)
    # Who does as the accused does so only after what came before.
    monkeypatch.setenv("FAKE_VOTERS", "control=beta")
    project.run("-q")
    (record,) = project.items()[ITEM.replace("beta", "accused")].findings
    assert record.after
    assert record.blame is not None
    assert [(vote.side, vote.text) for vote in record.blame.votes] == [("other", "returned 'spoilt'")]


def test_a_version_is_asked_with_what_it_comes_after(spoilt: Project) -> None:
    texts = {"1.0.0": "BETA and not SPOILT", "1.1.0": "BETA and SPOILT"}

    def at(version: str, extension: Extension, directory: Path, progress: Progress) -> Changed:
        shutil.copytree(extension.directory, directory, dirs_exist_ok=True)
        sample = directory / "sample.py"
        sample.write_text(sample.read_text().replace("BETA and SPOILT", texts[version]))
        return Changed(read_extension(directory, extension.name))

    part = Part("sample", lambda extension, progress: list(texts), at)
    finding = find(name_of(spoilt), spoilt.path / "results/events.jsonl")
    matrix = Matrix(read_settings(spoilt.path, Overrides()), lambda line: None)
    tried = [ask(version, part, extension_of(finding, matrix), finding, matrix) for version in texts]
    assert [each.answer for each in tried] == ["good", "bad"]


# --- the book ----------------------------------------------------------------------------------------


def test_its_entry_is_written_and_replayed_with_what_it_comes_after(spoilt: Project) -> None:
    book = spoilt.know(
        "case: spoil, kind: type, place: 'spoil()', other: x, blame: beta, reason: none, "
        "versions: {interpreter: '<1'}, witness: [{call: spoil}]"
    )
    book.write_text(f"# Ours.\n{book.read_text()}")
    before = book.read_text()
    spoilt.run("-q", "--update-known")
    written = book.read_text()
    assert written.startswith(before)
    assert "    after:\n      - {program: [{call: spoil}], context: thread}\n    witness:\n" in written
    book.write_text(written.replace('blame: ""', "blame: beta").replace('reason: ""', "reason: it is so"))
    result = spoilt.run("-q", "-k", "use")
    result.assert_outcomes(xfailed=1)
    assert spoilt.items()[ITEM].verdict == "known"
    spoilt.run("-q", "--update-known")
    assert book.read_text().count("- case: use") == 1, "what is known is not written again"
    mend(spoilt)
    result = spoilt.run("-q", "-k", "use")
    assert spoilt.items()[ITEM].verdict == "stale"
    result.stdout.fnmatch_lines(["  cases/known/beta/sample.yaml:*: type at use(): beta: it is so"])


def test_another_witness_meets_nothing_of_what_one_comes_after(spoilt: Project) -> None:
    entry = "case: use, kind: type, place: 'use()', blame: beta, reason: so, witness: [{call: use, args: ['1']}]"
    after = "after: [{program: [{call: spoil}], context: thread}]"
    spoilt.know(f"{entry}, other: '^spoilt$', {after}", f"{entry}, other: '^spoil'")
    spoilt.run("-q", "-k", "use")
    assert spoilt.items()[ITEM].verdict == "stale"


def test_an_entry_that_comes_and_goes_may_come_after_something(spoilt: Project) -> None:
    spoilt.know(
        "case: use, kind: type, place: 'use()', other: '^spoilt$', blame: beta, reason: so, intermittent: 0.9, "
        "after: [{program: [{call: spoil}], context: thread}], witness: [{call: use, args: ['1']}]"
    )
    spoilt.run("-q", "-k", "use").assert_outcomes(xfailed=1)
    assert list(spoilt.items()[ITEM].rates.values()) == [(3, 3)]


# --- what calls callbacks ------------------------------------------------------------------------------


def test_a_script_calls_callbacks_by_the_function_that_the_settings_name(project: Project) -> None:  # noqa: F811
    callables = project.path / "extensions/callables"
    callables.mkdir()
    manifest = (project.path / "extensions/sample/Cargo.toml").read_text()
    (callables / "Cargo.toml").write_text(manifest.replace('"sample"', '"callables"'))
    (callables / "callables.py").write_text("def apply(given):\n    return given()\n")
    sample = project.path / "extensions/sample/sample.py"
    caller = "import sys\n\n\ndef caller():\n    return BETA and sys._getframe(2).f_code.co_name\n"
    sample.write_text(f"{sample.read_text()}\n\n{caller}")
    project.configure('[tool.backend-matrix]\nreference = "alpha"\nbackends = ["beta"]\ncaller = "callables:apply"\n')
    project.cases(caller="examples: [{context: callback}], max_examples: 1")
    project.run("-q")
    name = next(
        each for each in (project.path / "results/findings").glob("*.py") if "in a callback" in each.read_text()
    )
    done = command("reproduce", name.stem, "--run")
    assert done.stdout.endswith("returned <class 'str'> 'apply'\n--- They differ.\n"), done.output
