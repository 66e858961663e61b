"""Settings of a run: ``[tool.backend-matrix]`` in pyproject.toml, and the command line, which wins."""

from __future__ import annotations

import contextlib
import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from harness.backends import DEFAULT_BACKENDS, DEFAULT_REFERENCE, check_name
from harness.database import DatabaseSettings, DatabaseTable, database_settings
from harness.errors import SettingsError
from harness.limits import MIB, USUAL, Limits
from harness.restarts import OF_A_CASE, OF_A_RUN
from harness.rules import DEFAULT_RULES, RULE_NAMES

TABLE = "backend-matrix"

Blaming = Literal["auto", "all", "none"]
"""Whom to ask about a finding: who is compiled for already and the control, everybody, or nobody."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The table in pyproject.toml."""

    backends: tuple[str, ...] = DEFAULT_BACKENDS
    reference: str = DEFAULT_REFERENCE
    examples: int | None = None
    cases: tuple[str, ...] = ("cases/*.yaml",)
    extensions: tuple[str, ...] = ()
    timeout_s: float = 10.0
    results: str = "results"
    rules: tuple[str, ...] = DEFAULT_RULES
    interpreters: dict[str, str] = {}
    surface: bool = True
    caller: str | None = None
    blame: Blaming = "auto"
    memory_mib: int = (USUAL.memory_bytes or 0) // MIB
    file_mib: int = (USUAL.file_bytes or 0) // MIB
    network: bool = False
    restarts_per_case: int = OF_A_CASE
    restarts_per_run: int = OF_A_RUN
    database: str | DatabaseTable | None = None
    seed: int | None = None
    strict_skew: bool = False
    book_reference: str | None = None
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; None or empty where it says nothing."""

    backends: str | None = None
    interpreters: tuple[str, ...] = ()
    reference: str | None = None
    examples: int | None = None
    results: str | None = None
    rebuild: bool = False
    blame: Blaming | None = None
    strict_skew: bool = False
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """All that decides what a run does, apart from the cases and Hypothesis's own settings.

    ``rules`` are the legal differences that hold for every case, beside the case's own.  ``root`` is the
    directory that relative paths start from.  ``examples`` is None where Hypothesis's profile decides.
    ``surface`` says whether every case file has the built-in case of its extension's surface.  ``caller`` is
    an extension and a function of it that calls its argument; None where the interpreter's own is to do that.
    ``database`` is None where Hypothesis's profile says where examples are kept, and ``seed`` where each run is to
    draw anew.  ``strict_skew`` treats what versions of Python may explain like any other difference, and
    ``book_reference`` is the exact version of the reference that the book was recorded with, or None.  ``offline``
    forbids getting an interpreter that the machine lacks.
    """

    root: Path
    backends: tuple[str, ...]
    reference: str
    examples: int | None
    cases: tuple[str, ...]
    extensions: tuple[Path, ...]
    timeout_s: float
    results: Path
    rules: frozenset[str]
    interpreters: dict[str, Path] = field(default_factory=dict)
    rebuild: bool = False
    surface: bool = True
    caller: tuple[str, str] | None = None
    blame: Blaming = "auto"
    limits: Limits = USUAL
    restarts_per_case: int = OF_A_CASE
    restarts_per_run: int = OF_A_RUN
    database: DatabaseSettings | None = None
    seed: int | None = None
    strict_skew: bool = False
    book_reference: str | None = None
    offline: bool = False

    @property
    def others(self) -> tuple[str, ...]:
        """The backends that are compared with the reference."""
        return tuple(name for name in self.backends if name != self.reference)


def read_settings(root: Path, overrides: Overrides) -> Settings:
    """Return the settings of a run in the project at ``root``.

    Raises: SettingsError -- a setting or an option has no meaning; the text says where it stands.
    """
    path = root / "pyproject.toml"
    table = _read_table(path)
    in_table = f"{path}: [tool.{TABLE}]"
    named = {name: Path(path).expanduser() for name, path in table.interpreters.items()}
    named |= interpreters_of(overrides.interpreters)
    chosen = _split(overrides.backends) if overrides.backends is not None else table.backends
    reference = overrides.reference or table.reference
    # An interpreter that is named is meant to take part.
    wanted = dict.fromkeys((reference, *chosen, *(each.partition("=")[0] for each in overrides.interpreters)))
    for place, names in (
        ("--reference" if overrides.reference else in_table, [reference]),
        ("--backends" if overrides.backends is not None else in_table, chosen),
        (in_table, table.interpreters),
    ):
        with _told_at(place):
            for name in names:
                check_name(name)
    if len(wanted) < 2:
        raise SettingsError(f"only the reference {reference!r} is left; name another backend with --backends")
    examples = overrides.examples if overrides.examples is not None else table.examples
    with _told_at("--examples" if overrides.examples is not None else in_table):
        if examples is not None and examples < 1:
            raise SettingsError(f"the number of examples must be at least 1, not {examples}")
    with _told_at(in_table):
        _check_values(table)
        caller = _caller(table.caller)
    return Settings(
        root=root,
        backends=tuple(wanted),
        reference=reference,
        examples=examples,
        cases=table.cases,
        extensions=tuple((root / each).resolve() for each in table.extensions),
        timeout_s=table.timeout_s,
        rules=frozenset(table.rules),
        results=root / (overrides.results or table.results),
        interpreters=named,
        rebuild=overrides.rebuild,
        surface=table.surface,
        limits=Limits(table.memory_mib * MIB, table.file_mib * MIB, table.network),
        restarts_per_case=table.restarts_per_case,
        restarts_per_run=table.restarts_per_run,
        caller=caller,
        blame=overrides.blame or table.blame,
        database=None if table.database is None else database_settings(table.database, root),
        seed=table.seed,
        strict_skew=overrides.strict_skew or table.strict_skew,
        book_reference=table.book_reference,
        offline=overrides.offline or table.offline,
    )


def _check_values(table: _Table) -> None:
    for rule in table.rules:
        if rule not in RULE_NAMES:
            close = difflib.get_close_matches(rule, RULE_NAMES, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise SettingsError(f"unknown rule {rule!r}: there are {', '.join(sorted(RULE_NAMES))}{hint}")
    for name in ("memory_mib", "file_mib", "restarts_per_case", "restarts_per_run"):
        if getattr(table, name) < 1:
            raise SettingsError(f"{name.replace('_', '-')} must be at least 1, not {getattr(table, name)}")
    if table.seed is not None and table.seed < 0:
        raise SettingsError(f"seed must be at least 0, not {table.seed}")
    if table.book_reference is not None and not re.fullmatch(r"\d+\.\d+\.\d+", table.book_reference):
        raise SettingsError(f"book-reference is an exact version, such as 3.14.10, not {table.book_reference!r}")
    if table.timeout_s <= 0:
        raise SettingsError(f"timeout-s must be more than 0, not {table.timeout_s:g}")


@contextlib.contextmanager
def _told_at(place: str) -> Iterator[None]:
    """Have what is wrong told with the file or the option where it stands."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"{place}: {error}") from None


