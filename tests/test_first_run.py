"""A new user's first run, on a machine without a cache and with nothing but Python 3.11, Rust and a C compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / ".ci" / "first_run.py"


@pytest.mark.slow
def test_the_first_command_of_the_readme_ends_green_on_a_bare_machine() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
