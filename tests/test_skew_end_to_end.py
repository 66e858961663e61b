"""Machines on which the one CPython is older than RustPython's language version: green, and no planted thing missed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import builds
from harness.backends import rustpython
from harness.backends.base import Request
from harness.backends.interpreters import installed, provided_directory
from harness.eventlog import Footer, ItemEvent, read_events

ROOT = Path(__file__).parent.parent
CRATE = Path(__file__).parent / "crates" / "geometry"
PLAIN = "each.checked_mul(factor)"
# Only the build for RustPython is told by a file what it is for.
PLANTED = 'each.checked_mul(factor + i64::from(option_env!("PYO3_CONFIG_FILE").is_some() && factor > 1000))'
VERSIONS = [(3, 11), (3, 12), (3, 13)]


def found(version: tuple[int, int]) -> str:
    """Return a CPython of this machine; the test is skipped where there is none."""
    for each in installed():
        got = Path(each.executable).is_relative_to(provided_directory())
        if each.language_version == version and not each.free_threaded and not got:
            return each.executable
    pytest.skip(f"no CPython {version[0]}.{version[1]} is on this machine")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with nothing in it but the host."""
    rustpython.provide(Request(None, lambda line: print(line, file=sys.stderr)))
    directory = tmp_path_factory.mktemp("cache")
    (directory / "host").symlink_to(builds.cache_directory() / "host")
    return directory


def run(executable: str, cache: Path, cwd: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the matrix where that interpreter is the only one that is newer than the one that runs pytest."""
    binaries = home / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python3").symlink_to(executable)
    cargo = shutil.which("cargo")
    assert cargo is not None
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYENV", "CONDA"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--backend-matrix", "-q", "--hypothesis-seed=0", *arguments],
        cwd=cwd,
        env={
            **kept,
            "HOME": str(home),
            "PATH": f"{binaries}:{Path(cargo).parent}:/usr/bin:/bin",
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
            "BACKEND_MATRIX_CACHE": str(cache),
            "BACKEND_MATRIX_OFFLINE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_planted_difference_is_found_beside_skew(version: tuple[int, int], cache: Path, tmp_path: Path) -> None:
    crate = tmp_path / "geometry"
    shutil.copytree(CRATE, crate)
    source = crate / "src" / "lib.rs"
    assert PLAIN in source.read_text()
    source.write_text(source.read_text().replace(PLAIN, PLANTED))

    done = run(found(version), cache, crate, tmp_path / "home")

    items = {each.case: each for each in read_events(crate / "results" / "events.jsonl") if isinstance(each, ItemEvent)}
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED cases/geometry.yaml::scale_all[rustpython]" in done.stdout
    assert items["scale_all"].verdict == "diverge"
    assert items["language_version"].verdict == "skew"
    assert "Python 3.14" not in items["language_version"].skewed[0].text
    assert items["area"].verdict in ("known", "skew")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_samples_are_green(version: tuple[int, int], cache: Path, tmp_path: Path) -> None:
    results = f"--matrix-results={tmp_path / 'results'}"
    done = run(found(version), cache, ROOT, tmp_path / "home", results, "cases/numbers.yaml")
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    *_, footer = read_events(tmp_path / "results" / "events.jsonl")
    assert isinstance(footer, Footer)
    assert footer.verdicts["skew"] > 0
    assert set(footer.verdicts) == {"agree", "known", "skew"}
