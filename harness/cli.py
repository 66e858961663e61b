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
from harness.protocol_schema import protocol_schema
from harness.schema import case_file_schema
from harness.settings import Overrides, read_settings


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
@click.argument("of", type=click.Choice(["case-files", "protocol"]), default="case-files")
def schema(of: str) -> None:
    """Print the JSON Schema of case files, or of the protocol of workers."""
    click.echo(json.dumps(protocol_schema() if of == "protocol" else case_file_schema(), indent=2))


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


@main.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--write", type=click.Path(path_type=Path), help="the case file to write; otherwise it is printed")
@click.option("--include", multiple=True, metavar="PATTERN", help="names to call although they look dangerous")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="names not to call")
@click.option("--backend", multiple=True, metavar="NAME=PATH", help="the interpreter of a backend")
@click.option("--reference", metavar="NAME", help="the backend that is asked")
def auto(
    path: Path,
    write: Path | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    backend: tuple[str, ...],
    reference: str | None,
) -> None:
    """Make a case file from what a crate, or an installed extension module, shows of itself and accepts."""
    from harness.auto.command import made_case_file
    from harness.auto.selection import Selection

    overrides = Overrides(interpreters=backend, reference=reference)
    target = write or Path("cases.yaml")
    try:
        text = made_case_file(
            path.resolve(),
            target.resolve(),
            read_settings(Path.cwd(), overrides),
            Selection(include, exclude),
            lambda line: click.echo(f"  {line}", err=True),
        )
    except HarnessError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    if write is None:
        click.echo(text, nl=False)
    else:
        write.parent.mkdir(parents=True, exist_ok=True)
        write.write_text(text, encoding="utf-8")
        click.echo(f"{write}: {len(read_case_file(write).cases)} cases")


def _describe(name: str) -> str:
    try:
        return backends.provide(name, Request(None, lambda line: click.echo(f"  {line}", err=True))).description
    except HarnessError as error:
        click.echo(f"{name}: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
