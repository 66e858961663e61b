"""Whose a fault is that valgrind reports, and that half a report can be read."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")
sys.path.insert(0, BENCHMARKS)
import valgrind_host  # noqa: E402

sys.path.remove(BENCHMARKS)

RUNTIME = valgrind_host.RUNTIME
LIBC, MEMCHECK = "libc.so.6", "vgpreload_memcheck-amd64-linux.so"


def error(
    *frames: tuple[str, str], kind: str = "InvalidRead", words: str = "<what>Invalid read of size 8</what>"
) -> str:
    stack = "".join(f"<frame><ip>0x1</ip><obj>/x/{file}</obj><fn>{escape(name)}</fn></frame>" for name, file in frames)
    freed = "<auxwhat>inside a block free'd</auxwhat><stack><frame><ip>0x2</ip><fn>free</fn></frame></stack>"
    return f"<error>\n<kind>{kind}</kind>{words}<stack>{stack}</stack>{freed}</error>\n"


@pytest.mark.parametrize(
    ("owner", "frames"),
    [
        ("host", [("backend_matrix_host::types::payload::data_of", RUNTIME), ("sample", "sample.so")]),
        ("host", [("PyObject_GetTypeData", RUNTIME)]),
        ("host", [("PyType_FromSlots", RUNTIME)]),
        ("host", [("memcpy@GLIBC_2.14", LIBC), ("backend_matrix_variadic_Py_BuildValue", RUNTIME)]),
        ("host", [("<backend_matrix_host::buffers::held::Held as core::ops::drop::Drop>::drop", RUNTIME)]),
        ("rustpython-capi", [("PyList_Append", RUNTIME)]),
        ("rustpython-capi", [("rustpython_capi::util::FfiResult::into_output", RUNTIME)]),
        ("rustpython", [("free", MEMCHECK), ("alloc::raw_vec::grow", RUNTIME), ("rustpython_vm::frame::run", RUNTIME)]),
        ("pyo3", [("pyo3::gil::register_decref", "sample.so"), ("backend_matrix_host::x", RUNTIME)]),
        ("sample.so", [("sample::deposit", "sample.so"), ("pyo3::impl_::trampoline", "sample.so")]),
        ("sample.so", [("PyModExport_sample", "sample.so"), ("backend_matrix_host::loader::open", RUNTIME)]),
        ("nobody", [("free", MEMCHECK)]),
    ],
)
def test_a_fault_belongs_to_the_first_function_that_acts_for_itself(owner: str, frames: list[tuple[str, str]]) -> None:
    (fault,) = valgrind_host.faults_in(error(*frames))
    assert fault.owner == owner
    assert fault.kind == "InvalidRead"
    assert str(fault).startswith(f"Invalid read of size 8\n    {frames[0][0]} ({frames[0][1]})")


def test_leaks_are_no_invalid_accesses() -> None:
    words = "<xwhat><text>8 bytes are lost</text></xwhat>"
    assert not valgrind_host.faults_in(error(("malloc", MEMCHECK), kind="Leak_DefinitelyLost", words=words))


def test_the_report_of_a_killed_process_is_read_as_far_as_it_goes() -> None:
    whole = error(("PyType_FromSlots", RUNTIME))
    report = f"<?xml version='1.0'?><valgrindoutput>{whole}{whole[: len(whole) // 2]}"
    assert len(valgrind_host.faults_in(report)) == 1


def test_the_end_of_a_signal_is_a_fault() -> None:
    signal = error(("backend_matrix_host::x", RUNTIME), words="<signame>SIGSEGV</signame>")
    report = signal.replace("error>", "fatal_signal>").replace("<kind>InvalidRead</kind>", "")
    (fault,) = valgrind_host.faults_in(report)
    assert (fault.owner, fault.kind, fault.words) == ("host", "Signal", "ended by SIGSEGV")
