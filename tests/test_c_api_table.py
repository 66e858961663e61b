"""The table of C-API functions and the host's list of them are in step with the sources."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.cases import read_case_file

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


def test_the_cases_that_call_a_function_exist() -> None:
    cases = {f"{path.stem}:import" for path in (ROOT / "cases").glob("*.yaml")}
    for path in (ROOT / "cases").glob("*.yaml"):
        cases |= {f"{path.stem}:{case.name}" for case in read_case_file(path).cases}
    for line in (ROOT / "docs" / "c-api-calls.txt").read_text().splitlines()[1:]:
        name, *found = line.split()
        named = {f"{file}:{first}" for file, _, first in (each.split(":") for each in found)}
        assert named <= cases, f"{name} is called by {named - cases}: python benchmarks/record_c_api_calls.py"


def test_a_call_of_the_c_api_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "pow.yaml").write_text(
        "extension: numbers\ncases:\n  power: {call: pow_objects, args: ['2', '3']}\n  nothing: {call: nothing}\n"
    )
    argv = [sys.executable, ROOT / "benchmarks" / "record_c_api_calls.py", "--examples=2", tmp_path / "pow.yaml"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert "PyNumber_Power pow:1:power" in lines, done.stderr
    assert "PyModule_Check pow:1:import" in lines
    assert not any("PyNumber_Add" in line or "nothing" in line for line in lines)
