"""What a dead worker died of, from its exit status and what it said last.  Pure.

One bug must be one finding, so a crash has an identity: its kind and the place that is the most telling of those
known, without addresses, thread ids and temporary names.  AFL++ and libFuzzer tell crashes apart in the same way,
by the top frames.
"""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

FRAMES_LIMIT = 3
"""How many of the top frames tell one crash from another, as in libFuzzer's deduplication token."""

RECURSIONS_LIMIT = 10
"""So many equal frames at the top of a stack that was too long to be written are a recursion without end."""


@dataclass(frozen=True, slots=True)
class Crash:
    """What a worker died of: ``identity`` is the same for all crashes that are taken for one bug.

    ``cause`` is a sentence for people; it is empty where the exit status says all that is known.
    """

    identity: str
    cause: str = ""


def describe_exit(code: int | None) -> str:
    """Say in words how a process ended: ``died with SIGSEGV``, ``ended with exit code 3``."""
    if code is None:
        return "closed its pipe"
    return f"ended with exit code {code}" if code >= 0 else f"died with {signal_name(-code)}"


def signal_name(number: int) -> str:
    """Return ``SIGSEGV`` for 11, and ``signal 40`` for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


_PANIC = re.compile(r"^thread '[^\n]*' (?:\(\d+\) )?panicked at ([^\n]+?):(\d+):\d+:\n([^\n]*)", re.MULTILINE)
_ASSERTION = re.compile(r"([^\s:]+):(\d+): (?:([^\n]+?): )?Assertion [`']([^\n]*)' failed")
_FATAL = re.compile(r"^Fatal Python error: ([^\n]*)", re.MULTILINE)
_SYMBOL = re.compile(r"undefined symbol: ([A-Za-z_]\w*)")
_STACK = re.compile(r"has overflowed its stack|stack overflow", re.IGNORECASE)
_MEMORY = re.compile(
    r"memory allocation of \d+ bytes failed|std::bad_alloc|out of memory|Cannot allocate memory", re.IGNORECASE
)
# How glibc found a double free, which it adds in parentheses, depends on what else lies on the heap.
_HEAP = re.compile(
    r"^(?:\*\*\* )?((?:free|malloc|realloc|munmap_chunk)\(\): [^\n]*"
    r"|double free or corruption|corrupted [^\n]*|stack smashing detected[^\n]*|unaligned tcache[^\n]*)",
    re.MULTILINE,
)

# Signals that say by themselves what went wrong.
_TELLING = {
    "SIGXCPU": "it used more CPU time than it may",
    "SIGXFSZ": "it wrote a file that is larger than any may be",
    "SIGKILL": "somebody else killed it, as the kernel does when memory is short",
}


def analyse(code: int | None, stderr: str, traces: str = "", *, traced: bool = False) -> Crash:
    """Return what a worker died of; ``code`` is its exit code, or minus the signal, or None if it is not known.

    ``traces`` is what the interpreter wrote of its threads and, where it can, of its native stack; ``traced`` says
    that it would have, had there been any stack left to do so.
    """
    how = signal_name(-code) if code is not None and code < 0 else describe_exit(code)
    if symbol := _SYMBOL.search(stderr):
        return Crash(f"missing symbol {symbol[1]}", f"the interpreter has no {symbol[1]}")
    if code is None or code >= 0:
        return Crash(how)
    if _MEMORY.search(stderr):
        return Crash("out of memory", "it asked for more memory than it may have")
    if _STACK.search(stderr) or _recurses(traces) or (how == "SIGSEGV" and traced and not traces):
        why = "" if _STACK.search(stderr) or traces else ": nothing was left of it to say where it was"
        return Crash("stack overflow", f"its native stack overflowed{why}")
    if how == "SIGABRT":
        for look in (_panic, _assertion, _heap, _fatal):
            if found := look(stderr):
                return found
    if how in _TELLING:
        return Crash(how, _TELLING[how])
    frames = top_frames(traces)
    return Crash(f"{how} in {' < '.join(frames)}" if frames else how)


def _panic(stderr: str) -> Crash | None:
    found = list(_PANIC.finditer(stderr))
    # "panic in a function that cannot unwind" comes second, and says where the runtime noticed.
    own = [each for each in found if not each[1].startswith(("library/", "/rustc/"))] or found
    if not own:
        return None
    place = f"{_shortened(own[0][1])}:{own[0][2]}"
    return Crash(f"panic at {place}", f"Rust panicked at {place}: {own[0][3]}")


def _assertion(stderr: str) -> Crash | None:
    found = _ASSERTION.search(stderr)
    if found is None:
        return None
    place = f"{_shortened(found[1])}:{found[2]}"
    return Crash(f"assertion at {place}", f"an assertion failed at {place}: {found[4]}")


def _heap(stderr: str) -> Crash | None:
    found = _HEAP.search(stderr)
    return found and Crash(f"damaged memory, {found[1].rstrip(' *')}", f"the C library found: {found[1]}")


def _fatal(stderr: str) -> Crash | None:
    found = _FATAL.search(stderr)
    return found and Crash(f"fatal error, {_masked(found[1])}", f"the interpreter gave up: {found[1]}")


def _shortened(path: str) -> str:
    """Return a source's path from its crate's directory on, wherever that lies."""
    crate = re.search(r".*/([^/]+/(?:src|tests|benches)/.*)$", path)
    return crate[1] if crate and path.startswith("/") else path


def _masked(text: str) -> str:
    return re.sub(r"0x[0-9a-fA-F]+", "0x…", text)


# --- traces --------------------------------------------------------------------------------------------

# What faulthandler writes (Python/traceback.c): frames of Python, and since Python 3.14 of the native stack.
_PYTHON_FRAME = re.compile(r'^  File "([^"\n]*)", line (\d+|\?\?\?) in ([^\n]*)$', re.MULTILINE)
_NATIVE_FRAME = re.compile(r'^  Binary file "([^"\n]*)"(?:, at ([^\n]*?))?(?: \[0x[0-9a-f]+\])?$', re.MULTILINE)
_CURRENT = re.compile(r"^(?:Current thread|Stack \(most)[^\n]*\n", re.MULTILINE)
_SYSTEM = re.compile(
    r"(?:^|/)(?:ld-linux[^/]*|lib(?:c|m|pthread|gcc_s|stdc\+\+|python[^/]*)\.so[^/]*|python[\d.]*t?|[^/.]+)$"
)
_TRUNCATED = "<truncated rest of calls>"
_WORKER_FILE = "worker.py"


def top_frames(traces: str) -> list[str]:
    """Return the innermost native frames outside of the interpreter and the C library, or those of Python.

    Without line numbers and addresses: both change when something else does.
    """
    native = [
        f"{path.rpartition('/')[2]} {_without_offset(at)}".rstrip()
        for path, at in _NATIVE_FRAME.findall(traces)
        if not _SYSTEM.search(path)
    ]
    current = _CURRENT.search(traces)
    own = traces[current.end() :] if current else traces
    python = [name for path, _, name in _PYTHON_FRAME.findall(own) if path.rpartition("/")[2] != _WORKER_FILE]
    return (native or python)[:FRAMES_LIMIT]


def _without_offset(at: str) -> str:
    # A name is the same in every build; without one the offset in the file is all there is.
    name, _, _ = at.partition("+")
    return name or at


def _recurses(traces: str) -> bool:
    frames = [f"{path} {_without_offset(at)}" for path, at in _NATIVE_FRAME.findall(traces)]
    return _TRUNCATED in traces and any(frames.count(each) >= RECURSIONS_LIMIT for each in set(frames))


def shown_traces(traces: str) -> list[str]:
    """Return the lines of a trace that say where the program was, without the worker's own."""
    lines = [line for line in traces.splitlines() if line.strip()]
    return [line for line in lines if _WORKER_FILE not in line]
