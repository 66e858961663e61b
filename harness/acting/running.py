"""Run a reproducer on the backends, as a person would: the interpreter, the script, the extension's directory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.acting.stored import StoredFinding
from harness.crashes import describe_exit
from harness.errors import FindingError, HarnessError
from harness.eventlog import Caller
from harness.extensions import Extension
from harness.matrix import Matrix
from harness.process import WorkerCommand, environment_of

START_S = 20.0
"""What is granted beside a program's own time limit for an interpreter to start, and for the extension's import."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a script came to on one backend: how its process ended, and what it wrote."""

    ended: str
    stdout: str
    stderr: str

    def differs_from(self, other: Output, *, with_stderr: bool) -> bool:
        """Say whether two outputs differ; tracebacks and panics on stderr are each interpreter's own."""
        if with_stderr and self.stderr != other.stderr:
            return True
        return (self.ended, self.stdout) != (other.ended, other.stdout)


def extension_of(found: StoredFinding, matrix: Matrix) -> Extension:
    """Return the extension that a finding is about.

    Raises: FindingError -- its item does not say which; ExtensionError -- it is not there any more.
    """
    event = found.event
    if not found.extension:
        raise FindingError(f"finding {found.name}: the log does not say which extension {event.item} is about")
    return matrix.extension(found.extension, matrix.settings.root / event.file)


def caller_of(matrix: Matrix) -> Caller | None:
    """Return what calls callbacks, for the log; if it cannot be had, every item says why."""
    with contextlib.suppress(HarnessError):
        caller = matrix.caller()
        if caller is not None and matrix.settings.caller is not None:
            return Caller(matrix.settings.caller[0], caller[1])
    return None


def run_on_backends(found: StoredFinding, script: Path, matrix: Matrix) -> Iterator[tuple[str, Output]]:
    """Yield the name of the reference, then of the other backend, and what the script came to there.

    Raises: HarnessError -- a backend or its extension cannot be had.
    """
    extensions = [extension_of(found, matrix)]
    if found.other_site is not None:
        extensions.append(matrix.extension(found.other_site.extension, matrix.settings.root / "pyproject.toml"))
    # Each program before has a time limit of its own.
    timeout_s = matrix.settings.timeout_s * (1 + len(found.program.after)) + START_S
    for name in (found.header.reference, found.event.backend):
        sites = [matrix.built(name, extension).site for extension in extensions]
        yield name, run_script(matrix.backend(name).command, script, *sites, timeout_s=timeout_s)


def run_script(command: WorkerCommand, script: Path, *sites: Path, timeout_s: float) -> Output:
    """Run a script on a backend's interpreter, with the variables that a worker has; a hang is ended.

    ``sites`` are the directories in which what was compiled for the backend lies.
    """
    with tempfile.TemporaryDirectory(prefix="backend-matrix-script-") as home:
        with open(Path(home, "stdout"), "wb+") as stdout, open(Path(home, "stderr"), "wb+") as stderr:
            process = subprocess.Popen(
                [*command.argv, str(script.absolute()), *map(str, sites)],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=home,
                env=environment_of(Path(home), command),
                start_new_session=True,
            )
            try:
                ended = describe_exit(process.wait(timeout_s))
            except subprocess.TimeoutExpired:
                ended = f"did not end within {timeout_s:g} s"
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            texts = []
            for stream in (stdout, stderr):
                stream.seek(0)
                texts.append(stream.read().decode("utf-8", "backslashreplace"))
        return Output(ended, *texts)
