"""What a finding's program has to do with the host: it runs once more, on a backend that notes what is called."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.backends.base import Calls, Watch
from harness.blame import Touched
from harness.codec import decode
from harness.compare import compare
from harness.differential import observe_alone
from harness.errors import HarnessError
from harness.extensions import Extension
from harness.findings import Finding, Judged
from harness.lanes import Lane
from harness.matrix import Matrix
from harness.observation import Observation, Returned
from harness.program import Program, Step

NOT_NOTED = "its interpreter did not note what is called"
OTHERWISE = "it did something else when it was"


def touched_by(
    matrix: Matrix, name: str, extension: Extension, judged: Judged, rules: frozenset[str], *, timeout_s: float
) -> Touched | None:
    """Return what a finding's program has to do with the host of a backend; None if it has none.

    That is what a run of it shows in a worker without a past.  Where none can be watched it is what the extension
    imports, which is more.
    """
    backend = matrix.backend(name)
    if all(part.layer != "host" for part in backend.parts):
        return None
    imports = tuple(sorted(matrix.built(name, extension).wanted & backend.supplied))
    if backend.watch is None:
        return Touched(imports)
    with tempfile.TemporaryDirectory(prefix="backend-matrix-watch-") as directory:
        watch = backend.watch(Path(directory))
        try:
            lane = matrix.new_lane(name, extension, watch.variables)
            lane.timeout_s = timeout_s
            try:
                return _touched(lane, watch, judged, rules, backend.supplied)
            finally:
                lane.close()
        except (HarnessError, _UnwatchedError) as error:
            return Touched(imports, unwatched=str(error).partition("\n")[0])


@dataclass(frozen=True, slots=True)
class Watched:
    """What a program calls: functions of the C-API, by name, and whether its last step calls Python code."""

    called: frozenset[str]
    python_code: bool


def watched_calls(
    matrix: Matrix, name: str, extension: Extension, finding: Finding, rules: frozenset[str], *, timeout_s: float
) -> Watched | str:
    """Return what a finding's program calls on a backend, in a worker without a past; a text says why nobody saw it."""
    backend = matrix.backend(name)
    if backend.watch is None:
        return f"what it calls on {name} cannot be watched"
    with tempfile.TemporaryDirectory(prefix="backend-matrix-watch-") as directory:
        watch = backend.watch(Path(directory))
        try:
            lane = matrix.new_lane(name, extension, watch.variables)
            lane.timeout_s = timeout_s
            try:
                _, called, seen = _observed(lane, watch, finding, rules)
                # What is done once in a process, such as an import, is not done the second time.
                again = observe_alone(lane, finding.program)
                if compare(rules, reference=seen, other=again).divergence is None:
                    called = _taken(watch)
                python_code = _calls_python_code(lane, finding.program.steps[finding.divergence.step])
            finally:
                lane.close()
        except (HarnessError, _UnwatchedError) as error:
            return str(error).partition("\n")[0]
    return Watched(called.returned | called.passed_on, python_code)


def _calls_python_code(lane: Lane, step: Step) -> bool:
    """Say whether a step calls a function that the package around a native module has in Python."""
    if step.kind != "call":
        return False
    [seen] = observe_alone(lane, Program(lane.module, (Step("surface", "type", (step.name,)),)))
    return isinstance(seen.outcome, Returned) and "function" in re.split(r"\W", repr(decode(seen.outcome.value)))


class _UnwatchedError(Exception):
    """Why the notes say nothing of the program."""


def _touched(lane: Lane, watch: Watch, judged: Judged, rules: frozenset[str], supplied: frozenset[str]) -> Touched:
    finding = judged.finding
    imported, called, seen = _observed(lane, watch, finding, rules)
    functions = _own(called, supplied)
    if functions or not _has_to_do_with_classes(replace(finding, other=seen), _kinds(lane)):
        return Touched(functions, True, by_itself=called.by_itself)
    return Touched((), True, _own(imported, supplied), called.by_itself or imported.by_itself)


def _observed(
    lane: Lane, watch: Watch, finding: Finding, rules: frozenset[str]
) -> tuple[Calls, Calls, tuple[Observation, ...]]:
    """Return what the import calls, what the program calls, and what was seen of the program.

    Raises: _UnwatchedError -- nothing was noted, or the program did something else than when it was found.
    """
    lane.fresh()
    imported = _taken(watch)
    for program in finding.program.after:
        observe_alone(lane, program)
    seen = observe_alone(lane, finding.program)
    called = _taken(watch)
    if compare(rules, reference=finding.other, other=seen).divergence is not None:
        raise _UnwatchedError(OTHERWISE)
    return imported, called, seen


def _taken(watch: Watch) -> Calls:
    calls = watch.take()
    if calls is None:
        raise _UnwatchedError(NOT_NOTED)
    return calls


def _own(calls: Calls, supplied: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted((calls.returned | calls.passed_on) & supplied))


def _kinds(lane: Lane) -> Mapping[str, str]:
    """Return what the names in the extension are, as the surface tells."""
    lane.fresh()
    [seen] = observe_alone(lane, Program(lane.module, (Step("surface", "outline", ("",)),)))
    kinds: Mapping[str, str] = decode(seen.outcome.value) if isinstance(seen.outcome, Returned) else {}
    return kinds


def _has_to_do_with_classes(finding: Finding, kinds: Mapping[str, str]) -> bool:
    """Say whether a finding is of more than functions and builtin objects: of classes, or what is written of a name.

    Such things were made when the extension was imported, and are looked at without a call of what made them.
    """
    program = finding.program
    steps = [step for each in (*program.after, program) for step in each.steps]
    if any(
        step.kind in ("surface", "subclass") or (step.kind == "call" and not _is_function(step.name, kinds))
        for step in steps
    ):
        return True
    told = repr((steps, finding.reference, finding.other))
    # A function may hand out a class, or an instance of one, that it has had since the import.
    classes = {path.rpartition(".")[2] for path, kind in kinds.items() if kind == "class"}
    return f"{program.module.partition('.')[0]}." in told or any(
        re.search(rf"\b{re.escape(name)}\b", told) for name in classes
    )


def _is_function(name: str, kinds: Mapping[str, str]) -> bool:
    parts = name.split(".")
    holders = (".".join(parts[:length]) for length in range(1, len(parts)))
    return kinds.get(name) == "callable" and all(kinds.get(holder) == "module" for holder in holders)
