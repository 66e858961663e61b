"""One host serves both versions of PyO3 that can be compiled for it: samples, and all that is known, with the older."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from harness.backends import cpython, rustpython
from harness.backends.interpreters import installed
from harness.eventlog import ItemEvent, read_events

ROOT = Path(__file__).parents[1]
NEWER, OLDER = "0.30.1", "0.29.3"
SAMPLES = ("classes", "numbers")


def with_older_pyo3(to: Path) -> None:
    """Lay out a project with some samples and their case files, of which nothing but the version of PyO3 is changed."""
    for sample in SAMPLES:
        ignored = shutil.ignore_patterns("target")
        shutil.copytree(ROOT / "extensions" / sample, to / "extensions" / sample, ignore=ignored)
    members = "members = [" + ", ".join(f'"{sample}"' for sample in SAMPLES) + "]"
    for manifest in ("Cargo.toml", *(f"{sample}/Cargo.toml" for sample in SAMPLES)):
        text = (ROOT / "extensions" / manifest).read_text(encoding="utf-8")
        changed = re.sub(r"members = \[.*?\]", members, text.replace(f'"{NEWER}"', f'"={OLDER}"'), flags=re.DOTALL)
        assert changed != text, manifest
        (to / "extensions" / manifest).write_text(changed, encoding="utf-8")
    shutil.copy2(ROOT / "extensions" / "Cargo.lock", to / "extensions")
    shutil.copytree(ROOT / "cases", to / "cases")
    (to / "pyproject.toml").write_text("")
    # Changes what must be changed in the lock, and before the first build: what is built is cached by it.
    manifest = str(to / "extensions" / "Cargo.toml")
    argv = ["cargo", "metadata", "--format-version=1", "--manifest-path", manifest]
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)


def test_samples_do_the_same_with_the_older_pyo3(tmp_path: Path) -> None:
    with_older_pyo3(tmp_path)
    locked = tomllib.loads((tmp_path / "extensions" / "Cargo.lock").read_text())["package"]
    assert {each["version"] for each in locked if each["name"].startswith("pyo3")} == {OLDER}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    files = [f"cases/{sample}.yaml" for sample in SAMPLES]
    options = ["-q", "-n", "2", "--hypothesis-seed=0", "--examples=50"]
    argv = [sys.executable, "-m", "pytest", "--backend-matrix", *options, *files]
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    items = [each for each in read_events(tmp_path / "results" / "events.jsonl") if isinstance(each, ItemEvent)]
    assert len(items) > 60, done.stdout[-20_000:] + done.stderr
    assert not {each.case for each in items if each.verdict in ("broken", "unsupported")}
    if cpython.nearest(installed()).language_version == rustpython.LANGUAGE_VERSION:
        # What is known was found with this language version.
        assert done.returncode == 0, done.stdout[-20_000:]
        assert {each.verdict for each in items} == {"agree", "known"}
