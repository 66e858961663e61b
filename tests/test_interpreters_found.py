"""CPythons are found wherever people and version managers put them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.backends import interpreters

VERSION = "3.14.1"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory on a machine without a PATH."""
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME", "CONDA_PREFIX", "CONDA_ENVS_PATH"):
        monkeypatch.delenv(name, raising=False)
    for name in ("MAMBA_ROOT_PREFIX", "ASDF_DATA_DIR", "MISE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("BACKEND_MATRIX_CACHE", str(tmp_path / "cache"))
    return tmp_path


def put(directory: Path, version: str = VERSION, level: str = "final") -> Path:
    directory.mkdir(parents=True)
    path = directory / "python3"
    path.write_text(
        f'#!/bin/sh\necho \'{{"executable": "{path}", "implementation": "cpython", "version": "{version}", '
        f'"level": "{level}", "free_threaded": false, "extension_suffix": ".so"}}\'\n'
    )
    path.chmod(0o755)
    return path


def found() -> list[str]:
    return [each.executable for each in interpreters.installed()]


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/3.14.1/bin",
        ".local/share/uv/python/cpython-3.14.1-linux/bin",
        "miniconda3/bin",
        "miniforge3/envs/some/bin",
        "micromamba/envs/some/bin",
        ".conda/envs/some/bin",
        ".asdf/installs/python/3.14.1/bin",
        ".local/share/mise/installs/python/3.14.1/bin",
        ".local/opt/cpython-3.14/bin",
        ".local/opt/cpython-3.14/usr/bin",
    ],
)
def test_one_below_the_home_directory(place: str, home: Path) -> None:
    path = put(home / place)
    assert str(path) in found()


@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("PYENV_ROOT", "versions/3.14.1/bin"),
        ("UV_PYTHON_INSTALL_DIR", "cpython-3.14.1/bin"),
        ("XDG_DATA_HOME", "uv/python/cpython-3.14.1/bin"),
        ("XDG_DATA_HOME", "mise/installs/python/3.14.1/bin"),
        ("CONDA_PREFIX", "bin"),
        ("CONDA_ENVS_PATH", "some/bin"),
        ("MAMBA_ROOT_PREFIX", "envs/some/bin"),
        ("ASDF_DATA_DIR", "installs/python/3.14.1/bin"),
        ("MISE_DATA_DIR", "installs/python/3.14.1/bin"),
    ],
)
def test_one_where_a_variable_says(variable: str, place: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, str(home / "elsewhere"))
    path = put(home / "elsewhere" / place)
    assert str(path) in found()


def test_an_environment_that_conda_has_noted(home: Path) -> None:
    path = put(home / "far" / "away" / "bin")
    (home / ".conda").mkdir()
    (home / ".conda" / "environments.txt").write_text(f"{home / 'gone'}\n{home / 'far' / 'away'}\n")
    assert str(path) in found()


def test_a_release_comes_before_what_leads_to_it(home: Path) -> None:
    early = put(home / ".pyenv" / "versions" / "3.77.0a1" / "bin", "3.77.0", "alpha")
    release = put(home / ".pyenv" / "versions" / "3.77.0" / "bin", "3.77.0")
    names = found()
    assert names.index(str(release)) < names.index(str(early))


def test_one_that_was_got_is_found_by_its_marker_alone(home: Path) -> None:
    path = put(home / "cache" / "python" / "cpython-3.14" / "usr" / "bin")
    assert str(path) not in found()
    marker = home / "cache" / "python" / "cpython-3.14" / interpreters.MARKER
    marker.write_text(f'{{"executable": "{path}"}}')
    assert str(path) in found()
