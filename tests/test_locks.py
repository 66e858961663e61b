"""The lock files of Python packages are in step with what pyproject.toml asks for; nothing is asked of an index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED = [
    Requirement(text)
    for text in (
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["test"],
        *PROJECT["build-system"]["requires"],
    )
]
PINNED = re.compile(r"^([\w.-]+)==([\w.+!]+)", re.MULTILINE)


def pinned(name: str) -> dict[str, Version]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return {canonicalize_name(package): Version(version) for package, version in PINNED.findall(text)}


@pytest.mark.parametrize("name", ["locked.txt", "oldest.txt"])
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.name)
def test_a_lock_has_every_package_in_a_version_that_is_asked_for(name: str, asked: Requirement) -> None:
    version = pinned(name).get(canonicalize_name(asked.name))
    assert version is not None, f"tox -e lock: requirements/{name} lacks {asked.name}"
    assert asked.specifier.contains(version), f"tox -e lock: {asked} is asked for, and {name} has {version}"


def test_every_package_of_the_lock_has_a_hash_and_no_index_is_named() -> None:
    text = (ROOT / "requirements" / "locked.txt").read_text(encoding="utf-8")
    packages = [each for each in re.split(r"\n(?=\w)", text) if PINNED.match(each)]
    assert len(packages) > len(ASKED)
    assert all("--hash=sha256:" in each for each in packages)
    assert "://" not in text


@pytest.mark.parametrize("asked", [each for each in ASKED if each.specifier], ids=lambda asked: asked.name)
def test_the_oldest_versions_are_the_lowest_that_are_asked_for(asked: Requirement) -> None:
    lowest = min(Version(each.version) for each in asked.specifier)
    assert pinned("oldest.txt")[canonicalize_name(asked.name)].release[:2] == (*lowest.release, 0)[:2]
