"""The page of HTML that a run leaves, and the command that makes it of any log."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click
import msgspec

from harness.errors import HarnessError, LogError, ReportError
from harness.eventlog import LOG_NAME, partial_of, read_events
from harness.report.html import html_of
from harness.settings import Overrides, read_settings

PAGE_NAME = "report.html"


def write_page(log: Path, path: Path) -> None:
    """Write the page of a log to its place, whole or not at all.

    Raises: OSError -- the page cannot be written; LogError -- there is no log, or a line of it is no event.
    """
    try:
        made = html_of(read_events(log))
    except FileNotFoundError:
        raise LogError(f"{log}: no event log there; run pytest --backend-matrix, or name one") from None
    except (OSError, msgspec.DecodeError) as error:
        raise LogError(f"{log}: is no event log: {error}") from None
    partial = partial_of(path)
    try:
        partial.write_text(made, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from None


@click.command()
@click.argument("log", required=False, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help=f"where it goes (otherwise {PAGE_NAME} beside the log)")
def report(log: Path | None, output: Path | None) -> None:
    """Write a run as a page of HTML; LOG is its event log, otherwise that of the last run here."""
    try:
        chosen = log or read_settings(Path.cwd(), Overrides()).results / LOG_NAME
        path = output or chosen.with_name(PAGE_NAME)
        write_page(chosen, path)
    except HarnessError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        click.echo(f"{error.filename}: cannot be written: {error.strerror}", err=True)
        sys.exit(ReportError.exit_code)
    click.echo(str(path))
