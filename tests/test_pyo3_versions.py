"""One host serves both versions of PyO3 that can be compiled for it: samples, and all that is known, with the older."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from harness.backends import cpython, rustpython
from harness.backends.interpreters import installed
from harness.eventlog import ItemEvent, read_events

ROOT = Path(__file__).parents[1]
NEWER, OLDER = "0.30.1", "0.29.3"


def with_older_pyo3(sample: str, to: Path) -> None:
    """Lay out a project with one sample and its case file, of which nothing but the version of PyO3 is changed."""
    crate = to / "extensions" / sample
    shutil.copytree(ROOT / "extensions" / sample, crate, ignore=shutil.ignore_patterns("target"))
    for manifest in (crate / "Cargo.toml", to / "extensions" / "Cargo.toml"):
        text = (ROOT / manifest.relative_to(to)).read_text(encoding="utf-8")
        members = ", ".join(f'"{each}"' for each in tomllib.loads(text).get("workspace", {}).get("members", ()))
        changed = text.replace(f'"{NEWER}"', f'"={OLDER}"').replace(f"[{members}]", f'["{sample}"]')
        assert changed != text, manifest
        manifest.write_text(changed, encoding="utf-8")
    shutil.copy2(ROOT / "extensions" / "Cargo.lock", to / "extensions")
    (to / "cases").mkdir()
    shutil.copy2(ROOT / "cases" / f"{sample}.yaml", to / "cases")
    (to / "pyproject.toml").write_text("")
    # Changes what must be changed in the lock, and before the first build: what is built is cached by it.
    subprocess.run(["cargo", "metadata", "--format-version=1"], cwd=crate, stdout=subprocess.DEVNULL, check=True)


@pytest.mark.parametrize("sample", ["classes", "numbers"])
def test_a_sample_does_the_same_with_the_older_pyo3(tmp_path: Path, sample: str) -> None:
    with_older_pyo3(sample, tmp_path)
    locked = tomllib.loads((tmp_path / "extensions" / "Cargo.lock").read_text())["package"]
    assert {each["version"] for each in locked if each["name"].startswith("pyo3")} == {OLDER}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    argv = [sys.executable, "-m", "pytest", "--backend-matrix", "-q", "-n", "2", "--hypothesis-seed=0", "--examples=50"]
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    items = [each for each in read_events(tmp_path / "results" / "events.jsonl") if isinstance(each, ItemEvent)]
    assert len(items) > 30, done.stdout[-20_000:] + done.stderr
    assert not {each.case for each in items if each.verdict in ("broken", "unsupported")}
    if cpython.nearest(installed()).language_version == rustpython.LANGUAGE_VERSION:
        # What is known was found with this language version.
        assert done.returncode == 0, done.stdout[-20_000:]
        assert {each.verdict for each in items} == {"agree", "known"}
