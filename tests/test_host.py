"""The host's own tests in Rust, and what the compiler, its lints and its formatter say of all our Rust."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.backends import rustpython
from harness.builds import cache_directory, run_tool

ROOT = Path(__file__).parent.parent
WORKSPACES = (ROOT / "extensions", rustpython.HOST_CRATE)


def progress(line: str) -> None:
    print(line, file=sys.stderr)


def needs(component: str) -> None:
    found = subprocess.run(["cargo", component, "--version"], capture_output=True, check=False).returncode == 0
    if not found:
        pytest.skip(f"rustup component add {component}")


def test_the_hosts_own_tests_pass() -> None:
    rustpython.check_host("test", progress=progress)


def test_the_host_has_no_lint() -> None:
    needs("clippy")
    rustpython.check_host("clippy", "--all-targets", "--", "-D", "warnings", progress=progress)


def test_the_samples_have_no_lint() -> None:
    needs("clippy")
    run_tool(
        [
            *("cargo", "clippy", "--manifest-path", str(ROOT / "extensions" / "Cargo.toml"), "--all-targets"),
            *("--target-dir", str(cache_directory() / "target" / "clippy"), "--", "-D", "warnings"),
        ],
        what="clippy of the samples",
        environment={},
        progress=progress,
    )


@pytest.mark.parametrize("workspace", WORKSPACES, ids=lambda path: path.name)
def test_rust_is_formatted(workspace: Path) -> None:
    needs("fmt")
    argv = ["cargo", "fmt", "--check", "--all", "--manifest-path", str(workspace / "Cargo.toml")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[:4000] + done.stderr
