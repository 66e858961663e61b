"""How many published packages need a function of the C-API: read from wheels, kept in a file."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
import scripts

ROOT = Path(__file__).parents[1]

ranking = scripts.load("make_capi_ranking")

SOURCE = """
extern void *PyLong_FromLong(long);
extern void *other(void);
const char *made_with = "%s";
void *PyInit_sample(void) { return PyLong_FromLong(1) ? other() : 0; }
"""


def wheel_of(directory: Path, text: str) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    (directory / "sample.c").write_text(SOURCE % text)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", "sample.so", "sample.c"], cwd=directory, check=True)
    with zipfile.ZipFile(directory / "sample-1.5-cp314-abi3-linux_x86_64.whl", "w") as archive:
        archive.write(directory / "sample.so", "sample/_native.so")
        archive.writestr("sample/__init__.py", "")
    return directory / "sample-1.5-cp314-abi3-linux_x86_64.whl"


@pytest.mark.parametrize(("text", "pyo3"), [("Cython 3", False), ("/registry/src/x/pyo3-0.30.1/src/err.rs", True)])
def test_a_wheel_needs_what_its_libraries_want_of_python(tmp_path: Path, text: str, pyo3: bool) -> None:
    wheel = ranking.read_wheel("sample", wheel_of(tmp_path, text))
    assert (wheel.version, wheel.functions, wheel.pyo3) == ("1.5", {"PyLong_FromLong"}, pyo3)


def test_a_wheel_without_an_extension_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("plain.py", "")
    with pytest.raises(ValueError, match="has no extension module"):
        ranking.read_wheel("plain", path)


def test_the_counts_are_written_most_needed_first() -> None:
    wheels = [
        ranking.Wheel("a", "1", "00", True, frozenset({"PyB", "PyA"})),
        ranking.Wheel("b", "2", "11", False, frozenset({"PyB"})),
        ranking.Wheel("c", "3", "22", False, frozenset({"PyC"})),
    ]
    read = tomllib.loads(ranking.write(wheels))
    assert list(read["needed"].items()) == [("PyB", [2, 1]), ("PyA", [1, 1]), ("PyC", [1, 0])]
    assert [package["name"] for package in read["package"]] == ["a", "b", "c"]


def test_the_file_is_whole() -> None:
    read = tomllib.loads(ranking.RANKING.read_text(encoding="utf-8"))
    packages = read["package"]
    made_with_pyo3 = sum(package["pyo3"] for package in packages)
    assert len(packages) >= 40
    assert made_with_pyo3 >= 15
    assert all(package["version"] and len(package["sha256"]) == 64 for package in packages)
    for function, (everywhere, in_pyo3) in read["needed"].items():
        assert 0 < everywhere <= len(packages), function
        assert in_pyo3 <= min(everywhere, made_with_pyo3), function
