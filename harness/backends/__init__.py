"""Backends by name: ours and those that other distributions add by an entry point."""

from __future__ import annotations

import difflib
from importlib.metadata import entry_points

from harness.backends.base import Backend, Provider, Request
from harness.errors import SettingsError

GROUP = "backend_matrix.backends"
DEFAULT_REFERENCE = "cpython"
DEFAULT_BACKENDS = ("cpython", "rustpython")

__all__ = ["DEFAULT_BACKENDS", "DEFAULT_REFERENCE", "Backend", "Request", "names", "provide"]


def names() -> list[str]:
    """Return the names of all backends that are installed, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def check_name(name: str) -> None:
    """Raise SettingsError if no backend has this name; the message lists those there are."""
    known = names()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise SettingsError(f"unknown backend {name!r}: there are {', '.join(known)}{hint}")


def provide(name: str, request: Request) -> Backend:
    """Return a backend, ready to build extensions and to run workers.

    Raises: SettingsError -- no such name; and what :class:`harness.backends.base.Provider` raises.
    """
    check_name(name)
    provider: Provider = next(iter(entry_points(group=GROUP, name=name))).load()
    return provider(request)
