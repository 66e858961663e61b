"""What the recorder of C-API calls writes, and that a run of some case files keeps what is told of the others."""

from __future__ import annotations

import sys
from pathlib import Path

BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")
sys.path.insert(0, BENCHMARKS)
import record_c_api_calls as recorder  # noqa: E402

sys.path.remove(BENCHMARKS)

CALLED = {"PyList_New": {"text": ["split", "join"], "numbers": ["import"]}, "PyDict_New": {"text": ["count"]}}
TEXT = """\
# Made by benchmarks/record_c_api_calls.py: function, then FILE:NUMBER:FIRST of the cases that call it.
PyDict_New text:1:count
PyList_New numbers:1:import text:2:split
"""


def test_what_is_written_can_be_read() -> None:
    assert recorder.written(recorder.summary(CALLED)) == TEXT
    assert recorder.read(TEXT) == recorder.summary(CALLED)


def test_other_files_keep_what_is_told_of_them() -> None:
    now = {"PyList_New": {"text": "1:join"}, "PySet_New": {"text": "1:unique"}}
    assert recorder.merged(recorder.read(TEXT), now, {"text"}) == {
        "PyList_New": {"numbers": "1:import", "text": "1:join"},
        "PySet_New": {"text": "1:unique"},
    }
