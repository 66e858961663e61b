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
    for interpreter in installed():
        if interpreter.language_version != reference.language_version and not interpreter.free_threaded:
            chosen = dataclasses.replace(request, path=Path(interpreter.executable))
            return dataclasses.replace(cpython.provide(chosen), name="other-version")
    raise BackendUnavailableError("only one CPython is installed")
