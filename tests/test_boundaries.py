"""What may know what: imports go one way, and only backends know interpreters by name."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HARNESS = ROOT / "harness"
MODULES = sorted(path for path in HARNESS.rglob("*.py") if "host" not in path.relative_to(HARNESS).parts)
OUTSIDE_BACKENDS = [path for path in MODULES if "backends" not in path.parts]
# What is left behind by builds is no source.
RUST = sorted(path for path in (ROOT / "extensions").rglob("*.rs") if "target" not in path.parts)
MANIFESTS = sorted(path for path in (ROOT / "extensions").rglob("Cargo.toml") if "target" not in path.parts)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- imports ---------------------------------------------------------------------------------------


def lint_imports(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_go_one_way_and_the_pure_core_is_pure() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        pytest.param("values", "import math", marks=pytest.mark.xfail(reason="goes the right way", strict=True)),
        ("compare", "import subprocess"),
        ("codec", "import os"),
        ("render", "import pytest"),
        ("findings", "import harness.process"),
        ("observation", "from harness import lanes"),
        ("values", "import os.path"),
        ("program", "import socket"),
        ("rules", "import pytest"),
        ("report/failure", "import subprocess"),
        ("report/junit", "import os"),
        ("process", "import harness.lanes"),
        ("lanes", "import harness.examine"),
        ("examine", "import harness.collect"),
        ("differential", "from harness.backends import cpython"),
        ("worker", "import harness.codec"),
    ],
)
def test_an_import_that_goes_the_wrong_way_is_noticed(tmp_path: Path, module: str, line: str) -> None:
    shutil.copytree(HARNESS, tmp_path / "harness", ignore=shutil.ignore_patterns("host", "__pycache__"))
    path = tmp_path / "harness" / f"{module}.py"
    path.write_text(path.read_text() + f"\n{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


# --- the names of interpreters ---------------------------------------------------------------------

INTERPRETERS = re.compile(r"cpython|rustpython|pypy|graalpy|jython|ironpython|micropython|cinder", re.IGNORECASE)


def docstrings(tree: ast.AST) -> set[int]:
    """Return the ids of the nodes that are docstrings, those beside attributes included."""
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def interpreters_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every identifier, and of every text that is no sentence, that names an interpreter."""
    tree = ast.parse(source)
    prose = docstrings(tree)
    for node in ast.walk(tree):
        names = [getattr(node, field, None) for field in ("id", "attr", "name", "arg", "asname", "module")]
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            # A text with spaces is read by people; one without is compared or looked up.
            names += [] if " " in node.value.strip() else [node.value]
        for name in names:
            if isinstance(name, str) and INTERPRETERS.search(name):
                yield getattr(node, "lineno", 0), name


@pytest.mark.parametrize("path", OUTSIDE_BACKENDS, ids=name_of)
def test_no_interpreter_is_named_outside_the_backends(path: Path) -> None:
    assert list(interpreters_in(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "if hello.implementation == 'rustpython': pass",
        "backend = f'cpython-{version}'",
        "from harness.backends import cpython",
        "import harness.backends.rustpython as host",
        "RUSTPYTHON = 1",
        "def run_cpython(): pass",
        "settings.pypy",
        "call(cpython=1)",
        "match name:\n    case 'CPython': pass",
    ],
)
def test_an_interpreter_that_is_named_is_noticed(source: str) -> None:
    assert list(interpreters_in(source))


@pytest.mark.parametrize(
    "source",
    [
        "'''About CPython.'''",
        "X = 1\n'''As RustPython has it.'''",
        "x = 'write NAME=PATH, such as cpython=/usr/bin/python3'",
        "# CPython",
    ],
)
def test_prose_may_name_interpreters(source: str) -> None:
    assert not list(interpreters_in(source))


@pytest.mark.parametrize("path", OUTSIDE_BACKENDS, ids=name_of)
def test_nothing_asks_which_interpreter_it_talks_to(path: Path) -> None:
    asked = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and "implementation" in node.attr
    ]
    # The worker says it of itself, in its handshake; nobody else looks at it.
    assert path.name == "worker.py" or asked == []


