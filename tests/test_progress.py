"""What a run says while it prepares and works: how far it is, for how long, and how long it will take."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import builds, preparing, progress
from harness.errors import BackendUnavailableError, BuildError
from harness.items_progress import ItemsProgress
from harness.progress import ProgressLine, Stages, duration, items_text

HOST = "building the host of RustPython 0.6.0 (200 crates)"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_MATRIX_CACHE", str(tmp_path / "cache"))


def test_the_host_says_its_crates_the_time_and_what_is_left() -> None:
    stages = Stages({"host": 300.0})
    assert stages.take(HOST, 10.0)
    for _ in range(50):
        assert not stages.take("Compiling some v1", 20.0)
    assert (
        stages.text(100.0)
        == (
            "building the host of RustPython 0.6.0, crate 50 of 200, 1 min 30 s, about 3 min 30 s left"[
                : progress.WIDTH
            ]
        )
    )


def test_what_takes_longer_than_last_time_is_estimated_by_its_crates() -> None:
    stages = Stages({"host": 60.0})
    stages.take("building the host (200 crates)", 0.0)
    for _ in range(150):
        stages.take("Compiling some v1", 1.0)
    assert stages.text(90.0).endswith("crate 150 of 200, 1 min 30 s, about 30 s left")


def test_samples_are_counted_and_stages_are_timed() -> None:
    stages = Stages({}, samples=36)
    stages.take(HOST, 0.0)
    stages.take("compiling one for cpython", 100.0)
    stages.take("compiling one for rustpython", 103.0)
    assert stages.text(110.0) == "compiling one for rustpython, crate 2 of 36, 10 s, about 1 min 45 s left"
    stages.end(120.0, 0)
    assert stages.took_s == {"host": 100.0, "samples": 20.0}
    assert stages.text(130.0) == ""


def test_what_is_prepared_at_once_is_counted_apart() -> None:
    stages = Stages({}, samples=4)
    stages.take(HOST, 0.0, source=1)
    assert stages.take("compiling one for cpython", 5.0, source=2).startswith("compiling one for cpython, crate 1 of 4")
    stages.take("Compiling some v1", 6.0, source=2)
    stages.take("Compiling some v1", 6.0, source=1)
    assert ", crate 1 of 200, 10 s" in stages.text(10.0)
    stages.end(20.0, 1)
    assert stages.text(21.0).startswith("compiling one for cpython")
    assert stages.took_s == {"host": 20.0}


def test_a_line_fits_a_terminal_of_80_columns() -> None:
    stages = Stages({"host": 3000.0})
    stages.take(HOST.replace("RustPython", "R" * 90), 0.0)
    assert len(stages.text(5.0)) <= 79


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (190, "3 min 10 s")])
def test_times_are_told_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_items_are_counted_with_what_is_at_work() -> None:
    assert (
        items_text(3, 9, 1, "a.yaml::f[b]", 70) == "3 of 9 items done, 1 finding so far, 1 min 10 s since a.yaml::f[b]"
    )
    assert items_text(0, 9, 0, "", 0) == "0 of 9 items done, 0 findings so far"


def test_without_a_terminal_each_stage_and_what_lasts_is_a_plain_line() -> None:
    said: list[str] = []
    line = ProgressLine(said.append, interval_s=0.04)
    with line.shown():
        line.take(HOST)
        line.take("Compiling some v1")
        deadline = time.monotonic() + 10
        while len(said) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        line.take("compiling one for cpython")
    assert said[0].startswith("building the host of RustPython 0.6.0, crate 0 of 200, 0 s, about")
    assert said[1].startswith("building the host of RustPython 0.6.0, crate 1 of 200")
    assert said[-2].startswith("compiling one for cpython")
    assert said[-1] == "prepared: host 0 s, samples 0 s"


def test_how_long_it_took_is_kept_for_the_next_estimate() -> None:
    now = iter([0.0, 0.0, *[100.0] * 20])
    line = ProgressLine(lambda text: None, clock=lambda: next(now))
    with line.shown():
        line.take(HOST)
    assert ProgressLine(lambda text: None).stages.last_s.keys() == {"host"}


def test_on_a_terminal_the_line_is_rewritten_and_leaves_nothing() -> None:
    said: list[str] = []
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    line = ProgressLine(said.append, lambda: terminal)
    with line.shown():
        line.take(HOST)
        deadline = time.monotonic() + 10
        while "building" not in terminal.getvalue() and time.monotonic() < deadline:
            time.sleep(0.02)
    assert "building the host" in terminal.getvalue()
    assert said == ["prepared: host 0 s"]


def test_nothing_is_said_of_a_run_that_prepares_nothing() -> None:
    said: list[str] = []
    with ProgressLine(said.append).shown():
        pass
    assert said == []


def test_items_that_take_long_are_told_with_the_one_that_is_at_work() -> None:
    said: list[str] = []
    watch = ItemsProgress(said.append, lambda: 2, limit_s=0.04)
    watch.pytest_xdist_node_collection_finished(None, ["a", "b", "c"])
    watch.pytest_runtest_logstart("a")
    watch.pytest_runtest_logfinish("a")
    watch.pytest_runtest_logstart("b")
    with watch.watched():
        deadline = time.monotonic() + 10
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
    assert said[0] == "1 of 3 items done, 2 findings so far, 0 s since b"


# --- preparing -------------------------------------------------------------------------------------


class FakeMatrix:
    """Provides backends and compiles; the slow backend is there only when something was compiled."""

    def __init__(self, *names: str, slow: str = "", missing: str = "") -> None:
        self.settings = SimpleNamespace(backends=names, reference=names[0])
        self.slow = slow
        self.missing = missing
        self.compiled = threading.Event()
        self.did: list[str] = []

    def backend(self, name: str) -> Any:
        if name == self.missing:
            raise BackendUnavailableError("it is not there")
        if name == self.slow and not self.compiled.wait(20):
            raise AssertionError("nothing was compiled beside it")
        return SimpleNamespace(name=name, description=name, versions={})

    def extension(self, name: str, named_by: Path) -> Any:
        return SimpleNamespace(name=name, manifest=Path("Cargo.toml"), installed=None, directory=Path())

    def built(self, name: str, extension: Any) -> Any:
        self.did.append(f"{extension.name} for {name}")
        self.compiled.set()
        return SimpleNamespace(digest=f"{extension.name}-{name}")


WANTED = [("one", Path("one.yaml")), ("two", Path("two.yaml"))]


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing.os, "sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setattr(preparing, "AT_ONCE_S", 0.05)
    monkeypatch.setattr(preparing, "binding_of", lambda extension: "0.30")


@pytest.mark.usefixtures("two_cores")
def test_the_reference_is_compiled_for_while_another_backend_is_built() -> None:
    matrix: Any = FakeMatrix("a", "b", slow="b")
    provided, facts = preparing.prepare(matrix, WANTED, lambda: None)
    assert [each.name for each in provided] == ["a", "b"]
    assert matrix.did[:2] == ["one for a", "two for a"]
    assert facts["b"].built == {"one": "one-b", "two": "two-b"}


@pytest.mark.usefixtures("two_cores")
def test_backends_that_are_there_at_once_are_compiled_for_in_turn() -> None:
    matrix: Any = FakeMatrix("a", "b")
    preparing.prepare(matrix, WANTED, lambda: None)
    assert matrix.did == ["one for a", "one for b", "two for a", "two for b"]


@pytest.mark.usefixtures("two_cores")
def test_a_backend_that_cannot_be_had_ends_the_run() -> None:
    matrix: Any = FakeMatrix("a", "b", missing="b")
    with pytest.raises(pytest.UsageError, match=r"^b: it is not there$"):
        preparing.prepare(matrix, WANTED, lambda: None)


def test_a_run_that_ends_ends_the_tools_of_its_threads(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            argv = ["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/child; wait"]
            builds.run_tool(argv, what="sleeping", environment={}, progress=print)
        except BuildError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 20
    while not ((tmp_path / "child").exists() and builds._running) and time.monotonic() < deadline:
        time.sleep(0.01)
    builds.stop_tools()
    thread.join(20)
    assert not thread.is_alive()
    assert failed, "the tool was ended"
