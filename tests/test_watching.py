"""What a program has to do with the real host, as a run of it shows."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.backends.base import Calls
from harness.backends.host_notes import RECORD_BYTES, HostNotes
from harness.blame import Touched
from harness.differential import observe_alone
from harness.findings import Finding, Judged
from harness.matrix import Matrix
from harness.observation import Divergence, Observation, Returned
from harness.program import Program, Step
from harness.settings import Overrides, read_settings
from harness.watching import OTHERWISE, touched_by

ROOT = Path(__file__).parent.parent
HOST = "rustpython"

TouchedBy = Callable[..., Touched]


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("the host takes notes on Linux with x86-64 only")
    made = Matrix(read_settings(ROOT, Overrides(backends=HOST)), lambda line: print(line, file=sys.stderr))
    yield made
    made.close()


@pytest.fixture
def touched(matrix: Matrix) -> TouchedBy:
    def ask(sample: str, *steps: Step, other: tuple[Observation, ...] | None = None) -> Touched:
        """Return what the steps have to do with the host, if the host did ``other``: by default what it does."""
        extension = matrix.extension(sample, ROOT / "cases" / f"{sample}.yaml")
        program = Program(extension.module, steps)
        seen = other or observe_alone(matrix.lane(HOST, extension), program)
        finding = Finding(program, seen, seen, Divergence(len(steps) - 1, "value", "", None, None))
        found = touched_by(matrix, HOST, extension, Judged(finding), frozenset(), timeout_s=30.0)
        assert found is not None
        return found

    return ask


def test_a_function_that_calls_nothing_of_the_host_clears_it(touched: TouchedBy) -> None:
    found = touched("numbers", Step("call", "add_i64", (1, 2)))
    assert found == Touched(watched=True)
    assert found.nothing


def test_functions_of_the_host_that_a_program_calls_are_named(touched: TouchedBy) -> None:
    found = touched("operators", Step("call", "Tally"))
    assert found.watched
    assert {"PyObject_GetTypeData", "PyType_GetSlot"} <= set(found.functions)
    assert "PyType_FromSlots" not in found.functions


def test_what_is_written_of_a_class_was_made_when_the_extension_was_imported(touched: TouchedBy) -> None:
    found = touched("operators", Step("surface", "doc", ("Tally",)))
    assert (found.watched, found.functions, found.nothing) == (True, (), False)
    assert "PyType_FromSlots" in found.while_imported


def test_a_class_that_a_function_hands_out_was_made_when_the_extension_was_imported(touched: TouchedBy) -> None:
    found = touched("inheritance", Step("call", "class_named", ("Root",)))
    assert (found.watched, found.functions, found.nothing) == (True, (), False)
    assert "PyType_FromSlots" in found.while_imported
    assert touched("inheritance", Step("call", "class_named", ("int",))).nothing


def test_what_the_host_does_without_being_called_does_not_clear_it(touched: TouchedBy) -> None:
    # It is the host that loads extensions, and says what is wrong with one.
    found = touched("modules", Step("call", "load_as", ("absent_module",)))
    assert (found.watched, found.functions, found.by_itself) == (True, (), True)


def test_what_shows_when_nobody_watches_leaves_what_the_extension_imports(touched: TouchedBy) -> None:
    found = touched("operators", Step("call", "Tally"), other=(Observation(Returned("something else")),))
    assert (found.watched, found.unwatched) == (False, OTHERWISE)
    assert {"PyObject_GetTypeData", "PyType_FromSlots"} <= set(found.functions)


# --- the file of notes, without a host ---------------------------------------------------------------


def written(tmp_path: Path, *records: bytes) -> HostNotes:
    notes = HostNotes(tmp_path)
    [(_, path)] = notes.variables
    with open(path, "r+b") as stream:
        stream.write(b"".join(record.ljust(RECORD_BYTES, b"\0") for record in records))
    return notes


def test_what_was_taken_is_not_told_again(tmp_path: Path) -> None:
    notes = written(tmp_path, b"\1\0\1", b"\1\0PyList_New", b"\0\1PyDict_New", b"\0\0PySet_New", b"\1\1PyTuple_New")
    told = Calls(frozenset({"PyList_New", "PyTuple_New"}), frozenset({"PyDict_New", "PyTuple_New"}), by_itself=True)
    assert notes.take() == told
    assert notes.take() == Calls()


@pytest.mark.parametrize("head", [b"", b"\1\1"])
def test_notes_that_nobody_took_or_that_are_not_whole_are_none(tmp_path: Path, head: bytes) -> None:
    assert written(tmp_path, head, b"\1\0PyList_New").take() is None