def _caller(given: str | None) -> tuple[str, str] | None:
    if given is None:
        return None
    extension, separator, function = given.rpartition(":")
    if not separator or not extension or not all(map(str.isidentifier, function.split("."))):
        raise SettingsError(f"caller is EXTENSION:FUNCTION, such as my_crate:apply, not {given!r}")
    return extension, function


def interpreters_of(options: Iterable[str]) -> dict[str, Path]:
    """Return the interpreters that ``--backend NAME=PATH`` names, by backend.

    Raises: SettingsError -- one is written otherwise, or names a backend that there is not.
    """
    named = {}
    for option in options:
        name, _, path = option.partition("=")
        if not path:
            raise SettingsError(f"--backend {option}: write NAME=PATH, such as --backend cpython=/usr/bin/python3.14")
        with _told_at(f"--backend {option}"):
            check_name(name)
        named[name] = Path(path).expanduser()
    return named


def _split(names: str) -> tuple[str, ...]:
    found = tuple(name.strip() for name in names.split(",") if name.strip())
    if not found:
        raise SettingsError("--backends: name at least one, such as --backends cpython,rustpython")
    return found


def _read_table(path: Path) -> _Table:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _Table()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    table = data.get("tool", {}).get(TABLE, {})
    try:
        return msgspec.convert(table, _Table)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: [tool.{TABLE}]: {_explain(str(error))}") from None


_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "text",
}
"""What TOML's kinds of values are called, by the names that msgspec has for them."""


def _explain(message: str) -> str:
    wrong = re.fullmatch(r"Expected `(\w+)(?: \| null)?`, got `(\w+)` - at `\$\.(.+)`", message)
    if wrong is not None:
        wanted, seen = (_WORDS.get(each, each) for each in wrong.group(1, 2))
        return f"{wrong[3]}: must be {wanted}, not {seen}"
    unknown = re.search(r"unknown field `([^`]+)`", message)
    if unknown is None:
        return message
    table = DatabaseTable if "`$.database`" in message else _Table
    allowed = [name.replace("_", "-") for name in table.__struct_fields__]
    close = difflib.get_close_matches(unknown[1], allowed, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(allowed)}"
    return f"unknown setting {unknown[1]!r}; {hint}"
