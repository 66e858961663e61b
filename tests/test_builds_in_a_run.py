"""A run in which one of several extensions cannot be compiled: by cargo, of crates that need nothing but it."""

from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

# Imported here, so that an inner run finds it loaded: it does not bear being imported twice.
import lief  # noqa: F401
import pytest
from test_plugin import PYPROJECT, Project, project, text_of

from harness.eventlog import BackendEvent

__all__ = ["project"]

MANIFEST = """
[package]
name = "{name}"
version = "1.0.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[dependencies]
pyo3 = {{ path = "../../pyo3", version = "0.30" }}
[workspace]
"""
# Stands for PyO3, of which only the feature's name is used: nothing has to be fetched or compiled for long.
PYO3 = '[package]\nname = "pyo3"\nversion = "0.30.0"\nedition = "2021"\n[features]\nabi3t = []\n'
RIGHT = "pub fn answer() -> i64 {\n    42\n}\n"
WRONG = 'pub fn answer() -> i64 {\n    "forty-two"\n}\n'
COMPILER_SAYS = ("error[E0308]: mismatched types", "src/lib.rs:2:5", "expected `i64`, found `&str`")
BROKEN = ("cases/wrong.yaml::double[compiled]", "cases/wrong.yaml::triple[compiled]")


def crate(directory: Path, name: str, source: str, functions: str) -> None:
    (directory / name / "src").mkdir(parents=True)
    (directory / name / "Cargo.toml").write_text(MANIFEST.format(name=name))
    (directory / name / "src/lib.rs").write_text(source)
    (directory / name / f"{name}.py").write_text(functions)


@pytest.fixture(scope="module")
def tools() -> str:
    """Where the compiler itself lies: rustup asks the home directory, and pytester's runs have another."""
    done = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True)
    return str(Path(done.stdout.strip()) / "bin")


@pytest.fixture
def crates(tools: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of three crates, of which the one in the middle does not compile."""
    monkeypatch.setenv("PATH", tools, prepend=os.pathsep)
    monkeypatch.setenv("BACKEND_MATRIX_CACHE", str(project.path / "cache"))
    monkeypatch.setenv("CARGO_NET_OFFLINE", "true")
    (project.path / "pyo3/src").mkdir(parents=True)
    (project.path / "pyo3/Cargo.toml").write_text(PYO3)
    (project.path / "pyo3/src/lib.rs").write_text("")
    functions = "def double(x):\n    return 2 * x\n\n\ndef triple(x):\n    return 3 * x\n"
    for name, source in (("first", RIGHT), ("wrong", WRONG), ("last", RIGHT)):
        crate(project.path / "extensions", name, source, functions)
        (project.path / "cases").mkdir(exist_ok=True)
        cases = "".join(f"  {each}: {{args: ['integers()'], max_examples: 3}}\n" for each in ("double", "triple"))
        (project.path / f"cases/{name}.yaml").write_text(f"extension: {name}\ncases:\n{cases}")
    project.configure(PYPROJECT.replace('["beta"]', '["compiled"]').replace("examples = 60\n", ""))
    return project


def test_a_compiler_error_breaks_the_items_of_its_extension_and_no_others(crates: Project) -> None:
    result = crates.run()
    result.assert_outcomes(passed=4, failed=2)
    assert result.ret == 1
    items = crates.items()
    assert {name for name, item in items.items() if item.verdict == "broken"} == set(BROKEN)
    assert {item.verdict for name, item in items.items() if name not in BROKEN} == {"agree"}
    told = text_of(result)
    junit = crates.junit()
    for name in BROKEN:
        message = items[name].message
        assert message.startswith("compiling wrong: cargo failed with exit code 101\n")
        for text in (message, told, _failure(junit[name.partition("::")[2]], name)):
            assert all(each in text for each in COMPILER_SAYS), text
    assert "Traceback" not in told
    [facts] = [each.facts for each in crates.events() if isinstance(each, BackendEvent) and each.facts.name != "alpha"]
    assert facts.built.keys() == {"first", "last"}

    # What was compiled is there, and what is mended is compiled.
    (crates.path / "extensions/wrong/src/lib.rs").write_text(RIGHT)
    crates.run().assert_outcomes(passed=6)


def _failure(case: ET.Element, name: str) -> str:
    assert case.find("failure") is not None, name
    return "".join(case.itertext())
