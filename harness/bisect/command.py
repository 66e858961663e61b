"""The command ``backend-matrix bisect``."""

from __future__ import annotations

import sys
from typing import get_args

import click
from packaging.version import Version

from harness.acting.commands import with_finding
from harness.acting.running import extension_of
from harness.acting.stored import StoredFinding
from harness.backends.versions import PARTS
from harness.bisect.asking import ask
from harness.bisect.search import Answer, Tried, describe_search, describe_tried, search, versions_between
from harness.errors import FindingError
from harness.matrix import Matrix
from harness.settings import Settings


@click.command()
@with_finding
@click.option("--part", type=click.Choice(sorted(PARTS)), required=True, help="what has versions")
@click.option("--good", metavar="VERSION", required=True, help="a released version of it without the finding")
@click.option("--bad", metavar="VERSION", required=True, help="a released version of it with the finding")
@click.option(
    "--otherwise",
    type=click.Choice(get_args(Answer)),
    default="skip",
    show_default=True,
    help="what a version counts as in which the program differs in another way",
)
def bisect(found: StoredFinding, settings: Settings, *, part: str, good: str, bad: str, otherwise: Answer) -> None:
    """Say in which released version of a part a finding appeared, by building those between two of them."""
    matrix = Matrix(settings, lambda line: click.echo(f"  {line[:76]}", err=True))
    chosen = PARTS[part]
    extension = extension_of(found, matrix)
    if extension.installed is not None:
        raise FindingError(f"{extension.name} is installed and not compiled here; there is nothing to build anew")
    versions = versions_between(chosen.released(extension, matrix.progress), good, bad, part)
    width = max(map(len, versions))
    click.echo(f"{found.name}: {found.record.kind} at {found.record.place} on {found.event.backend}")
    click.echo(f"{len(versions)} released versions of {part} from {good} to {bad}\n")

    def told(version: str) -> Tried:
        tried = ask(version, chosen, extension, found, matrix, otherwise=otherwise)
        click.echo(describe_tried(tried, width))
        return tried

    result = search(versions, told)
    click.echo(f"\n{describe_search(result, what=part, forwards=Version(good) < Version(bad))}")
    if result.problem:
        sys.exit(FindingError.exit_code)
