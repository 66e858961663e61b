"""What a dead worker died of, from what it left: one bug is one identity, and two are two."""

from __future__ import annotations

import pytest

from harness.crashes import Crash, analyse, describe_exit, shown_traces, top_frames
from harness.findings import CRASHED, Finding, without_crash
from harness.observation import Crashed, Divergence, Observation, Returned
from harness.program import Program, Step

PANIC = """
thread '<unnamed>' (25) panicked at src/ending.rs:24:5:
in a function that cannot unwind
stack backtrace:
   0: __rustc::rust_begin_unwind

thread '<unnamed>' (25) panicked at library/core/src/panicking.rs:225:5:
panic in a function that cannot unwind
thread caused non-unwinding panic. aborting.
"""
NATIVE = """Fatal Python error: Segmentation fault

Current thread 0x00007fd04ac39400 [python3.14] (most recent call first):
  File "/x/worker.py", line 6 in perform

Current thread's C stack trace (most recent call first):
  Binary file "python3.14", at _Py_DumpStack+0x4a [0x49b2f9]
  Binary file "/usr/lib/x86_64-linux-gnu/libc.so.6", at +0x406b0 [0x7fd04ac7a6b0]
  Binary file "/x/site/native.cpython-314.so", at +0x255b2 [0x7fd04a8ef5b2]
  Binary file "/x/site/native.cpython-314.so", at _RNvCs_6native5outer+0x1c [0x7fd04a8ed2b0]
  Binary file "python3.14", at PyEval_EvalCode+0x9d [0x592ead]
"""
PYTHON = """Fatal Python error: Aborted

Thread 0x00007feabae61781 (most recent call first):
  File "/x/other.py", line 1 in elsewhere

Current thread 0x00007feabae61780 (most recent call first):
  File "/x/package/inner.py", line 12 in crash
  File "/x/package/outer.py", line 3 in helper
  File "/x/worker.py", line 870 in perform
"""
RECURSION = (
    "Current thread's C stack trace (most recent call first):\n"
    + '  Binary file "/x/native.so", at +0x269a5 [0x7fab185239a5]\n' * 28
    + "  <truncated rest of calls>\n"
)


@pytest.mark.parametrize(
    ("code", "stderr", "traces", "identity"),
    [
        (-6, PANIC, "", "panic at src/ending.rs:24"),
        (
            -6,
            PANIC.replace("src/ending.rs", "/home/me/.cargo/registry/src/index/one-1.2.3/src/lib.rs"),
            "",
            "panic at one-1.2.3/src/lib.rs:24",
        ),
        (-6, "thread 'main' panicked at library/alloc/src/vec.rs:7:1:\nx\n", "", "panic at library/alloc/src/vec.rs:7"),
        (-6, "worker: a/b.c:88: insert: Assertion `node' failed.\n", "", "assertion at a/b.c:88"),
        (-6, "a.cc:1: int f(int): Assertion `x > 0' failed.\n", "", "assertion at a.cc:1"),
        (-6, "free(): invalid pointer\n", "", "damaged memory, free(): invalid pointer"),
        (-6, "double free or corruption (!prev)\n", "", "damaged memory, double free or corruption"),
        (
            -6,
            "*** stack smashing detected ***: terminated\n",
            "",
            "damaged memory, stack smashing detected ***: terminated",
        ),
        (-6, "Fatal Python error: f: object at 0x7f12 is gone\n", "", "fatal error, f: object at 0x… is gone"),
        (-6, "memory allocation of 64 bytes failed\n", "", "out of memory"),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'\n", "", "out of memory"),
        (
            -6,
            "\nthread 'main' (3) has overflowed its stack\nfatal runtime error: stack overflow\n",
            "",
            "stack overflow",
        ),
        (-11, "", RECURSION, "stack overflow"),
        (-11, "", NATIVE, "SIGSEGV in native.cpython-314.so +0x255b2 < native.cpython-314.so _RNvCs_6native5outer"),
        (-6, "", PYTHON, "SIGABRT in crash < helper"),
        (-11, PANIC, "", "SIGSEGV"),
        (-9, "", "", "SIGKILL"),
        (-40, "", "", "signal 40"),
        (0, PANIC, "", "ended with exit code 0"),
        (3, "", "", "ended with exit code 3"),
        (None, "", "", "closed its pipe"),
        (127, "x: symbol lookup error: /x/n.so: undefined symbol: PyNo_Such\n", "", "missing symbol PyNo_Such"),
    ],
)
def test_each_way_to_die_has_its_identity(code: int | None, stderr: str, traces: str, identity: str) -> None:
    assert analyse(code, stderr, traces).identity == identity


def test_no_trace_where_one_would_have_been_written_is_an_overflow() -> None:
    assert analyse(-11, "", "", traced=True) == Crash(
        "stack overflow", "its native stack overflowed: nothing was left of it to say where it was"
    )
    assert analyse(-11, "", NATIVE, traced=True).identity.startswith("SIGSEGV in ")
    assert analyse(-15, "", "", traced=True).identity == "SIGTERM"


def test_a_deep_stack_that_was_written_whole_is_no_overflow() -> None:
    assert analyse(-11, "", RECURSION.replace("<truncated rest of calls>", "")).identity.startswith("SIGSEGV in ")


def test_addresses_and_line_numbers_are_no_part_of_an_identity() -> None:
    elsewhere = NATIVE.replace("0x7fd04a8ef5b2", "0x7f0000000000").replace("line 6", "line 7")
    assert analyse(-11, "", NATIVE) == analyse(-11, "", elsewhere)
    assert analyse(-6, "", PYTHON) == analyse(-6, "", PYTHON.replace("line 12", "line 99"))
    assert top_frames("") == []


def test_a_trace_is_shown_without_the_worker() -> None:
    assert shown_traces(PYTHON)[-2:] == [
        '  File "/x/package/inner.py", line 12 in crash',
        '  File "/x/package/outer.py", line 3 in helper',
    ]


def test_exit_codes_and_signals_have_words() -> None:
    assert [describe_exit(each) for each in (None, 0, -11, -99)] == [
        *("closed its pipe", "ended with exit code 0", "died with SIGSEGV", "died with signal 99"),
    ]


# --- in findings -----------------------------------------------------------------------------------


def finding(identity: str, context: str = "plain") -> Finding:
    program = Program("m", (Step("call", "f", ()),), context=context)
    other = Crashed("died with SIGABRT", identity=identity)
    divergence = Divergence(0, "outcome", "", "returned", f"{CRASHED}{identity})")
    return Finding(program, (Observation(Returned(None)),), (Observation(other),), divergence)


def test_two_bugs_in_one_function_are_two_findings_and_one_is_one() -> None:
    assert finding("panic at a.rs:1").identity != finding("panic at a.rs:2").identity
    assert finding("panic at a.rs:1").identity == finding("panic at a.rs:1").identity
    assert finding("panic at a.rs:1", "thread").bare == finding("panic at a.rs:1").identity


@pytest.mark.parametrize("context", ["plain", "generator"])
@pytest.mark.parametrize("identity", ["SIGSEGV", "damaged memory, double free or corruption"])
def test_the_place_that_is_recorded_is_without_the_crash(context: str, identity: str) -> None:
    found = finding(identity, context)
    assert found.place == ("f() in a generator" if context == "generator" else "f()")
    assert without_crash(found.identity[1]) == found.place
