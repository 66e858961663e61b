"""A spare worker is ready before it is needed, is used once, and is never left over."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_lanes import FakeLane
from processes import children, comes_true, ends_soon, leaving_nothing

from conftest import MODULES, OpenLane
from harness.extensions import Extension
from harness.lanes import Lane, pump
from harness.matrix import Matrix
from harness.observation import Crashed, Returned
from harness.process import WorkerCommand, WorkerProcess
from harness.program import Program, Step
from harness.protocol import encode_body
from harness.settings import Overrides, read_settings
from harness.spares import LoadFailedError, Workers

REAL = WorkerCommand((sys.executable,))


@pytest.fixture(autouse=True)
def nothing_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with leaving_nothing(tmp_path / "workers", monkeypatch):
        yield


@pytest.fixture
def workers_of() -> Iterator[Callable[..., Workers]]:
    made = []

    def workers(module: str = "echo", command: WorkerCommand = REAL) -> Workers:
        made.append(Workers("real", command, module, [str(MODULES)], None))
        return made[-1]

    yield workers
    for each in made:
        each.close_spare()


def pid_of(workers: Workers) -> int:
    [pid] = children()
    return pid


def test_a_spare_is_taken_once(workers_of: Callable[..., Workers]) -> None:
    workers = workers_of()
    workers.start_spare()
    workers.start_spare()
    spare = pid_of(workers)
    first, second = workers.take(), workers.take()
    assert first.process.pid == spare != second.process.pid
    first.kill()
    second.kill()


def test_a_spare_imports_the_module_before_it_is_taken(workers_of: Callable[..., Workers]) -> None:
    workers = workers_of()
    workers.start_spare()
    spare = workers._spare
    assert spare is not None

    def has_imported() -> bool:
        workers.advance_spare()
        return workers._asked and spare.read_available() and b"\n" in spare.incoming

    assert comes_true(has_imported)
    assert workers.take() is spare
    spare.kill()


def test_a_spare_that_died_is_replaced(workers_of: Callable[..., Workers]) -> None:
    workers = workers_of()
    workers.start_spare()
    spare = pid_of(workers)
    os.kill(spare, signal.SIGKILL)
    assert ends_soon(spare)
    workers.advance_spare()
    worker = workers.take()
    assert worker.process.pid != spare
    assert not worker.has_ended()
    worker.kill()


def test_a_spare_that_is_not_taken_is_ended(workers_of: Callable[..., Workers]) -> None:
    workers = workers_of()
    workers.start_spare()
    spare = pid_of(workers)
    workers.close_spare()
    assert ends_soon(spare)


def test_a_spare_that_cannot_import_says_so_when_it_is_taken(workers_of: Callable[..., Workers]) -> None:
    workers = workers_of("no_such_module")
    workers.start_spare()
    with pytest.raises(LoadFailedError, match="No module named 'no_such_module'"):
        workers.take()


def test_a_spare_that_cannot_be_started_says_so_when_it_is_taken(workers_of: Callable[..., Workers]) -> None:
    workers = workers_of(command=WorkerCommand(("/nowhere/python",)))
    workers.start_spare()
    with pytest.raises(Exception, match="cannot start /nowhere/python"):
        workers.take()


def outcomes(lane: Lane, *calls: str) -> list[type]:
    bodies = [encode_body(Program("echo", (Step("call", name, ()),))) for name in calls]
    lane.send(list(enumerate(bodies, 1)))
    pump([lane], wait=True)
    found = [type(reply.observations(1, lane.backend)[0].outcome) for _, reply in lane.replies]
    lane.replies.clear()
    return found


def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count what is started from here on."""
    pids: list[int] = []
    launch = WorkerProcess.launch.__func__  # type: ignore[attr-defined]

    def counted(cls: type[WorkerProcess], backend: str, command: WorkerCommand) -> WorkerProcess:
        worker: WorkerProcess = launch(cls, backend, command)
        pids.append(worker.process.pid)
        return worker

    monkeypatch.setattr(WorkerProcess, "launch", classmethod(counted))
    return pids


def test_a_lane_that_lost_a_worker_has_the_next_one_ready(open_lane: OpenLane, monkeypatch: pytest.MonkeyPatch) -> None:
    pids = started(monkeypatch)
    lane = open_lane(REAL)
    lane.keeps_spare = True
    assert outcomes(lane, "die", "number", "die", "number") == [Crashed, Returned, Crashed, Returned]
    # The first, its replacement, the spare that replaced that, and a spare.
    assert len(pids) == 4
    lane.close()
    assert all(map(ends_soon, pids))


def test_a_lane_without_a_loss_has_no_spare(open_lane: OpenLane, monkeypatch: pytest.MonkeyPatch) -> None:
    pids = started(monkeypatch)
    lane = open_lane(REAL)
    lane.keeps_spare = True
    assert outcomes(lane, "number") == [Returned]
    assert len(pids) == 1


def test_a_lane_keeps_no_spare_unless_it_may(open_lane: OpenLane, monkeypatch: pytest.MonkeyPatch) -> None:
    pids = started(monkeypatch)
    lane = open_lane(REAL)
    lane.start_spare()
    assert outcomes(lane, "die", "number") == [Crashed, Returned]
    assert len(pids) == 2


def test_a_fresh_worker_is_the_spare(open_lane: OpenLane, monkeypatch: pytest.MonkeyPatch) -> None:
    lane = open_lane(REAL)
    lane.keeps_spare = True
    assert outcomes(lane, "number") == [Returned]
    pids = started(monkeypatch)
    lane.start_spare()
    lane.fresh()
    assert outcomes(lane, "number") == [Returned]
    assert len(pids) == 1


def test_waiting_for_the_end_of_a_worker_returns_when_it_came(open_lane: OpenLane) -> None:
    lane = open_lane(REAL)
    assert outcomes(lane, "number") == [Returned]
    began = time.monotonic()
    lane.wait_for_end(0.2)
    assert time.monotonic() - began >= 0.2
    [pid] = children()
    os.kill(pid, signal.SIGKILL)
    lane.wait_for_end(30.0)
    assert time.monotonic() - began < 15


class SpareOf(FakeLane):
    """A lane with a spare."""

    def __init__(self, name: str) -> None:
        super().__init__(name, lambda name: 1)
        self.spare = True

    def close_spare(self) -> None:
        self.spare = False


def test_only_the_extension_at_hand_has_spares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Matrix, "new_lane", lambda self, name, extension: SpareOf(name))
    matrix = Matrix(read_settings(tmp_path, Overrides()), lambda line: None)
    one, two = (Extension(name, tmp_path / name, name, name, name) for name in ("one", "two"))
    first, second = matrix.lane("alpha", one), matrix.lane("beta", one)
    assert isinstance(first, SpareOf)
    assert isinstance(second, SpareOf)
    assert first.spare
    assert second.spare
    matrix.lane("alpha", two)
    assert not first.spare
    assert not second.spare
    assert first.keeps_spare
