"""The example database of a run: Hypothesis's own, in a directory or in Redis, with read-only copies of others'."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec
from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    ExampleDatabase,
    GitHubArtifactDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)

from harness.errors import SettingsError

WHERE = "[tool.backend-matrix.database]"
REDIS_TIMEOUT_S = 5.0
_REDIS = re.compile(r"(rediss?|unix)://.+")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


class DatabaseTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table in pyproject.toml: where examples are written, and what else they are read from."""

    directory: str | None = None
    redis: str | None = None
    read_only: tuple[str, ...] = ()
    github_artifacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where examples are written, a directory or Redis, and what else they are read from."""

    directory: Path | None
    redis: str | None
    read_only: tuple[Path, ...]
    github_artifacts: tuple[str, ...]


def database_settings(given: str | DatabaseTable, root: Path) -> DatabaseSettings:
    """Return the settings; a text alone is a directory.

    Raises: SettingsError -- they contradict each other, or have no meaning.
    """
    table = DatabaseTable(directory=given) if isinstance(given, str) else given
    if table.directory is not None and table.redis is not None:
        raise SettingsError(f"{WHERE}: examples are written to a directory or to Redis; take one of the two out")
    if table.directory == "":
        raise SettingsError(f"{WHERE}: directory is empty; write one, such as .hypothesis/examples")
    if table.redis is not None and not _REDIS.fullmatch(table.redis):
        raise SettingsError(f"{WHERE}: redis is an address such as redis://localhost:6379/0, not {table.redis!r}")
    for repository in table.github_artifacts:
        if not _REPOSITORY.fullmatch(repository):
            raise SettingsError(f"{WHERE}: github-artifacts are repositories such as owner/name, not {repository!r}")
    directory = None if table.redis is not None else root / (table.directory or ".hypothesis/examples")
    read_only = tuple(root / each for each in table.read_only)
    for path in (*([directory] if directory else []), *read_only):
        if path.exists() and not path.is_dir():
            raise SettingsError(f"{WHERE}: {path} is a file; name a directory of examples")
    if directory in read_only:
        raise SettingsError(f"{WHERE}: {directory} cannot be both written to and read-only; take one of the two out")
    return DatabaseSettings(directory, table.redis, read_only, table.github_artifacts)


def open_database(settings: DatabaseSettings) -> ExampleDatabase:
    """Return the database: what is written goes to the first place, what is read comes from all of them.

    A read-only directory that is not there has nothing, which is how the first run meets another's artifacts.

    Raises: SettingsError -- Redis, or what it needs, is not there.
    """
    own: ExampleDatabase
    if settings.directory is not None:
        own = DirectoryBasedExampleDatabase(settings.directory)
    else:
        own = _redis(settings.redis or "")
    others = [ReadOnlyDatabase(DirectoryBasedExampleDatabase(each)) for each in settings.read_only if each.is_dir()]
    for repository in settings.github_artifacts:
        owner, _, name = repository.partition("/")
        others.append(ReadOnlyDatabase(GitHubArtifactDatabase(owner, name)))
    return MultiplexedDatabase(own, *others) if others else own


def describe_database(settings: DatabaseSettings, root: Path) -> str:
    """Return where examples are kept and read from, in one line."""

    def told(path: Path) -> str:
        shown = str(path.relative_to(root) if path.is_relative_to(root) else path)
        return shown if path.is_dir() else f"{shown} (not there yet)"

    # Without what stands before an @, which may be a password.
    own = re.sub(r"//[^@/]*@", "//", settings.redis) if settings.redis else ""
    first = own or str(settings.directory and _from(settings.directory, root))
    others = [*map(told, settings.read_only), *(f"artifacts of {each}" for each in settings.github_artifacts)]
    return f"{first}; read-only: {', '.join(others)}" if others else first


def _from(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _redis(address: str) -> ExampleDatabase:
    try:
        import redis
        from hypothesis.extra.redis import RedisExampleDatabase
    except ImportError:
        raise SettingsError(f"{WHERE}: redis needs a package: pip install 'backend-matrix[redis]'") from None
    try:
        client = redis.Redis.from_url(address, socket_connect_timeout=REDIS_TIMEOUT_S)
        client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise SettingsError(f"{WHERE}: Redis does not answer: {error}; start it, or take 'redis' out") from None
    return RedisExampleDatabase(client)
