"""The conformance kit: it passes for our backends, and every fake that misbehaves fails it in its own way."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from library_words import without_library_words
from test_misbehaving_replies import ENDS, REPLIES, STARTS, misbehaving

from conftest import HERE, CheckGolden, host_command
from harness.check_backend.bench import Bench, CheckFailed
from harness.check_backend.checks import CHECKS, Check
from harness.check_backend.command import FAILURES_LIMIT, Checked, check_backend, tell
from harness.process import WorkerCommand
from harness.program import CONTEXTS, STEP_KINDS
from harness.protocol import worker_digest

FEW = [check for check in CHECKS if check.name in ("handshake", "load", "value: integers of any size")]


def fails(command: WorkerCommand, *, timeout_s: float = 60.0) -> list[str]:
    return [str(each) for each in check_backend("it", command, timeout_s=timeout_s) if each.mark == "FAIL"]


def test_every_kind_of_step_and_every_context_has_a_check() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))
    assert {f"step: {kind}" for kind in STEP_KINDS} <= set(names)
    assert {f"context: {name}" for name in CONTEXTS} <= set(names)


def test_an_honest_worker_passes() -> None:
    assert fails(WorkerCommand((sys.executable,))) == []


def test_rustpython_passes() -> None:
    assert fails(host_command()) == []


@functools.cache
def first_failure(fault: str) -> str:
    """Return the first check that a fake fails, and why."""
    command = misbehaving(fault, "3")
    checked = list(check_backend("it", command, timeout_s=1.0 if fault in ENDS else 60.0, checks=FEW))
    failed = [f"{each.name}: {each.why}" for each in checked if each.mark == "FAIL"]
    assert failed, fault
    return failed[0]


@pytest.mark.parametrize("fault", [*STARTS, *REPLIES, *ENDS])
def test_what_misbehaves_fails(fault: str) -> None:
    assert first_failure(fault)


def test_each_fails_in_its_own_way(golden: CheckGolden) -> None:
    faults = sorted((*STARTS, *REPLIES, *ENDS))
    text = "".join(f"{fault}: {first_failure(fault)}\n" for fault in faults).replace(worker_digest(), "DIGEST")
    text = re.sub(r"(.)\1{60,}|(\[\"l\",){20,}", "[...]", text)
    golden("check_backend.txt", re.sub(r"(no handshake but b'.{40}).*", r"\1 [...]", without_library_words(text)))


def test_many_failures_are_enough() -> None:
    def fail(bench: Bench) -> None:
        raise CheckFailed("no")

    checked = list(check_backend("it", WorkerCommand(()), checks=[Check("one", fail)] * 20))
    assert [each.mark for each in checked] == ["FAIL"] * FAILURES_LIMIT


def test_what_is_told() -> None:
    said: list[str] = []
    checked = [
        Checked("one", "ok"),
        Checked("two", "FAIL", "wanted 1\nsaw 2"),
        Checked("three", "left out", "it cannot"),
    ]
    assert not tell("mine", checked, said.append)
    assert said[:4] == ["ok        one", "FAIL      two: wanted 1\n            saw 2", "left out  three: it cannot",
                        f"mine: 1 ok, 1 failed, 1 left out, {len(CHECKS) - 3} not tried"]  # fmt: skip


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command where the backends of ``tests/fakes`` are installed."""
    command = [sys.executable, "-m", "harness.cli", "check-backend", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(HERE / "fakes"), "HOME": str(tmp_path)}
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


def test_the_command_checks_a_backend_of_somebody_elses(tmp_path: Path) -> None:
    done = run(tmp_path, "alpha")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("alpha: Fake alpha 1.0\nok        handshake\n")
    assert done.stdout.endswith(f"alpha: {len(CHECKS)} ok\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["alpha", "--backend", "alpha=/nowhere/python"], 1, "alpha: 1 failed, "),
        (["not-here"], 6, "no such interpreter on this machine; install one"),
        (["gama"], 4, "unknown backend 'gama': there are accused, alpha, beta"),
        (["alpha", "--backend", "alpha"], 4, "--backend alpha: write NAME=PATH, such as "),
        (["alpha", "--timeout-s", "0"], 2, "0.0 is not in the range x>0"),
        ([], 2, "Missing argument 'NAME'"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == code
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
