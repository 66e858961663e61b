"""Where examples and witnesses are kept: directories, others' copies, Redis; and what is wrong is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import fakeredis
import pytest
import redis
from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    GitHubArtifactDatabase,
    InMemoryExampleDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)
from test_plugin import PYPROJECT, Project, project, text_of  # noqa: F401

from harness.database import DatabaseTable, database_settings, describe_database, open_database
from harness.errors import SettingsError
from harness.program import Program, Step
from harness.settings import Overrides, read_settings
from harness.witnesses import keep_witnesses, stored_witnesses

ITEM = "cases/a.yaml::f[beta]"
DIFFER = "cases/sample.yaml::differ[beta]"
ONE, TWO = (Program("sample", (Step("call", "f", (each,)),)) for each in (1, "\ud800"))


# --- witnesses -----------------------------------------------------------------------------------------


def test_witnesses_are_kept_and_those_that_are_gone_are_not() -> None:
    database = InMemoryExampleDatabase()
    keep_witnesses(database, ITEM, [ONE, TWO])
    assert set(stored_witnesses(database, ITEM, "sample")) == {ONE, TWO}
    assert stored_witnesses(database, ITEM, "another") == ()
    assert stored_witnesses(database, "another", "sample") == ()
    keep_witnesses(database, ITEM, [TWO])
    assert stored_witnesses(database, ITEM, "sample") == (TWO,)
    keep_witnesses(database, ITEM, [])
    assert stored_witnesses(database, ITEM, "sample") == ()


def test_what_is_no_witness_is_passed_over() -> None:
    database = InMemoryExampleDatabase()
    keep_witnesses(database, ITEM, [ONE])
    (key,) = database.data
    (value,) = database.fetch(key)
    for other in (b"", b"rubbish", value[:-3], value[:1] + b"x" + value[2:]):
        database.save(key, other)
    assert stored_witnesses(database, ITEM, "sample") == (ONE,)


def test_a_finding_of_an_earlier_run_is_met_again_whatever_is_drawn(project: Project) -> None:  # noqa: F811
    project.configure(PYPROJECT + 'database = "kept"\n')
    project.cases(differ="args: ['integers(100, 101)']")
    project.run("-q").assert_outcomes(failed=1)
    # Another strategy, of which nothing that Hypothesis has saved makes the same example.
    project.cases(differ="args: ['integers(0, 5)']")
    result = project.run("-v")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["examples are kept in kept", "  > differ(100)"])
    assert "--hypothesis-seed" not in text_of(result).partition("Run it again:")[2], "the seed alone does not draw it"
    sample = project.path / "extensions/sample/sample.py"
    sample.write_text(sample.read_text().replace("BETA and value >= 100", "False"))
    project.run("-q").assert_outcomes(passed=1)
    assert (
        stored_witnesses(
            DirectoryBasedExampleDatabase(project.path / "kept"), "cases/sample.yaml::differ[beta]", "sample"
        )
        == ()
    )


def test_anothers_copy_is_read_and_not_written(project: Project, tmp_path: Path) -> None:  # noqa: F811
    copy = project.path / "artifacts"
    keep_witnesses(
        DirectoryBasedExampleDatabase(copy),
        DIFFER,
        [Program("sample", (Step("call", "differ", (123,)),))],
    )
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    project.configure(
        f'{PYPROJECT}[tool.backend-matrix.database]\ndirectory = "own"\nread-only = ["artifacts", "none"]\n'
    )
    project.cases(differ="args: ['integers(0, 5)']")
    result = project.run("-v")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["examples are kept in own; read-only: artifacts, none (not there yet)", "  > differ(123)"]
    )
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
    assert stored_witnesses(
        DirectoryBasedExampleDatabase(project.path / "own"), "cases/sample.yaml::differ[beta]", "sample"
    )


# --- settings ------------------------------------------------------------------------------------------


def test_a_text_alone_is_a_directory(tmp_path: Path) -> None:
    settings = database_settings("examples", tmp_path)
    assert settings.directory == tmp_path / "examples"
    assert open_database(settings) == DirectoryBasedExampleDatabase(tmp_path / "examples")
    assert describe_database(settings, tmp_path) == "examples"


def test_everything_is_read_and_the_first_is_written(tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    table = DatabaseTable(read_only=("others", "missing"), github_artifacts=("me/mine",))
    database = open_database(database_settings(table, tmp_path))
    assert isinstance(database, MultiplexedDatabase)
    own, others, artifacts = database._wrapped
    assert own == DirectoryBasedExampleDatabase(tmp_path / ".hypothesis/examples")
    assert others == ReadOnlyDatabase(DirectoryBasedExampleDatabase(tmp_path / "others"))
    assert isinstance(artifacts._wrapped, GitHubArtifactDatabase)
    assert (artifacts._wrapped.owner, artifacts._wrapped.repo) == ("me", "mine")


def test_redis_is_hypothesiss_own_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = fakeredis.FakeServer()

    def connect(address: str, **options: Any) -> redis.Redis:
        assert address == "redis://me:secret@db:6379/0"
        return fakeredis.FakeRedis(server=server)

    monkeypatch.setattr(redis.Redis, "from_url", connect)
    settings = database_settings(DatabaseTable(redis="redis://me:secret@db:6379/0"), tmp_path)
    keep_witnesses(open_database(settings), ITEM, [ONE])
    assert stored_witnesses(open_database(settings), ITEM, "sample") == (ONE,)
    assert describe_database(settings, tmp_path) == "redis://db:6379/0"
    assert not list(tmp_path.iterdir())


def test_redis_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = database_settings(DatabaseTable(redis=f"unix://{tmp_path}/nobody.sock"), tmp_path)
    with pytest.raises(SettingsError, match=r"Redis does not answer: .*; start it, or take 'redis' out"):
        open_database(settings)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(SettingsError, match="redis needs a package: pip install 'backend-matrix"):
        open_database(settings)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('directory = "a"\nredis = "redis://b"', "written to a directory or to Redis; take one of the two out"),
        ('directory = ""', "directory is empty; write one, such as .hypothesis/examples"),
        ('redis = "localhost"', "redis is an address such as redis://localhost:6379/0, not 'localhost'"),
        ('github-artifacts = ["mine"]', "github-artifacts are repositories such as owner/name, not 'mine'"),
        ('directory = "pyproject.toml"', "pyproject.toml is a file; name a directory of examples"),
        ('read-only = ["pyproject.toml"]', "pyproject.toml is a file; name a directory of examples"),
        ('directory = "a"\nread-only = ["a"]', "a cannot be both written to and read-only"),
        ('read_only = ["a"]', "[tool.backend-matrix]: unknown setting 'read_only'; did you mean 'read-only'?"),
        ("read-only = 1", "database.read-only: must be a list, not a whole number"),
    ],
)
def test_a_wrong_setting_is_told(tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.backend-matrix.database]\n{table}\n")
    with pytest.raises(SettingsError) as raised:
        read_settings(tmp_path, Overrides())
    assert message in str(raised.value)
