"""The search for the version in which a finding appeared, on versions that answer from a table."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import CheckGolden
from harness.backends import versions as other_versions
from harness.bisect.registry import index_path, versions_in
from harness.bisect.search import Answer, Search, Tried, describe_search, describe_tried, search, versions_between
from harness.errors import BuildError, FindingError
from harness.extensions import read_extension

NOTES: dict[Answer, str] = {"good": "agrees", "bad": "value at f()", "skip": "does not build: error: no"}


class Table:
    """Answers from a table, and notes what it was asked."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers

    def __call__(self, version: str) -> Tried:
        answer = self.answers[version]
        return Tried(
            version, answer, {"skip": "does not build: error: no", "bad": "value at f()"}.get(answer, "agrees")
        )


def found(answers: str) -> Search:
    """Return the search over versions a, b, ... of which each is g(ood), b(ad) or (cannot be told) s."""
    words: dict[str, Answer] = {"g": "good", "b": "bad", "s": "skip"}
    names = [chr(ord("a") + index) for index in range(len(answers))]
    return search(names, Table(**{name: words[each] for name, each in zip(names, answers)}))


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_first_bad_version_is_found_in_few_tries(good: int, bad: int) -> None:
    versions = [str(number) for number in range(good + bad)]
    result = search(versions, lambda version: Tried(version, "good" if int(version) < good else "bad"))
    assert (result.last_good, result.first_bad, result.between) == (str(good - 1), str(good), ())
    assert len(result.tried) <= 2 + (good + bad).bit_length()
    assert len({each.version for each in result.tried}) == len(result.tried)


@given(st.lists(st.sampled_from("gs"), max_size=9), st.lists(st.sampled_from("bs"), max_size=9))
def test_what_was_skipped_is_told_only_where_it_matters(before: list[str], after: list[str]) -> None:
    answers = "".join(["g", *before, *after, "b"])
    result = found(answers)
    last_good, first_bad = answers.rindex("g"), answers.index("b")
    assert result.last_good == chr(ord("a") + last_good)
    assert result.first_bad == chr(ord("a") + first_bad)
    assert len(result.between) == first_bad - last_good - 1
    assert set(answers[last_good + 1 : first_bad]) <= {"s"}


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ("bb", "a was given as good, but the finding is there"),
        ("gg", "b was given as bad, but the finding is not there"),
        ("sb", "a, which was given as good, cannot be tried: does not build: error: no"),
        ("gs", "b, which was given as bad, cannot be tried: does not build: error: no"),
    ],
)
def test_what_was_said_of_the_ends_is_checked_first(answers: str, problem: str) -> None:
    result = found(answers)
    assert result.problem.startswith(problem)
    assert (result.first_bad, result.between) == ("", ())
    assert len(result.tried) <= 2


def test_what_is_told_is_as_in_the_golden_file(golden: CheckGolden) -> None:
    told = []
    for answers in ("gggbb", "gssbb", "bb", "gs"):
        result = found(answers)
        for forwards in (True, False):
            lines = [describe_tried(each, 3) for each in result.tried] if forwards else []
            told += [*lines, describe_search(result, what="the part", forwards=forwards), ""]
    golden("bisect.txt", "\n".join(told))


RELEASED = ["0.9.0", "0.10.0-alpha.1", "0.10.0", "0.10.1", "0.11.0-rc.1", "nonsense", "0.2.0"]


@pytest.mark.parametrize(
    ("good", "bad", "between"),
    [
        ("0.9.0", "0.10.1", ("0.9.0", "0.10.0", "0.10.1")),
        ("0.10.1", "0.9.0", ("0.10.1", "0.10.0", "0.9.0")),
        ("0.10.0-alpha.1", "0.10.1", ("0.10.0-alpha.1", "0.10.0", "0.10.1")),
    ],
)
def test_the_versions_between_two_are_in_their_own_order(good: str, bad: str, between: tuple[str, ...]) -> None:
    assert versions_between(RELEASED, good, bad, "pyo3") == between


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("0.9.1", "0.10.0", "0.9.1 is no released version of pyo3; the last ones are 0.2.0, 0.9.0, 0.10.0-alpha.1, "),
        ("0.9.0", "0.9.0", "0.9.0 cannot be both good and bad"),
    ],
)
def test_wrong_ends_are_told(good: str, bad: str, message: str) -> None:
    with pytest.raises(FindingError) as raised:
        versions_between(RELEASED, good, bad, "pyo3")
    assert str(raised.value).startswith(message)


# --- releases -----------------------------------------------------------------------------------------


