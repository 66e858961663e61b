"""The pytest plug-in's options.  Nothing else is imported unless ``--backend-matrix`` is given."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; this is all that a run without ``--backend-matrix`` sees of the plug-in."""
    group = parser.getgroup("backend-matrix", "the same extension module on several interpreters")
    group.addoption(
        "--backend-matrix",
        action="store_true",
        help="compile each extension once per backend, and compare what they do",
    )
    group.addoption(
        "--backends", metavar="NAMES", help="backends to run, such as cpython,rustpython (the reference always runs)"
    )
    group.addoption(
        "--backend",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="the interpreter of a backend; may be given more than once",
    )
    group.addoption("--reference", metavar="NAME", help="the backend that the others are compared with")
    group.addoption(
        "--examples", type=int, metavar="N", help="examples per case (default: that of Hypothesis's profile)"
    )
    group.addoption(
        "--blame",
        choices=("auto", "all", "none"),
        help="whom to ask about a finding: the control and what is compiled already, everybody, or nobody",
    )
    group.addoption(
        "--replay", metavar="FINDING", help="run just the smallest program of a finding again; nothing is drawn"
    )
    group.addoption("--rebuild", action="store_true", help="compile everything again, the host too")
    group.addoption(
        "--auto",
        action="append",
        default=[],
        metavar="PATH",
        help="make the cases from what a crate, or an installed extension module, shows of itself; repeatable",
    )
    for word, help_text in (
        ("include", "names to call with --auto although they look dangerous"),
        ("exclude", "names not to call with --auto"),
    ):
        group.addoption(f"--auto-{word}", action="append", default=[], metavar="PATTERN", help=help_text)
    group.addoption("--auto-write", metavar="DIR", help="write the cases that --auto made as case files")
    group.addoption(
        "--update-known",
        action="store_true",
        help="write what is found into the book of known divergences, without reasons: those are yours to fill in",
    )
    group.addoption(
        "--offline",
        action="store_true",
        help="get no interpreter that the machine lacks; use the nearest one there is",
    )
    group.addoption(
        "--strict-skew",
        action="store_true",
        help="treat differences that versions of Python may explain like any other: shrink, blame and fail on them",
    )
    group.addoption("--matrix-results", metavar="DIR", help="where the event log and JUnit XML go (default: results)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Bring in the rest, if asked."""
    config.addinivalue_line(
        "markers",
        "known_divergence(backend, kind, place, reason, reference=None, other=None, link=None): "
        "a divergence of a test with the fixture 'matrix' that is to stay",
    )
    if config.getoption("backend_matrix"):
        from harness.session import MatrixPlugin

        run = MatrixPlugin(config)
        config.pluginmanager.register(run, "backend-matrix-session")
        config.pluginmanager.register(run.python_tests, "backend-matrix-python-tests")
        config.pluginmanager.register(run.python_tests.fixtures(), "backend-matrix-fixtures")
        if run.worker_input is None:
            config.pluginmanager.register(run.items_progress(), "backend-matrix-progress")
        if run.automatic.sources:
            config.pluginmanager.register(run.automatic, "backend-matrix-auto")
    else:
        config.pluginmanager.register(WithoutMatrix(), "backend-matrix-fixtures")


class WithoutMatrix:
    """The fixture where there is no matrix: what uses it is skipped."""

    @pytest.fixture(scope="session")
    @classmethod
    def matrix(cls) -> None:
        """An extension on every backend; only with ``--backend-matrix``."""
        pytest.skip("runs with pytest --backend-matrix")
