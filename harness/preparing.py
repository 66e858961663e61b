"""Prepare a run: provide every backend, and compile every extension for each.

The other backends are provided while the reference's extensions are compiled, where there is more than one core: the
build of an interpreter leaves a core idle now and then, and ends with a crate that keeps just one busy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from harness.backends.base import Backend
from harness.builds import stop_tools
from harness.errors import HarnessError
from harness.eventlog import BackendFacts
from harness.extensions import binding_of
from harness.matrix import Matrix

AT_ONCE_S = 2.0
"""How long the other backends may take before something else is begun beside them."""

Wanted = Sequence[tuple[str, Path]]
"""The extensions of a run: each by its name, and the file that names it."""


def prepare(matrix: Matrix, wanted: Wanted, ended: Callable[[], None]) -> tuple[list[Backend], dict[str, BackendFacts]]:
    """Return the backends of a run, and what the event log says of each; ``ended`` is called where a thread is done.

    Raises: pytest.UsageError -- a backend cannot be had.
    """
    names = matrix.settings.backends
    reference = _provided(matrix, matrix.settings.reference)
    if len(os.sched_getaffinity(0)) > 1:
        with ThreadPoolExecutor(1) as pool:
            others = pool.submit(_provide_others, matrix, names, ended)
            try:
                if not wait([others], AT_ONCE_S).done:
                    _compile(matrix, [reference], wanted, facts_of([reference]))
                    ended()
                others.result()
            except BaseException:
                # Leaving the block waits for the other thread, and that for its tool.
                stop_tools()
                raise
    provided = [_provided(matrix, name) for name in names]
    facts = facts_of(provided)
    _compile(matrix, provided, wanted, facts)
    return provided, facts


def _provide_others(matrix: Matrix, names: Sequence[str], ended: Callable[[], None]) -> None:
    for name in names:
        try:
            matrix.backend(name)
        except HarnessError:
            continue  # The matrix raises it again for whoever needs the backend.
    ended()


def _provided(matrix: Matrix, name: str) -> Backend:
    try:
        return matrix.backend(name)
    except HarnessError as error:
        raise pytest.UsageError(f"{name}: {error}") from None


def _compile(matrix: Matrix, backends: Sequence[Backend], wanted: Wanted, facts: Mapping[str, BackendFacts]) -> None:
    """Compile every extension for each of some backends, and add what was built to what is said of them."""
    for name, named_by in wanted:
        for backend in backends:
            try:
                extension = matrix.extension(name, named_by)
                facts[backend.name].built[extension.name] = matrix.built(backend.name, extension).digest
                facts[backend.name].bindings[extension.name] = binding_of(extension)
            except HarnessError:
                continue  # The items that need it say so, each for itself.


def facts_of(provided: Sequence[Backend]) -> dict[str, BackendFacts]:
    """Return what the event log says of backends, for which nothing has been built yet, by name."""
    return {each.name: BackendFacts(each.name, each.description, dict(each.versions), {}, {}) for each in provided}