def test_cargos_copy_of_an_index_is_read_without_what_was_withdrawn() -> None:
    entries = [{"vers": "0.1.0"}, {"vers": "0.1.1", "yanked": True}, {"vers": "0.2.0", "yanked": False}]
    copy = b"\x03\x02\0\0\0etag: 1\0" + b"".join(b"v\0" + json.dumps(each).encode() + b"\0" for each in entries)
    assert list(versions_in(copy)) == ["0.1.0", "0.2.0"]
    assert list(versions_in(b"")) == []


@pytest.mark.parametrize(("crate", "path"), [("a", "1/a"), ("ab", "2/ab"), ("abc", "3/a/abc"), ("PyO3", "py/o3/pyo3")])
def test_an_index_has_a_place_for_every_name(crate: str, path: str) -> None:
    assert index_path(crate) == path


# --- versions of an extension ---------------------------------------------------------------------------

MANIFEST = '[package]\nname = "made"\nversion = "{}"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\npyo3 = "0.30"\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a crate in a directory, whose versions 1.0.0 and 1.1.0 have tags."""
    crate = tmp_path / "repository/crates/made"
    (crate / "src").mkdir(parents=True)

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path / "repository", check=True, capture_output=True)

    git("init", "-q")
    for version in ("1.0.0", "1.1.0"):
        (crate / "Cargo.toml").write_text(MANIFEST.format(version))
        git("add", "-A")
        git("commit", "-q", "-m", version)
        git("tag", f"made-v{version}")
    git("tag", "v9.0")
    git("tag", "nightly")
    return crate


def test_the_versions_of_an_extension_are_the_tags_of_its_repository(repository: Path, tmp_path: Path) -> None:
    extension = read_extension(repository)
    assert other_versions.tags_of(extension, print) == ["1.0.0", "1.1.0"]
    there = tmp_path / "there"
    there.mkdir()
    changed = other_versions.with_tag("1.0.0", extension, there, lambda line: None).extension
    assert (changed.directory, changed.name) == (there / "crates/made", "made")
    assert 'version = "1.0.0"' in changed.manifest.read_text()
    assert 'version = "1.1.0"' in extension.manifest.read_text()


def test_an_extension_without_tags_says_what_is_missing(repository: Path) -> None:
    root = repository.parents[1]
    for tag in ("made-v1.0.0", "made-v1.1.0", "v9.0"):
        subprocess.run(["git", "tag", "-d", tag], cwd=root, check=True, capture_output=True)
    with pytest.raises(FindingError, match=r"are the tags of its git repository, such as v1\.2\.0"):
        other_versions.tags_of(read_extension(repository), print)


def test_a_crate_that_was_not_there_yet_cannot_be_had(repository: Path, tmp_path: Path) -> None:
    extension = read_extension(repository)
    subprocess.run(["git", "mv", "crates/made", "moved"], cwd=repository.parents[1], check=True, capture_output=True)
    moved = read_extension(repository.parents[1] / "moved", extension.name)
    with pytest.raises(BuildError, match=r"1\.0\.0: there is no crate at moved"):
        other_versions.with_tag("1.0.0", moved, tmp_path, lambda line: None)


@pytest.mark.parametrize(
    ("manifest", "asked"),
    [
        ('pyo3 = "0.30"\n', 'pyo3 = "=0.29.0"\n'),
        ('pyo3 = { version = "0.30.1", features = ["a"] }\n', 'pyo3 = { version = "=0.29.0", features = ["a"] }\n'),
        ('pyo3 = {features = ["a"], version = "0.30"}\n', 'pyo3 = {features = ["a"], version = "=0.29.0"}\n'),
        (
            '[dependencies.pyo3]\nfeatures = []\nversion = "0.30"\n',
            '[dependencies.pyo3]\nfeatures = []\nversion = "=0.29.0"\n',
        ),
        ('pyo3-build-config = "0.30"\npyo3-async = "1.0"\n', 'pyo3-build-config = "=0.29.0"\npyo3-async = "1.0"\n'),
        ('[package]\nversion = "1.0.0"\n', '[package]\nversion = "1.0.0"\n'),
    ],
)
def test_a_manifest_asks_for_just_that_version(manifest: str, asked: str) -> None:
    assert other_versions.asking_for("0.29.0", manifest) == asked


def test_a_host_asks_for_just_that_version() -> None:
    manifest = (Path(other_versions.__file__).parent / "host/Cargo.toml").read_text()
    asked = other_versions.hosting("0.5.0", manifest)
    assert asked != manifest
    assert '"=0.6.0"' not in asked
    assert asked.count('"=0.5.0"') == manifest.count('"=0.6.0"') >= 3
