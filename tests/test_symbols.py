"""What an extension wants and an interpreter lacks is known by name before anything is loaded."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness.backends import rustpython
from harness.backends.base import Backend, Request
from harness.builds import Built
from harness.extensions import Extension
from harness.symbols import offered_functions, wanted_functions

SOURCE = """
extern void *Py_NoSuchFunction(void);
extern void *PyLong_FromLong(long);
void *PyInit_sample(void) { return PyLong_FromLong(1) ? Py_NoSuchFunction() : 0; }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    directory = tmp_path_factory.mktemp("symbols")
    (directory / "sample.c").write_text(SOURCE)
    argv = [compiler, "-shared", "-fPIC", "-o", "sample.so", "sample.c"]
    subprocess.run(argv, cwd=directory, check=True)
    return directory / "sample.so"


@pytest.fixture(scope="module")
def host() -> Backend:
    return rustpython.provide(Request(None, print))


def test_a_library_wants_what_it_calls_and_offers_what_it_defines(library: Path) -> None:
    assert wanted_functions(library) == {"Py_NoSuchFunction", "PyLong_FromLong"}
    assert offered_functions(library) == {"PyInit_sample"}


def test_what_is_no_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(ValueError, match="is no shared library"):
        wanted_functions(tmp_path / "text.so")


def test_the_host_names_the_missing_function(library: Path, host: Backend) -> None:
    extension = Extension("sample", library.parent, "sample", "sample", "sample")
    built = Built(extension, library.parent, library, "digest", wanted_functions(library))
    assert host.missing(built) == ("Py_NoSuchFunction",)
    assert replace(host, offered=None).missing(built) == ()


def test_the_host_says_in_the_linkers_words_why_a_library_cannot_be_loaded(library: Path, host: Backend) -> None:
    done = subprocess.run(
        [*host.command.argv, "-c", "import sample"],
        cwd=library.parent,
        env={"PYTHONPATH": str(library.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    assert "undefined symbol: Py_NoSuchFunction" in done.stderr
