"""The command ``backend-matrix``: what is wanted outside a test run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from harness import __version__, backends
from harness.backends.base import Request
from harness.cases import read_case_file
from harness.errors import CaseFileError, HarnessError
from harness.schema import case_file_schema


@click.group()
@click.version_option(__version__, prog_name="backend-matrix")
def main() -> None:
    """Does this extension module do the same thing on every interpreter?  (The runs are pytest's.)"""


@main.command("backends")
def list_backends() -> None:
    """List the backends that are installed."""
    for name in backends.names():
        click.echo(name)


@main.command()
@click.argument("name")
def prepare(name: str) -> None:
    """Provide a backend now: find its interpreter, or build it (RustPython's host takes ten minutes)."""
    click.echo(f"{name}: {_describe(name)}")


@main.command()
def schema() -> None:
    """Print the JSON Schema of case files."""
    click.echo(json.dumps(case_file_schema(), indent=2))


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), required=True)
def check(files: tuple[Path, ...]) -> None:
    """Check case files: say what is wrong, with file, line and column."""
    failed = False
    for path in files:
        try:
            found = read_case_file(path)
            click.echo(f"{path}: {len(found.cases)} cases")
        except CaseFileError as error:
            click.echo(str(error), err=True)
            failed = True
    if failed:
        sys.exit(CaseFileError.exit_code)


def _describe(name: str) -> str:
    try:
        return backends.provide(name, Request(None, lambda line: click.echo(f"  {line}", err=True))).description
    except HarnessError as error:
        click.echo(f"{name}: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
