"""The scripts of benchmarks/ run: each once, as small as it gets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def run(script: str, *arguments: str) -> str:
    argv = [sys.executable, str(BENCHMARKS / script), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_self_run_finds_nothing_and_goes_on_where_it_was(tmp_path: Path) -> None:
    parts = tmp_path / "parts.jsonl"
    arguments = (f"--results={parts}", "--examples=5", "numbers:classify")
    first = run("self_run.py", *arguments)
    assert "5 examples, 0 findings" in first
    written = parts.read_bytes()
    assert written.count(b"\n") == 1
    assert run("self_run.py", *arguments) == first
    assert parts.read_bytes() == written


def test_the_soak_accounts_for_every_example() -> None:
    told = run("soak.py", "--examples", "1000")
    assert "examples: 1000;" in told
    assert "of these misbehaved: 0" not in told
    assert told.endswith("nothing was lost, nothing is left\n")


def test_steps_that_do_something_are_counted() -> None:
    assert "operators" in run("steps_that_do.py", "--examples", "2", "operators")
