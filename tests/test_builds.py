"""What is compiled in a target directory that checkouts share is this checkout's."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.builds import cargo_module
from harness.extensions import Extension
from harness.symbols import offered_functions

MANIFEST = """
[package]
name = "sample"
version = "1.0.0"
edition = "2024"
[lib]
crate-type = ["cdylib"]
[dependencies]
pyo3 = { path = "pyo3" }
[workspace]
"""
# Stands for PyO3, of which only the feature's name is used: nothing has to be fetched or compiled for long.
PYO3 = """
[package]
name = "pyo3"
version = "1.0.0"
edition = "2024"
[features]
abi3t = []
"""


def checkout(directory: Path, function: str) -> Extension:
    (directory / "src").mkdir(parents=True)
    (directory / "pyo3" / "src").mkdir(parents=True)
    (directory / "Cargo.toml").write_text(MANIFEST)
    (directory / "pyo3" / "Cargo.toml").write_text(PYO3)
    (directory / "pyo3" / "src" / "lib.rs").write_text("")
    (directory / "src" / "lib.rs").write_text(f'#[unsafe(no_mangle)]\npub extern "C" fn {function}() {{}}\n')
    return Extension("sample", directory, "sample", "sample", "sample")


def test_another_checkouts_library_is_not_taken_for_ours(tmp_path: Path) -> None:
    ours, theirs = checkout(tmp_path / "ours", "PyOurs"), checkout(tmp_path / "theirs", "PyTheirs")
    for number, (extension, function) in enumerate([(ours, "PyOurs"), (theirs, "PyTheirs"), (ours, "PyOurs")]):
        site = tmp_path / f"site-{number}"
        library = cargo_module(
            extension, site, tmp_path / "target", suffix=".so", environment={}, progress=lambda line: None
        )
        assert offered_functions(library) == {function}


BUILD = """
import sys, time
from pathlib import Path
from harness import builds, symbols
from harness.extensions import read_extension
symbols.wanted_functions = lambda library: frozenset()
name, seconds, crate = sys.argv[1:]
def make(site, target):
    with open("made.txt", "a") as stream:
        stream.write(name + "\\n")
    time.sleep(float(seconds))
    library = site / "it.so"
    library.write_text(name)
    return library
built = builds.build_extension(read_extension(Path(crate)), backend="fake", key="k", rebuild=False,
                               progress=lambda line: print(line, flush=True), make=make)
print("built", built.library.read_text())
"""


@pytest.fixture
def build(tmp_path: Path) -> Iterator[object]:
    crate = tmp_path / "crate"
    crate.mkdir()
    (crate / "Cargo.toml").write_text(
        '[package]\nname = "crate"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\npyo3 = "0.30"\n'
    )
    started: list[subprocess.Popen[str]] = []

    def start_build(name: str, seconds: float) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", BUILD, name, str(seconds), str(crate)],
                cwd=tmp_path,
                env={**os.environ, "BACKEND_MATRIX_CACHE": str(tmp_path / "cache")},
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start_build
    for each in started:
        each.kill()
        each.wait()


def wait_until_made(tmp_path: Path, count: int) -> None:
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        if (tmp_path / "made.txt").exists() and len((tmp_path / "made.txt").read_text().splitlines()) >= count:
            return
        time.sleep(0.02)
    raise AssertionError("nothing was made")


def test_two_runs_that_build_the_same_compile_it_once(tmp_path: Path, build: object) -> None:
    assert callable(build)
    first = build("first", 2)
    wait_until_made(tmp_path, 1)
    second = build("second", 0)
    assert "built first" in first.communicate()[0]
    assert second.communicate()[0].splitlines() == ["waiting for another run that builds build-fake", "built first"]
    assert (tmp_path / "made.txt").read_text() == "first\n"


def test_a_run_that_is_killed_while_it_builds_leaves_no_lock_and_nothing_half(tmp_path: Path, build: object) -> None:
    assert callable(build)
    first = build("first", 600)
    wait_until_made(tmp_path, 1)
    first.kill()
    second = build("second", 0)
    assert second.communicate()[0].splitlines()[-1] == "built second"
    built = sorted(path.name for path in (tmp_path / "cache/built/fake").iterdir())
    assert [name.startswith("crate-") for name in built] == [True], built
