"""The table of C-API functions and the host's list of them are in step with the sources."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REGISTRY = Path.home() / ".cargo" / "registry" / "src"
CRATES = ("pyo3-0.30.1", "pyo3-ffi-0.30.1", "rustpython-capi-0.6.0")


def test_the_table_and_the_list_are_up_to_date() -> None:
    absent = [crate for crate in CRATES if not list(REGISTRY.glob(f"*/{crate}"))]
    if absent:
        pytest.skip(f"not in cargo's registry: {', '.join(absent)}; building the host brings them")
    argv = [sys.executable, str(ROOT / "docs" / "make_c_api_table.py"), "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_function_that_the_host_supplies_is_listed_once() -> None:
    listed = ROOT / "harness" / "backends" / "host" / "runtime" / "supplied.txt"
    lines = [line.split() for line in listed.read_text().splitlines() if line and not line.startswith("#")]
    names = [name for name, _ in lines]
    assert len(names) == len(set(names)) > 250
    assert {kind for _, kind in lines} == {"host", "stub"}
    assert "PyType_FromSlots" in names
