"""Backends by name: ours, a CPython of one version, and those that other distributions add by an entry point."""

from __future__ import annotations

import difflib
from importlib.metadata import entry_points

from harness.backends import cpython
from harness.backends.base import Backend, Provider, Request
from harness.errors import SettingsError

GROUP = "backend_matrix.backends"
DEFAULT_REFERENCE = "cpython"
DEFAULT_BACKENDS = ("cpython", "rustpython")
ANY_VERSION = "cpython-VERSION"

__all__ = ["DEFAULT_BACKENDS", "DEFAULT_REFERENCE", "Backend", "Request", "names", "provide", "version_named"]


def names() -> list[str]:
    """Return the names of all backends that are installed, sorted; ``cpython-3.13`` and its like are not listed."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def version_named(name: str) -> tuple[int, int] | None:
    """Return the language version that a backend's name asks for, such as ``cpython-3.13``; None if for none."""
    return cpython.version_named(name)


def check_name(name: str) -> None:
    """Raise SettingsError if no backend has this name; the message lists those there are."""
    known = names()
    if name not in known and cpython.version_named(name) is None:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise SettingsError(f"unknown backend {name!r}: there are {', '.join(sorted([*known, ANY_VERSION]))}{hint}")


def provide(name: str, request: Request) -> Backend:
    """Return a backend, ready to build extensions and to run workers.

    Raises: SettingsError -- no such name; and what :class:`harness.backends.base.Provider` raises.
    """
    check_name(name)
    version = cpython.version_named(name)
    if version is not None and name not in names():
        return cpython.provide_version(version, request)
    provider: Provider = next(iter(entry_points(group=GROUP, name=name))).load()
    return provider(request)
