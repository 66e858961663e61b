"""Run a run again from its log, and say what came out otherwise."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import msgspec

from harness.errors import HarnessError, LogError
from harness.eventlog import LOG_NAME, BackendEvent, Event, Footer, Header, ItemEvent, read_events

DIFFERENT = 1
"""The exit code where something came out otherwise."""


@click.command()
@click.argument("log", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--print", "only_print", is_flag=True, help="print the command that does it, and do nothing")
def repeat(log: Path, *, only_print: bool) -> None:
    """Run again what LOG is of, with its seed, in the directory where it was run; say what came out otherwise."""
    try:
        before = read_log(log)
        if only_print:
            click.echo("pytest " + shlex.join(arguments_of(before)))
            return
        with tempfile.TemporaryDirectory() as results:
            argv = [sys.executable, "-m", "pytest", *arguments_of(before), f"--matrix-results={results}", "-q"]
            done = subprocess.run(argv, check=False)
            after = read_log(Path(results) / LOG_NAME)
        lines = list(differences(before, after))
    except HarnessError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    if done.returncode != _ended(before).exit_code:
        lines.append(f"the exit code was {_ended(before).exit_code} and is {done.returncode}")
    for line in lines:
        click.echo(line)
    click.echo(f"{log}: {f'{len(lines)} things came out otherwise' if lines else 'the same again'}")
    sys.exit(DIFFERENT if lines else 0)


def read_log(path: Path) -> list[Event]:
    """Return the events of a whole log.  Raises: LogError -- it is none, or its run did not end."""
    try:
        events: list[Event] = list(read_events(path))
    except (OSError, msgspec.DecodeError) as error:
        raise LogError(f"{path}: is no event log that can be read: {error}") from None
    if not events or not isinstance(events[0], Header) or not isinstance(events[-1], Footer):
        raise LogError(
            f"{path}: has no header, or no footer: its run did not end, and half of one cannot be compared; "
            f"what it had found is there all the same: backend-matrix reproduce NAME --log {path}"
        )
    return events


def arguments_of(events: Iterable[Event]) -> list[str]:
    """Return pytest's arguments that make the same run: those it had, and its seed, which may have been chance."""
    header = next(each for each in events if isinstance(each, Header))
    return [*header.arguments, f"--hypothesis-seed={header.seed}"]


def differences(before: list[Event], after: list[Event]) -> Iterator[str]:
    """Yield a line for whatever came out otherwise: versions and what was built, then items, then their findings."""
    yield from _other_versions(before, after)
    items = [{each.item: each for each in events if isinstance(each, ItemEvent)} for events in (before, after)]
    for name in sorted(items[0].keys() | items[1].keys()):
        first, second = (each.get(name) for each in items)
        if first is None or second is None:
            yield f"{name}: {'is new' if first is None else 'was not run'}"
            continue
        if first.verdict != second.verdict:
            yield f"{name}: was {first.verdict} and is {second.verdict}"
        found = [{f"{each.kind} at {each.place}": each.text for each in item.findings} for item in (first, second)]
        for told in sorted(found[0].keys() | found[1].keys()):
            texts = [each.get(told) for each in found]
            if texts[0] != texts[1]:
                word = "gone" if texts[1] is None else "new" if texts[0] is None else "told by another program"
                yield f"{name}: {told}: {word}"


def _other_versions(before: list[Event], after: list[Event]) -> Iterator[str]:
    facts = [
        {each.facts.name: each.facts for each in events if isinstance(each, BackendEvent)} for events in (before, after)
    ]
    for name in sorted(facts[0].keys() & facts[1].keys()):
        first, second = (each[name] for each in facts)
        if first.versions != second.versions:
            yield f"{name}: was {_versions(first.versions)} and is {_versions(second.versions)}"
        for extension in sorted(first.built.keys() & second.built.keys()):
            if first.built[extension] != second.built[extension]:
                yield f"{extension} is compiled from other sources for {name}"


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {text}" for name, text in versions.items())


def _ended(events: list[Event]) -> Footer:
    footer = events[-1]
    assert isinstance(footer, Footer), "a whole log ends with its footer"
    return footer
