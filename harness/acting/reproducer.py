"""The standalone script of a stored finding: what it says of itself, and its program."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from harness.acting.judging import Differing
from harness.acting.replay import in_one_word, replay_of
from harness.acting.script import script_of
from harness.acting.stored import StoredFinding
from harness.report.failure import describe_observation

CALL_FOR = "Run it with each interpreter, and give the directory of the extension as it was compiled for it"


def reproducer_of(found: StoredFinding) -> str:
    """Return the source of a script that shows a finding with the backend's interpreter and the extension alone."""
    record = found.record
    differing = Differing(record.step, record.kind, record.path, record.reference, record.other)
    caller = found.caller
    return script_of(
        found.program,
        differing,
        about=[docstring_text(each) for each in _about(found)],
        caller=caller.path if caller else "",
    )


def replay_command(found: StoredFinding, *, whole: bool) -> str:
    """Return the command that runs just this program again; the whole of it needs no log, and works anywhere."""
    replay = replay_of(found, anywhere=True)
    where = ["--auto=PATH"] if whole and replay.is_automatic and not replay.extension else []
    return shlex.join(
        ["pytest", "--backend-matrix", f"--replay={in_one_word(replay) if whole else found.name}", *where]
    )


def _about(found: StoredFinding) -> Iterator[str]:
    record = found.record
    reference, other = (name for name, _ in found.differing)
    yield f"{record.place}: {record.kind} on {other} is not what it is on {reference}."
    yield ""
    yield from side_by_side(found)
    yield ""
    if found.other_site is None:
        yield f"{CALL_FOR}:"
    else:
        yield f"{CALL_FOR},"
        yield f"then that of {found.other_site.path}, which calls callbacks:"
    yield ""
    yield f"    INTERPRETER {found.name}.py SITE{' SITE' * (found.other_site is not None)}"
    yield f"    backend-matrix reproduce {found.name} --run      (both, one after the other)"
    yield ""
    yield "In a checkout of the cases, without any log:"
    yield ""
    yield f"    {replay_command(found, whole=True)}"


def side_by_side(found: StoredFinding) -> Iterator[str]:
    """Yield the lines of what each backend let be seen of the step that differs."""
    width = max(len(name) for name, _ in found.differing)
    for name, observation in found.differing:
        first, *rest = describe_observation(observation)
        yield f"    {name:<{width}}  {first}"
        yield from (f"    {'':<{width}}  {line}" for line in rest)


def docstring_text(line: str) -> str:
    """Return a line as it can stand in a docstring."""
    return line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').rstrip()
