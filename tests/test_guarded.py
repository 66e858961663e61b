"""Processes that a warden starts: how they end, what they leave behind, and what becomes of them without it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import comes_true, descendants, is_running, leaving_no_process

from harness import guarded
from harness.errors import RestartsLimitError
from harness.guarded import Ended, GuardedProcess
from harness.limits import Limits, cpu_allowance_s
from harness.restarts import Restarts
from harness.settings import Overrides, read_settings


@pytest.fixture(autouse=True)
def nothing_is_left_over() -> Iterator[None]:
    with leaving_no_process():
        yield


def start(source: str, directory: Path, *, argv: tuple[str, ...] = (sys.executable, "-S", "-c")) -> GuardedProcess:
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        return GuardedProcess.start(
            [*argv, source],
            environment={"PATH": os.defpath},
            directory=directory,
            limits={"RLIMIT_CORE": 1},
            descriptors=[nothing] * 5,
        )
    finally:
        os.close(nothing)


def test_how_a_process_ended_is_told_once_it_has(tmp_path: Path) -> None:
    running = start("import time; time.sleep(600)", tmp_path)
    assert running.wait(0) is None
    ended = running.kill()
    assert (ended.status, ended.killed) == (-signal.SIGKILL, True)
    left = start("raise SystemExit(3)", tmp_path)
    assert left.wait(60) == left.kill()
    assert left.wait(0) == Ended(3, False, left.kill().peak_bytes)


def test_what_it_leaves_in_other_sessions_is_gone_when_it_is(tmp_path: Path) -> None:
    source = (
        "import os, time\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork() == 0: os.setsid(); time.sleep(600)\n"
        "        os._exit(0)\n"
        "open('started', 'w').close(); time.sleep(600)\n"
    )
    running = start(source, tmp_path)
    assert comes_true((tmp_path / "started").exists, 60)
    warden = guarded._wardens[False].process.pid
    # The warden, the keeper, the process, and at least one of what it left.
    assert comes_true(lambda: len(descendants(warden)) >= 3)
    running.kill()
    assert comes_true(lambda: descendants(warden) == set())


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"^No such file or directory$"):
        start("", tmp_path, argv=("/nowhere/python",))


def test_another_warden_is_started_when_one_is_gone(tmp_path: Path) -> None:
    first = start("import time; time.sleep(600)", tmp_path)
    warden = guarded._wardens[False].process
    os.kill(warden.pid, signal.SIGKILL)
    warden.wait()
    second = start("import time; time.sleep(600)", tmp_path)
    assert guarded._wardens[False].process.pid != warden.pid
    # The keeper of the first still does what it is there for.
    assert first.kill().killed
    assert not is_running(first.pid)
    assert second.kill().killed


def test_the_process_does_not_outlive_its_keeper(tmp_path: Path) -> None:
    running = start("import time; time.sleep(600)", tmp_path)
    keeper = int(Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(keeper, signal.SIGKILL)
    assert comes_true(lambda: not is_running(running.pid))
    ended = running.kill()
    assert (ended.status, ended.killed) == (-signal.SIGKILL, False)


# --- caps and settings -----------------------------------------------------------------------------


def test_restarts_are_capped_for_a_case_and_for_a_run() -> None:
    restarts = Restarts(of_a_case=2, of_a_run=3)
    restarts.count("one")
    restarts.count("one")
    with pytest.raises(RestartsLimitError, match=r"^workers died or hung more than 2 times in this case"):
        restarts.count("other")
    restarts.begin_case()
    with pytest.raises(RestartsLimitError, match=r"more than 3 times in this run, .* on one; .*restarts-per-run\)$"):
        restarts.count("one")


def test_limits_are_settings(tmp_path: Path) -> None:
    table = "memory-mib = 512\nfile-mib = 8\nnetwork = true\nrestarts-per-case = 5\nrestarts-per-run = 6\n"
    (tmp_path / "pyproject.toml").write_text(f"[tool.backend-matrix]\n{table}")
    settings = read_settings(tmp_path, Overrides())
    assert settings.limits == Limits(512 * 2**20, 8 * 2**20, network=True)
    assert (settings.restarts_per_case, settings.restarts_per_run) == (5, 6)


def test_a_longer_time_limit_gives_more_cpu_time() -> None:
    assert cpu_allowance_s(100.0) > cpu_allowance_s(1.0) > 60
