"""Several extensions in one process: objects, exceptions and classes of one in the hands of another."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from harness import backends
from harness.backends.base import Request
from harness.errors import BackendUnavailableError
from harness.extensions import read_extension

ROOT = Path(__file__).parent.parent
SCRIPT = Path(__file__).parent / "stress" / "together.py"
SAMPLES = ("callables", "classes", "collections", "gc", "state")
PATIENCE_S = 240
"""For a machine that does much else; a deadlock must end some time."""

#: What RustPython itself words otherwise: methods name a class without its module, and conflicts of layout.
WORDED_OTHERWISE = {
    "descriptor 'deposit' for 'Account' objects doesn't apply to a 'Cell' object": (
        "descriptor 'deposit' for 'sample_classes.Account' objects doesn't apply to a 'sample_state.Cell' object"
    ),
    "instance layout conflict": "instance lay-out conflict",
}


def say(line: str) -> None:
    print(line, file=sys.stderr)


@cache
def lines_of(name: str) -> list[str]:
    """Return what the script prints on a backend with all samples on its path."""
    try:
        backend = backends.provide(name, Request(None, say))
    except BackendUnavailableError as reason:
        pytest.skip(str(reason))
    sites = [str(backend.build(read_extension(ROOT / "extensions" / sample), progress=say).site) for sample in SAMPLES]
    done = subprocess.run(
        [*backend.command.argv, str(SCRIPT)],
        env=os.environ | dict(backend.command.environment) | {"PYTHONPATH": os.pathsep.join(sites)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"status {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout.splitlines()


def test_extensions_that_meet_do_what_they_do_on_cpython() -> None:
    text = "\n".join(lines_of("rustpython"))
    for its, cpythons in WORDED_OTHERWISE.items():
        assert text.count(its) == 1
        text = text.replace(its, cpythons)
    assert text.splitlines() == lines_of("cpython")


def test_what_is_passed_between_extensions_arrives() -> None:
    lines = dict(line.split(": ", 1) for line in lines_of("rustpython"))
    assert lines["called"] == "tuple (42, (), None)"
    assert lines["in order"] == "list [3, 5, 7]"
    assert lines["overridden"].startswith("tuple ('Rex says woof'")
    assert lines["a method through the other"] == "str 'Rex says woof!'"
    # Two extensions have a class of this name each.
    assert lines["another Ledger"] == "raised builtins.TypeError: 'Ledger' object is not an instance of 'Ledger'"
    assert lines["raised through the other"].startswith("raised sample_classes.LimitError")
    assert lines["its class"] == "tuple (True, True)"
    # Freed once, though the cycle runs through the memory of both.
    assert lines["collected"] == "tuple ([None, None], {'Node': (1, 1)})"
    assert lines["from four threads"] == "tuple (48, [0, 1])"
