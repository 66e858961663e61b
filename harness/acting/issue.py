"""The text of an issue report for a finding: what the log has of it, and nothing else.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from harness.acting.reproducer import reproducer_of
from harness.acting.stored import StoredFinding
from harness.eventlog import BlameRecord
from harness.report.failure import describe_observation, program_text
from harness.unfinished import UNCONFIRMED

NOT_BLAMED = "Nobody is blamed: no other backend was asked which of the two it sides with."
_PATH = re.compile(r" \((?:/|[A-Za-z]:\\)[^)]*\)")
"""A description's last words, which say where on this machine the interpreter lies."""


def issue_of(found: StoredFinding, outputs: Mapping[str, str] | None = None) -> str:
    """Return a report in Markdown; ``outputs`` is what the reproducer printed on each backend, if it was run."""
    return "\n".join(_lines(found, outputs or {})) + "\n"


def _lines(found: StoredFinding, outputs: Mapping[str, str]) -> Iterator[str]:
    record = found.record
    reference, other = (name for name, _ in found.differing)
    yield f"# {_code(record.place)} on {other}: {record.kind} is not what it is on {reference}"
    yield ""
    if record.flaky:
        unconfirmed = record.flaky in UNCONFIRMED
        yield f"It is not {'confirmed' if unconfirmed else 'the same in every run'}: {record.flaky}."
        yield ""
    yield from _fenced("python", program_text(found.program).split("\n"))
    yield ""
    if found.program.after:
        yield "It shows only after these programs, one after the other in the same process:"
        yield ""
        before = "\n\n".join(map(program_text, found.program.after))
        yield from _fenced("python", before.split("\n"))
        yield ""
    yield "What was seen of " + _step(found)
    for name, observation in found.differing:
        yield ""
        yield f"On {name}:"
        yield ""
        yield from _fenced("", list(describe_observation(observation)))
    yield ""
    yield "## Whose it is"
    yield ""
    yield from _blame(record.blame, reference, other)
    yield ""
    yield "## Versions"
    yield ""
    yield from _versions(found, (reference, other))
    yield ""
    yield "## Reproducer"
    yield ""
    yield from _fenced("python", reproducer_of(found).rstrip("\n").split("\n"))
    for name, output in outputs.items():
        yield ""
        yield f"It prints on {name}:"
        yield ""
        yield from _fenced("", output.rstrip("\n").split("\n"))


def _step(found: StoredFinding) -> str:
    step, steps = found.record.step, found.program.steps
    return "it:" if len(steps) == 1 else f"step {step} of {len(steps)}, counted from 0:"


def _blame(blame: BlameRecord | None, reference: str, other: str) -> Iterator[str]:
    if blame is None:
        yield NOT_BLAMED
        return
    suspects = f" ({'; '.join(blame.suspects)})" if blame.suspects else ""
    yield f"By the tool's vote: {blame.word}{f': {blame.note}' if blame.note else ''}{suspects}."
    sides = {"reference": f"as {reference}", "other": f"as {other}", "neither": "as neither of the two"}
    for vote in blame.votes:
        if vote.side in sides:
            yield f"- {without_path(vote.description)} does {sides[vote.side]}: {_code(vote.text)}"
    if blame.touched:
        how = "The program calls" if blame.called else "The extension imports"
        yield f"\n{how} these functions of the C-API, which the host supplies: {', '.join(blame.touched)}."
    elif blame.called and not blame.by_itself:
        yield "\nThe program calls none of the functions of the C-API that the host supplies."


def _versions(found: StoredFinding, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        facts = found.facts(name)
        if facts is None:
            yield f"- {name}: the log does not say"
            continue
        more = ", ".join(f"{part} {version}" for part, version in sorted(facts.versions.items()))
        yield f"- {name}: {without_path(facts.description)}{f' ({more})' if more else ''}"
    extension = found.extension
    bound = next((each for name in names if (each := _binding(found, name))), "")
    if extension:
        yield f"- extension {extension}{f', {bound}' if bound else ''}"
    tools = ", ".join(f"{tool} {version}" for tool, version in sorted(found.header.versions.items()))
    yield f"- found by backend-matrix {found.header.harness} on {found.header.started[:10]} ({tools})"


def _binding(found: StoredFinding, backend: str) -> str:
    facts = found.facts(backend)
    return facts.bindings.get(found.extension.rpartition("/")[2], "") if facts else ""


def without_path(description: str) -> str:
    """Return the description of a backend without the place where it lies on a machine."""
    return _PATH.sub("", description)


def _fenced(language: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield lines as a block of code; the fence is longer than any in it."""
    longest = max((len(each) for line in lines for each in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}{language}", *lines, fence)


def _code(text: str) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}"
