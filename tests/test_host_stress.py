"""The host under load: eight threads at once on every container and class sample, and a million constructions.

The scripts in ``tests/stress`` are run by the host; what they count is judged here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.backends import rustpython
from harness.backends.base import Backend, Request
from harness.errors import BackendUnavailableError
from harness.extensions import read_extension

ROOT = Path(__file__).parent.parent
STRESS = Path(__file__).parent / "stress"
SECONDS = 8.0
PATIENCE_S = 240
"""For a machine that does much else; a deadlock must end some time."""
MILLION = 1_000_000
GROWTH_LIMIT_KIB = 16 * 1024
"""16 bytes for each of a million objects: the smallest leak of one allocation a piece is above it."""


def say(line: str) -> None:
    print(line, file=sys.stderr)


@cache
def host() -> Backend:
    try:
        return rustpython.provide(Request(None, say))
    except BackendUnavailableError as reason:
        pytest.skip(f"the host cannot be built: {reason}")


@cache
def site(name: str) -> str:
    """Return the directory of a sample compiled for the host."""
    return str(host().build(read_extension(ROOT / "extensions" / name), progress=say).site)


def run_under_host(script: str, *arguments: str, samples: tuple[str, ...]) -> dict[str, Any]:
    """Run a script of ``tests/stress`` and return what its last line says."""
    command = host().command
    done = subprocess.run(
        [*command.argv, str(STRESS / script), *arguments],
        env=os.environ | dict(command.environment) | {"PYTHONPATH": os.pathsep.join(map(site, samples))},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"status {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("seed", [0, 1])
def test_eight_threads_lose_nothing_and_drop_everything_once(seed: int) -> None:
    samples = ("classes", "collections", "gc", "state", "threads")
    seen = run_under_host("hammer.py", str(SECONDS), str(seed), samples=samples)
    faults = [fault for report in seen["reports"] for fault in report["faults"]]
    assert not faults, "\n".join(faults[:3])
    assert all(len(report) >= 8 for report in seen["reports"]), "every thread has done nearly every job"
    totals, counts = seen["totals"], seen["counts"]
    assert counts["counter"] == [totals["added"]] * 3, "an update under a lock was lost"
    assert counts["frozen"] == totals["added"]
    assert counts["list"] == totals["appended"]
    assert counts["stack"] == totals["pushed"]
    assert min(seen["made"].values()) > 50
    assert set(seen["alive"].values()) == {0}, f"lost or dropped twice: {seen['alive']}"
    assert seen["finalised"] == totals["derived"], "a finaliser ran twice or never"


@pytest.mark.parametrize("name", ["Node", "Pair", "Wide", "Recycled", "Blind"])
def test_a_million_constructions_leak_nothing(name: str) -> None:
    seen = run_under_host("many.py", name, str(MILLION), samples=("gc",))
    assert seen["made"][name][0] > MILLION
    assert set(seen["alive"].values()) == {0}
    assert seen["grown_kib"] < GROWTH_LIMIT_KIB
