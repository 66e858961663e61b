"""The reference once more, with extensions built from sources that PLANTED makes a little different."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from harness.backends import cpython
from harness.backends.base import Backend, Request
from harness.backends.interpreters import installed, probe
from harness.builds import Built, Progress, build_extension
from harness.extensions import Extension

VARIABLE = "PLANTED"


def provide(request: Request) -> Backend:
    """Return the interpreter of the reference, with a way of compiling of its own."""
    interpreter = probe(request.path) if request.path is not None else cpython.nearest(installed())

    def compile_planted(extension: Extension, progress: Progress, rebuild: bool) -> Built:
        def make(site: Path, target: Path) -> Path:
            os.environ[VARIABLE] = "1"
            try:
                return cpython._build_with_maturin(extension, interpreter, site, target, progress)
            finally:
                del os.environ[VARIABLE]

        key = f"{interpreter.executable} {interpreter.version}"
        return build_extension(extension, backend="planted", key=key, rebuild=rebuild, progress=progress, make=make)

    return dataclasses.replace(cpython.provide(request), name="planted", compile=compile_planted)
