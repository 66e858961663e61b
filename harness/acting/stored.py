"""Findings as the event log keeps them, by the short name that each has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness.codec import decode_program
from harness.errors import FindingError
from harness.eventlog import BackendEvent, BackendFacts, Caller, Event, FindingRecord, Header, ItemEvent, read_events
from harness.observation import Crashed, Hung, Observation, Outcome, Raised, Returned, Unsupported
from harness.program import Program
from harness.unfinished import with_unfinished

NAME_BYTES = 4
_OUTCOMES: dict[str, type[Outcome]] = {
    each.__name__.lower(): each for each in (Returned, Raised, Crashed, Hung, Unsupported)
}


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """One finding of a run, and what the run was made with."""

    header: Header
    backends: tuple[BackendFacts, ...]
    event: ItemEvent
    record: FindingRecord

    @property
    def name(self) -> str:
        """What the finding is called: :func:`finding_name`."""
        return finding_name(self.event.item, self.record.kind, self.record.place)

    @property
    def extension(self) -> str:
        """What it is about, as the item's file names it."""
        return self.record.extension or self.event.extension

    @property
    def program(self) -> Program:
        """The smallest program that shows it, and what it comes after."""
        return decode_program(self.record.program)

    @property
    def sides(self) -> tuple[tuple[str, tuple[Observation, ...]], ...]:
        """Name and observations of the reference, and of the other backend."""
        seen = (self.record.reference, self.record.other)
        names = (self.header.reference, self.event.backend)
        return tuple((name, tuple(map(observation_of, each))) for name, each in zip(names, seen))

    @property
    def differing(self) -> tuple[tuple[str, Observation], ...]:
        """The same of the step that differs; of a program that ended its worker there is one for all steps."""
        return tuple((name, seen[min(self.record.step, len(seen) - 1)]) for name, seen in self.sides)

    @property
    def caller(self) -> Caller | None:
        """What makes calls in a callback, if the project names it and the finding's programs make some there."""
        programs = (self.program, *self.program.after)
        return self.header.caller if any(each.context == "callback" for each in programs) else None

    @property
    def other_site(self) -> Caller | None:
        """The same, if it is of another extension than the one that the finding is about."""
        own = self.program.module.partition(".")[0]
        return self.caller if self.caller and self.caller.path.partition(".")[0] != own else None

    def facts(self, backend: str) -> BackendFacts | None:
        """Return what the log says of a backend."""
        return next((each for each in self.backends if each.name == backend), None)


def finding_name(item: str, kind: str, place: str) -> str:
    """Return the short name of a finding: of the same case, backend, kind and place it is the same in every run."""
    return hashlib.blake2b(f"{item}\0{kind}\0{place}".encode(), digest_size=NAME_BYTES).hexdigest()


def findings_in(events: Iterable[Event]) -> Iterator[StoredFinding]:
    """Yield every finding of a log, those of items too that did not come to their end."""
    header: Header | None = None
    backends: list[BackendFacts] = []
    for event in with_unfinished(events):
        match event:
            case Header():
                header = event
            case BackendEvent():
                backends.append(event.facts)
            case ItemEvent() if header is not None:
                for record in event.findings:
                    yield StoredFinding(header, tuple(backends), event, record)


def find(name: str, log: Path) -> StoredFinding:
    """Return the finding of a name, or of the beginning of one, in a log.

    Raises: FindingError -- there is no log, it is none, or it has no such finding; the text says which there are.
    """
    try:
        found = list(findings_in(read_events(log)))
    except FileNotFoundError:
        raise FindingError(f"{log}: no event log there; run pytest --backend-matrix, or name one with --log") from None
    except (OSError, msgspec.DecodeError) as error:
        raise FindingError(f"{log}: is no event log: {error}") from None
    named = [each for each in found if each.name.startswith(name)] if name else []
    if len({each.name for each in named}) == 1:
        (*_, wanted) = named
        if wanted.record.after and not wanted.program.after:
            raise FindingError(
                f"{log}: finding {wanted.name} shows only after other programs, of which this log, of an earlier "
                f"version, has the text alone; run {wanted.event.item} again"
            )
        return wanted
    shown = named or found
    told = "\n".join(f"  {each.name}  {each.event.item}: {each.record.kind} at {each.record.place}" for each in shown)
    what = f"{name!r} is the beginning of several findings:" if named else f"no finding is called {name!r}; it has"
    raise FindingError(f"{log}: {what}{f'{chr(10)}{told}' if told else ' none'}")


def observation_of(seen: dict[str, Any]) -> Observation:
    """Return the observation that the log has as a mapping."""
    fields = dict(seen)
    outcome, effects = fields.pop("outcome"), fields.pop("effects", {})
    kind = _OUTCOMES[outcome]
    if kind is Unsupported:
        fields["missing"] = tuple(fields["missing"])
    return Observation(kind(**fields), effects)
