"""A CPython of one version is a backend by its name: found, given, or not there; with interpreters that only say so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import backends
from harness.backends import cpython
from harness.backends.base import Request
from harness.errors import BackendUnavailableError, SettingsError

Says = Callable[..., Path]


@pytest.fixture
def says(tmp_path: Path) -> Says:
    """Return a function that makes an interpreter which says that it is of a version."""

    def make(version: str, *, threaded: str = "false", implementation: str = "cpython") -> Path:
        path = tmp_path / f"{implementation}-{version}-{threaded}" / "python3"
        path.parent.mkdir()
        path.write_text(
            f'#!/bin/sh\necho \'{{"executable": "{path}", "implementation": "{implementation}", '
            f'"version": "{version}", "level": "final", "free_threaded": {threaded}, "extension_suffix": ".so"}}\'\n'
        )
        path.chmod(0o755)
        return path

    return make


def request(path: Path | None = None) -> Request:
    return Request(path, lambda line: None)


def install(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    monkeypatch.setattr(cpython, "installed", lambda: [cpython.probe(each) for each in paths])


def test_one_that_is_installed_is_found_by_its_version(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, says("3.12.9"), says("3.13.5", threaded="true"), says("3.13.7"), says("3.14.0"))
    backend = backends.provide("cpython-3.13", request())
    assert (backend.name, backend.language_version, backend.versions) == (
        "cpython-3.13",
        (3, 13),
        {"interpreter": "3.13.7"},
    )
    assert backend.parts == cpython.provide(request()).parts


def test_it_has_the_name_that_it_votes_by(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, says("3.13.7"), says("3.14.0"))
    reference = backends.provide("cpython", request())
    voters = {each.name: each for each in reference.voters(request())}
    assert voters["cpython-3.13"].makeup == backends.provide("cpython-3.13", request()).makeup
    assert voters["cpython-3.13"].command == backends.provide("cpython-3.13", request()).command


def test_one_that_is_given_must_be_of_the_version(says: Says) -> None:
    assert backends.provide("cpython-3.13", request(says("3.13.1"))).versions == {"interpreter": "3.13.1"}
    with pytest.raises(BackendUnavailableError, match=r"python3: is 3\.14\.2, and cpython-3\.13 is of one version$"):
        backends.provide("cpython-3.13", request(says("3.14.2")))
    with pytest.raises(BackendUnavailableError, match="is pypy, not CPython"):
        backends.provide("cpython-3.13", request(says("3.13.2", implementation="pypy")))


def test_one_that_is_not_there_says_how_to_name_it(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, says("3.14.0"), says("3.13.5", threaded="true"))
    with pytest.raises(BackendUnavailableError) as raised:
        backends.provide("cpython-3.13", Request(None, lambda line: None, offline=True))
    assert str(raised.value) == (
        "no CPython 3.13 was found, and none was got (getting one is forbidden (--offline)); "
        "name one with --backend cpython-3.13=PATH"
    )


@pytest.mark.parametrize("name", ["cpython-3", "cpython-3.x", "cpython-3.13t", "cpython3.13", "rustpython-0.6"])
def test_what_is_no_version_is_no_backend(name: str) -> None:
    with pytest.raises(SettingsError, match=r"cpython-VERSION"):
        backends.check_name(name)
