"""The command ``backend-matrix``: what is wanted outside a test run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from harness import __version__, backends
from harness.acting.commands import report_issue, reproduce
from harness.again import repeat
from harness.backends.base import Request
from harness.bisect.command import bisect
from harness.book.checking import check_book
from harness.book.reading import DIRECTORY, SUFFIX, Book
from harness.cases import CaseFile, read_case_file
from harness.errors import BackendUnavailableError, BookError, CaseFileError, HarnessError
from harness.page import report
from harness.protocol_schema import protocol_schema
from harness.schema import book_file_schema, case_file_schema
from harness.settings import Overrides, interpreters_of, read_settings


@click.group()
@click.version_option(__version__, prog_name="backend-matrix")
def main() -> None:
    """Does this extension module do the same thing on every interpreter?  (The runs are pytest's.)"""


for each in (reproduce, report_issue, bisect, repeat, report):
    main.add_command(each)


@main.command("backends")
def list_backends() -> None:
    """List the backends that are installed."""
    for name in backends.names():
        click.echo(name)


@main.command()
@click.argument("name", required=False)
@click.option("--offline", is_flag=True, help="get no interpreter that the machine lacks")
@click.option("--list", "listing", is_flag=True, help="list the interpreters that were got")
@click.option("--remove", metavar="NAME", help="remove an interpreter that was got, such as cpython-3.14")
def prepare(name: str | None, offline: bool, listing: bool, remove: str | None) -> None:
    """Provide the backend NAME now: find its interpreter, get it, or build it.

    CPythons that the machine lacks are got and kept in the cache.  RustPython's host takes some minutes to build.
    """
    from harness.backends import provisioning

    if listing:
        provisioning.tell_all(click.echo)
    elif remove is not None:
        _remove(remove)
    elif name is None:
        raise click.UsageError("name a backend, such as cpython, or give --list or --remove NAME")
    else:
        provisioning.forget_failures()
        click.echo(f"{name}: {_describe(name, offline=offline)}")


def _remove(name: str) -> None:
    from harness.backends import provisioning

    version = backends.version_named(name)
    if version is None:
        raise click.UsageError(f"--remove {name}: write cpython-X.Y, such as cpython-3.14; --list says what there is")
    if not provisioning.remove(version, _progress):
        click.echo(f"{name}: nothing was got", err=True)
        sys.exit(1)
    click.echo(f"{name}: removed")


@main.command()
@click.argument("of", type=click.Choice(["case-files", "book", "protocol"]), default="case-files")
def schema(of: str) -> None:
    """Print the JSON Schema of case files, of the book of known divergences, or of the protocol of workers."""
    made = {"case-files": case_file_schema, "book": book_file_schema, "protocol": protocol_schema}[of]
    click.echo(json.dumps(made(), indent=2))


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), required=True)
def check(files: tuple[Path, ...]) -> None:
    """Check case files, and the book about them: say what is wrong, with file, line and column."""
    failed = False
    read = []
    for path in files:
        try:
            read.append(read_case_file(path))
            click.echo(f"{path}: {len(read[-1].cases)} cases")
        except CaseFileError as error:
            click.echo(str(error), err=True)
            failed = True
    for problem in () if failed else problems_of_book(read):
        click.echo(problem, err=True)
        failed = True
    if failed:
        sys.exit(CaseFileError.exit_code)


def problems_of_book(read: list[CaseFile]) -> Iterator[str]:
    """Yield what is wrong with the book about case files; of their directories, none of which is left out."""
    given = {file.path.resolve(): file for file in read}
    for directory in sorted({file.path.parent for file in read}):
        try:
            # Of a case file that was not named only its cases' names are wanted.
            every = [given.get(path.resolve()) or read_case_file(path) for path in sorted(directory.glob(f"*{SUFFIX}"))]
            for backend in sorted({path.name.removesuffix(SUFFIX) for path in (directory / DIRECTORY).glob("*")}):
                check_book(Book([directory]), every, [backend])
        except (BookError, CaseFileError) as error:
            yield str(error)


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


@main.command("check-backend")
@click.argument("name")
@click.option("--backend", multiple=True, metavar="NAME=PATH", help="the interpreter of a backend")
@click.option("--timeout-s", type=click.FloatRange(min=0, min_open=True), default=10.0, help="for one program")
def check_backend(name: str, backend: tuple[str, ...], timeout_s: float) -> None:
    """Check a backend's workers against the protocol, a line for each promise (docs/protocol.md)."""
    from harness.check_backend import command

    progress = lambda line: click.echo(f"  {line}", err=True)  # noqa: E731
    try:
        paths = interpreters_of(backend)
        found = backends.provide(name, Request(paths.get(name), progress))
    except HarnessError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    click.echo(f"{name}: {found.description}")
    passed = command.tell(name, command.check_backend(name, found.command, timeout_s=timeout_s), click.echo)
    sys.exit(0 if passed else 1)


def _progress(line: str) -> None:
    click.echo(f"  {line}", err=True)


def _describe(name: str, *, offline: bool) -> str:
    try:
        backend = backends.provide(name, Request(None, _progress, offline=offline))
        if backend.notice:
            click.echo(backend.notice, err=True)
            sys.exit(BackendUnavailableError.exit_code)
        return backend.description
    except HarnessError as error:
        click.echo(f"{name}: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