# --- the worker ------------------------------------------------------------------------------------


def test_the_worker_imports_the_standard_library_only() -> None:
    tree = ast.parse((HARNESS / "worker.py").read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or ".").split(".")[0])
    assert imported
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("path", [HARNESS / "worker.py", ROOT / "tests/modules/echo.py"], ids=name_of)
def test_what_runs_inside_interpreters_is_python_of_3_9(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.parametrize("source", ["match x:\n    case 1: pass", "try: pass\nexcept* A: pass"])
def test_newer_python_is_noticed(source: str) -> None:
    with pytest.raises(SyntaxError):
        ast.parse(source, feature_version=(3, 9))


# --- the sample crates -----------------------------------------------------------------------------

PARTIAL = re.compile(r"cfg(_attr)?!?\s*\([^\]]*\b(RustPython|PyPy|GraalPy|Py_LIMITED_API|Py_GIL_DISABLED|Py_3_\d+)\b")
RAW_FFI = re.compile(r"pyo3\s*::\s*ffi|pyo3_ffi|\bffi\s*::\s*_?Py|pyo3\s*::\s*\{[^}]*\bffi\b|extern\s+\"C\"")

# PyO3 has no safe form of ``__getbuffer__``: its structure and flags may be imported by name, and nothing else.
BUFFER_IMPORT = re.compile(r"^use pyo3::ffi::(?:\{(?:\s*(?:Py_buffer|PyBUF_\w+),?)+\s*\}|Py_buffer);$", re.MULTILINE)


def uses_raw_ffi(source: str) -> bool:
    return RAW_FFI.search(BUFFER_IMPORT.sub("", source)) is not None


@pytest.mark.parametrize("path", RUST, ids=name_of)
def test_a_sample_crate_is_the_same_source_for_every_backend(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert PARTIAL.search(text) is None
    assert not uses_raw_ffi(text)


@pytest.mark.parametrize("path", MANIFESTS, ids=name_of)
def test_a_sample_manifest_is_the_same_for_every_backend(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "pyo3-ffi" not in text
    assert PARTIAL.search(text) is None


@pytest.mark.parametrize(
    "source",
    [
        "#[cfg(RustPython)]",
        "#[cfg(not(RustPython))]",
        "#[cfg(all(unix, PyPy))]",
        "if cfg!(RustPython) {}",
        "#[cfg_attr(Py_3_12, allow(x))]",
        "[target.'cfg(RustPython)'.dependencies]",
        "#[cfg(Py_LIMITED_API)]",
    ],
)
def test_source_for_one_backend_only_is_noticed(source: str) -> None:
    assert PARTIAL.search(source)


@pytest.mark.parametrize(
    "source",
    [
        "use pyo3::ffi;",
        "unsafe { pyo3::ffi::Py_INCREF(p) }",
        "use pyo3::{ffi, prelude::*};",
        "ffi::PyList_New(0)",
        'extern "C" fn f() {}',
        "use pyo3::ffi::{Py_buffer, PyBuffer_Release};",
        "use pyo3::ffi::PyObject_GetBuffer;",
        "use pyo3::ffi::{self, Py_buffer};",
    ],
)
def test_raw_ffi_is_noticed(source: str) -> None:
    assert uses_raw_ffi(source)


@pytest.mark.parametrize(
    "source",
    [
        "use std::ffi::OsString;",
        "#[cfg(test)]",
        "// cfg and RustPython",
        "use pyo3::ffi::Py_buffer;",
        "use pyo3::ffi::{\n    Py_buffer, PyBUF_ND,\n    PyBUF_FORMAT,\n};",
    ],
)
def test_what_is_no_raw_ffi_is_left_alone(source: str) -> None:
    assert not uses_raw_ffi(source)
    assert not PARTIAL.search(source)


def test_there_are_samples_to_look_at() -> None:
    assert len(RUST) >= 7
    assert len(MANIFESTS) >= 7
    assert len(OUTSIDE_BACKENDS) >= 25
