"""A distribution of somebody else's that adds two backends, as ``docs/backends.md`` describes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from harness.backends import cpython
from harness.backends.base import Backend, Request
from harness.backends.interpreters import installed
from harness.errors import BackendUnavailableError


def provide_again(request: Request) -> Backend:
    """Return the reference once more: it must agree with itself."""
    return dataclasses.replace(cpython.provide(request), name="again")


def provide_other_version(request: Request) -> Backend:
    """Return a CPython of another language version than the reference's: a second CPython with a twist."""
    reference = cpython.nearest(installed())
    usable = [each for each in installed() if each.language_version >= cpython.OLDEST and not each.free_threaded]
    others = [each for each in usable if each.language_version < reference.language_version]
    if not others:
        raise BackendUnavailableError(f"no CPython older than {reference.version} is installed")
    chosen = dataclasses.replace(request, path=Path(others[-1].executable))
    return dataclasses.replace(cpython.provide(chosen), name="other-version")
