"""What is compiled in a target directory that checkouts share is this checkout's."""

from __future__ import annotations

from pathlib import Path

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
