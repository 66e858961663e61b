"""What the tests share: golden files, interpreters to run the worker under, and lanes that are closed."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from hypothesis.database import InMemoryExampleDatabase
from library_words import without_library_words

from harness.backends import provisioning, rustpython
from harness.backends.base import Request
from harness.backends.interpreters import installed
from harness.errors import BackendUnavailableError
from harness.lanes import Lane
from harness.process import WorkerCommand

pytest_plugins = ["pytester"]

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
MODULES = HERE / "modules"
OLDEST = (3, 9)

# Not the profile that Hypothesis takes in CI, which has neither chance nor a database: both are tested here.
PLAIN = hypothesis.settings.get_profile("default")
hypothesis.settings.register_profile("harness", PLAIN, deadline=None, print_blob=True)
hypothesis.settings.load_profile("harness")


@pytest.fixture(autouse=True)
def database_of_its_own() -> None:
    """Give each test, and the runs of pytest inside it, a database: what one finds is no other's to replay."""
    own = hypothesis.settings(PLAIN, deadline=None, print_blob=True, database=InMemoryExampleDatabase())
    hypothesis.settings.register_profile("harness", own)
    hypothesis.settings.load_profile("harness")


CheckGolden = Callable[[str, str], None]
OpenLane = Callable[..., Lane]


COMPILING = frozenset(
    {
        *("test_auto_end_to_end", "test_benchmarks", "test_bisect", "test_book_end_to_end", "test_builds"),
        *("test_builds_in_a_run", "test_c_api_table", "test_end_to_end", "test_first_run", "test_host"),
        *("test_host_stress", "test_host_together", "test_misbehave_on_backends", "test_packages", "test_planted"),
        *("test_pyo3_versions", "test_record_c_api_calls", "test_reproducers_end_to_end", "test_skew_end_to_end"),
        *("test_symbols", "test_the_run", "test_valgrind_host"),
    }
)
"""Test files that start a compiler, or run what one has made."""

WANTED = ((3, 14), (3, 15))
"""The language versions that the tests ask for beside this one: the reference's and the control's."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what the tests see into tests/golden/")
    parser.addoption("--run-slow", action="store_true", help="run the tests that are marked slow too")


def pytest_configure(config: pytest.Config) -> None:
    """Get the interpreters that are wanted, before any process of pytest-xdist collects tests for each of them."""
    if hasattr(config, "workerinput") or config.option.collectonly or config.getoption("backend_matrix"):
        return  # The main job loads this file too, and gets what it needs by itself.
    there = {each.language_version for each in installed()}
    for version in WANTED:
        if version not in there:
            with contextlib.suppress(BackendUnavailableError):
                provisioning.ensure(version, lambda line: print(line, file=sys.stderr))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs a compiler, and leave out what is slow unless it is asked for."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if item.path.stem in COMPILING or parameters.get("backend") == "rustpython":
            item.add_marker("compiles")
        if item.get_closest_marker("slow") is not None and not config.getoption("run_slow"):
            item.add_marker(pytest.mark.skip(reason="slow; --run-slow runs it"))


@cache
def worker_commands() -> dict[str, WorkerCommand]:
    """Return how to run the worker under every interpreter there is, one for each language version.

    Another kind of backend is added here, and every test with the fixture ``command`` runs on it too.
    """
    found = {(interpreter.language_version): interpreter.executable for interpreter in reversed(installed())}
    found[sys.version_info[:2]] = sys.executable
    commands = {
        f"python{major}.{minor}": WorkerCommand((found[major, minor],))
        for major, minor in sorted(found)
        if (major, minor) >= OLDEST
    }
    return commands


@cache
def host_command() -> WorkerCommand:
    """Return how to run the worker under RustPython; its host is built if it is missing."""
    return rustpython.provide(Request(None, lambda line: print(line, file=sys.stderr))).command


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", [*worker_commands(), "rustpython"])


@pytest.fixture
def command(backend: str) -> WorkerCommand:
    """How to run the worker under the backend that the test is at."""
    return host_command() if backend == "rustpython" else worker_commands()[backend]


@pytest.fixture
def open_lane() -> Iterator[OpenLane]:
    """Open a lane; what the test opened is closed after it."""
    opened: list[Lane] = []

    def open_one(
        command: WorkerCommand,
        module: str = "echo",
        *,
        backend: str = "fake",
        timeout_s: float = 10.0,
        caller: str | None = None,
    ) -> Lane:
        opened.append(Lane(backend, command, module, [str(MODULES)], timeout_s=timeout_s, caller=caller))
        return opened[-1]

    yield open_one
    for lane in opened:
        lane.close()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> CheckGolden:
    """Compare a text with a file under ``tests/golden/``; ``--update-golden`` writes the file."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        text = without_library_words(text)
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing; pytest --update-golden writes it, look at it before you commit"
        assert text == path.read_text(encoding="utf-8"), f"{name} differs; see --update-golden"

    return check
