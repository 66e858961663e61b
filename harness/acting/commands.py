"""The commands that are about one finding of a run."""

from __future__ import annotations

import functools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from harness.acting.issue import issue_of
from harness.acting.patch import patch_of
from harness.acting.reproducer import reproducer_of
from harness.acting.running import Output, run_on_backends
from harness.acting.stored import StoredFinding, find
from harness.errors import HarnessError
from harness.matrix import Matrix
from harness.settings import Overrides, Settings, read_settings

DIVERGED = 1
"""The exit code where the backends differ, as pytest's is where a test failed."""


def with_finding(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the finding and the settings that its arguments name; what is wrong is told in one text."""

    @click.argument("name", metavar="FINDING")
    @click.option("--log", type=click.Path(path_type=Path), help="the event log (otherwise that of the last run here)")
    @click.option("--backend", multiple=True, metavar="NAME=PATH", help="the interpreter of a backend")
    @functools.wraps(command)
    def wrapped(name: str, log: Path | None, backend: tuple[str, ...], **others: Any) -> None:
        try:
            settings = read_settings(Path.cwd(), Overrides(interpreters=backend))
            command(find(name, log or settings.results / "events.jsonl"), settings, **others)
        except HarnessError as error:
            click.echo(str(error), err=True)
            sys.exit(error.exit_code)

    return wrapped


@click.command()
@with_finding
@click.option("--patch", is_flag=True, help="print the patch that adds its program to the case, for git apply")
@click.option("--run", is_flag=True, help="run it on both backends, and print what each of them says")
def reproduce(found: StoredFinding, settings: Settings, *, run: bool, patch: bool) -> None:
    """Print a finding as a standalone Python script; FINDING is its name, or the beginning of it."""
    if patch:
        click.echo(patch_of(found, settings.root), nl=False)
        return
    source = reproducer_of(found)
    if not run:
        click.echo(source, nl=False)
        return
    outputs = run_source(found, source, settings)
    for name, output in outputs:
        click.echo(f"--- {name}: {output.ended}")
        click.echo(output.stdout, nl=False)
        click.echo(output.stderr, nl=False, err=True)
    (_, reference), (_, other) = outputs
    differ = reference.differs_from(other, with_stderr=found.record.kind == "stderr")
    click.echo(f"--- {'They differ.' if differ else 'They are the same.'}")
    sys.exit(DIVERGED if differ else 0)


@click.command("report-issue")
@with_finding
@click.option("--run", is_flag=True, help="run the reproducer on both backends, and say what it prints")
def report_issue(found: StoredFinding, settings: Settings, *, run: bool) -> None:
    """Print the text of an issue report, in Markdown: what the log has of a finding, and its reproducer."""
    outputs = run_source(found, reproducer_of(found), settings) if run else []
    click.echo(issue_of(found, {name: _told(output) for name, output in outputs}), nl=False)


def _told(output: Output) -> str:
    printed = output.stdout + output.stderr
    return f"{printed}{'' if printed.endswith(chr(10)) or not printed else chr(10)}({output.ended})"


def run_source(found: StoredFinding, source: str, settings: Settings) -> list[tuple[str, Output]]:
    """Return what a finding's script came to on the reference, and on the other backend."""
    matrix = Matrix(settings, lambda line: click.echo(f"  {line}", err=True))
    with tempfile.TemporaryDirectory(prefix="backend-matrix-script-") as directory:
        script = Path(directory, f"{found.name}.py")
        script.write_text(source, encoding="utf-8")
        return list(run_on_backends(found, script, matrix))
