"""The real thing: samples and a stranger's crate, compiled for real backends and compared."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.backends import cpython, cpython_abi3t, rustpython
from harness.backends.base import Request
from harness.backends.interpreters import installed
from harness.eventlog import BackendEvent, Footer, Header, ItemEvent, read_events
from harness.lanes import pump
from harness.matrix import Matrix
from harness.observation import Raised, Returned
from harness.program import Program, Step
from harness.protocol import encode_body
from harness.settings import Overrides, read_settings

ROOT = Path(__file__).parent.parent
THIRD_PARTY = Path(__file__).parent / "third_party"
CRATE = Path(__file__).parent / "crates" / "geometry"
PRINT_NAME = "import sys; print(sys.implementation.name)"


def run_pytest(
    *arguments: str, cwd: Path, python: str = sys.executable, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, as a user does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return subprocess.run(
        [python, "-m", "pytest", "--backend-matrix", *arguments],
        cwd=cwd,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_whole_matrix_holds_on_both_real_backends(tmp_path: Path) -> None:
    done = run_pytest("-n", "2", "-q", "--hypothesis-seed=0", f"--matrix-results={tmp_path}", cwd=ROOT)
    events = list(read_events(tmp_path / "events.jsonl"))
    assert isinstance(events[0], Header), done.stdout[-20_000:] + done.stderr
    assert isinstance(events[-1], Footer)
    assert {each.facts.name for each in events if isinstance(each, BackendEvent)} == {"cpython", "rustpython"}
    items = [each for each in events if isinstance(each, ItemEvent)]
    verdicts = Counter(each.verdict for each in items)
    assert len(items) > 500
    assert verdicts["agree"] > 150
    assert not verdicts["broken"] + verdicts["unsupported"]
    check_junit(tmp_path / "junit.xml", items)
    assert done.returncode == 0, done.stdout[-20_000:]
    # With another version of the reference, what the versions may explain is skew.
    assert set(verdicts) <= {"agree", "known", "skew"}
    if cpython.nearest(installed()).version == read_settings(ROOT, Overrides()).book_reference:
        assert set(verdicts) == {"agree", "known"}
        argv = [sys.executable, "docs/make_features_table.py", "--check", str(tmp_path / "events.jsonl")]
        proved = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        assert proved.returncode == 0, proved.stdout + proved.stderr


def check_junit(path: Path, items: list[ItemEvent]) -> None:
    """One test case per item, each with its properties."""
    cases = ElementTree.parse(path).getroot().findall(".//testcase")
    assert len(cases) == len(items)
    for case in cases:
        names = {each.get("name") for each in case.findall("properties/property")}
        assert {"backend", "seed", "examples", "verdict", "version.cpython", "version.rustpython"} <= names


def test_a_strangers_crate_runs_from_an_installed_wheel(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(wheels), str(ROOT)],
        check=True,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", *map(str, wheels.glob("*.whl"))], check=True)
    crate = tmp_path / "geometry"
    copy_crate(crate)
    done = run_pytest("-q", "-rA", "--hypothesis-seed=0", "--blame=none", cwd=crate, python=python)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "XFAIL cases/geometry.yaml::area[rustpython]" in done.stdout
    assert "PASSED cases/geometry.yaml::scale_all[rustpython]" in done.stdout
    assert "FAILED cases/geometry.yaml::interpreter_name[rustpython]" in done.stdout
    assert "FAILED cases/geometry.yaml::surface[rustpython]" in done.stdout
    assert "  > interpreter_name()" in done.stdout
    assert "  cpython     returned 'cpython'" in done.stdout
    assert "  rustpython  returned 'rustpython'" in done.stdout
    assert (crate / "results" / "events.jsonl").exists()
    assert (crate / "results" / "junit.xml").exists()
    assert not (crate / "target").exists(), "nothing is compiled inside a user's crate"


def copy_crate(to: Path) -> None:
    for source in CRATE.rglob("*"):
        if source.is_file():
            target = to / source.relative_to(CRATE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def test_a_callback_is_called_by_native_code_on_both_real_backends() -> None:
    # This caller calls fifty times and then raises, which no Python code of ours does.
    settings = replace(read_settings(ROOT, Overrides()), caller=("callables", "call_until_stop"))
    matrix = Matrix(settings, print)
    extension = matrix.extension("numbers", ROOT / "cases" / "numbers.yaml")
    steps = (Step("call", "add_i64", (1, 2)),)
    try:
        for name in ("cpython", "rustpython"):
            lane = matrix.lane(name, extension)
            programs = (Program(extension.module, steps), Program(extension.module, steps, "callback"))
            lane.send([(number, encode_body(program)) for number, program in enumerate(programs)])
            pump([lane], wait=True)
            plain, called = (reply.observations(1, name)[0].outcome for _, reply in lane.replies)
            assert plain == Returned(3)
            assert isinstance(called, Raised)
            assert called.exception[1:3] == ["builtins.RuntimeError", ["no end after 50 calls"]]
    finally:
        matrix.close()


def test_a_third_party_adds_backends_by_an_entry_point(tmp_path: Path) -> None:
    done = run_pytest(
        *("--backends", "again", f"--matrix-results={tmp_path}", "cases/numbers.yaml", "-k", "add_ or bits", "-q"),
        cwd=ROOT,
        PYTHONPATH=str(THIRD_PARTY),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    items = [each for each in read_events(tmp_path / "events.jsonl") if isinstance(each, ItemEvent)]
    assert {each.backend for each in items} == {"again"}
    assert {each.verdict for each in items} == {"agree"}


def test_a_second_cpython_with_a_twist_is_found_out(tmp_path: Path) -> None:
    reference = cpython.nearest(installed())
    if not any(cpython.OLDEST <= each.language_version < reference.language_version for each in installed()):
        pytest.skip(f"no CPython from 3.9 on that is older than {reference.version} is installed")
    done = run_pytest(
        *("--backends", "other-version", f"--matrix-results={tmp_path}", "--hypothesis-seed=0", "--strict-skew"),
        f"{CRATE}/cases/geometry.yaml",
        cwd=ROOT,
        PYTHONPATH=str(THIRD_PARTY),
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "::language_version[other-version]" in done.stdout
    assert "other-version has Python" in done.stdout
    (failed,) = [
        each for each in read_events(tmp_path / "events.jsonl") if isinstance(each, ItemEvent) and each.findings
    ]
    assert failed.case == "language_version"
    blames = [each.blame for each in failed.findings]
    assert [None if each is None else each.word for each in blames] == ["skew"]


def test_the_control_differs_from_its_own_version_in_the_abi_alone(tmp_path: Path) -> None:
    able = [each for each in installed() if each.language_version >= cpython_abi3t.OLDEST and not each.free_threaded]
    if not able:
        pytest.skip("the control needs CPython 3.15, which is not installed")
    done = run_pytest(
        *("--backends", "cpython-abi3t", "--backend", f"cpython={able[0].executable}"),
        *(f"--matrix-results={tmp_path}", "cases/numbers.yaml", "cases/classes.yaml", "-q", "--hypothesis-seed=0"),
        *("-k", "add_ or fits or mul_complex_odd or Counter or counter", "--examples", "200"),
        cwd=ROOT,
    )
    items = [each for each in read_events(tmp_path / "events.jsonl") if isinstance(each, ItemEvent)]
    assert len(items) > 5, done.stdout + done.stderr
    # PyO3's code for the limited API takes a complex number apart in Python's own terms.
    assert {each.case for each in items if each.verdict != "agree"} == {"mul_complex_odd"}


def test_the_host_is_an_interpreter_on_the_command_line() -> None:
    host = rustpython.provide(Request(None, print)).command.argv[0]
    done = subprocess.run([host, "-c", PRINT_NAME], capture_output=True, text=True, check=True)
    assert done.stdout == "rustpython\n"
    failed = subprocess.run([host, "-c", "raise SystemExit(3)"], capture_output=True, check=False)
    assert failed.returncode == 3
