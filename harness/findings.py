"""Findings: a divergence with its program, its identity, and what the book says of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from harness.blame import Blame
from harness.book.entries import Entry
from harness.book.matching import other_matches, parts_match
from harness.codec import decode
from harness.observation import Divergence, Hung, Observation, Raised, Wire
from harness.past import NOTHING_BEFORE, Past
from harness.program import CONTEXTS, Observe, Program, Step
from harness.render import render_program
from harness.strategies import fixed_program

_SUBSCRIPT = re.compile(r"""\[(?:-?\d+|True|False|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]""")

HUNG = "hung"
CRASHED = "crashed ("
"""How a part begins that says what a worker died of."""

Identity = tuple[str, str]
"""Kind and place: what makes two findings of one case the same finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A program on which two backends differ, both observations of every step, and what both had executed before.

    ``further`` are the other divergences of the step that diverged; the steps after it are not judged.
    """

    program: Program
    reference: tuple[Observation, ...]
    other: tuple[Observation, ...]
    divergence: Divergence
    pasts: tuple[Past, Past] = field(default=(NOTHING_BEFORE, NOTHING_BEFORE), compare=False, repr=False)
    further: tuple[Divergence, ...] = ()

    @property
    def each(self) -> Iterator[Finding]:
        """This finding, and one for every further divergence of its step."""
        yield self
        for divergence in self.further:
            yield replace(self, divergence=divergence, further=())

    @property
    def identity(self) -> Identity:
        """Which finding of its case this is."""
        return self.divergence.kind, self.place + crash_of(self.divergence)

    @property
    def bare(self) -> Identity:
        """The same, wherever the call was made."""
        return self.divergence.kind, place_of(self.program, self.divergence) + crash_of(self.divergence)

    @property
    def place(self) -> str:
        """Where the difference is, without what a worker died of: that may change with every build."""
        return " ".join(filter(None, (place_of(self.program, self.divergence), CONTEXTS[self.program.context])))


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding that was run again in fresh workers.

    ``flaky`` says what varied, and is empty if the finding stands; ``blame`` is None if nobody was asked.
    ``skew`` says why it cannot be told from a difference between versions of Python, and is empty if it can.
    """

    finding: Finding
    flaky: str = ""
    blame: Blame | None = None
    skew: str = ""


def place_of(program: Program, divergence: Divergence) -> str:
    """Return the operation and the path in its result, such as ``Account.deposit()[…].args``.

    Positions and keys are left out, because they say which example it was and not which difference.
    """
    if ended_a_worker(divergence) and len(program.steps) > 1:
        # Which step it was is not known of a worker that is gone; the smallest program ends with it.
        return "program"
    return describe_operation(program.steps[divergence.step]) + _SUBSCRIPT.sub("[…]", divergence.path)


def ended_a_worker(divergence: Divergence) -> bool:
    """Say whether a worker died of it or hung."""
    parts = (divergence.reference, divergence.other)
    return divergence.kind == "outcome" and any(str(each).startswith(("crashed", "hung")) for each in parts)


def hung(divergence: Divergence) -> bool:
    """Say whether one backend hung and the other did not."""
    return divergence.kind == "outcome" and HUNG in (divergence.reference, divergence.other)


def presumed(finding: Finding) -> bool:
    """Say whether a backend is only presumed to hang: it did not get its whole time."""
    ends = (each.outcome for each in (*finding.reference, *finding.other))
    return any(isinstance(each, Hung) and each.presumed for each in ends)


def crash_of(divergence: Divergence) -> str:
    """Return what a crash adds to its place: two bugs in one function are two findings."""
    parts = (divergence.reference, divergence.other)
    crashes = [each for each in parts if divergence.kind == "outcome" and str(each).startswith(CRASHED)]
    return f" {' and '.join(crashes)}" if crashes else ""


def without_crash(place: str) -> str:
    """Return the place of an identity without what a worker died of."""
    return re.sub(rf" {re.escape(CRASHED)}.*?\)(?= |$)", "", place)


def describe_operation(step: Step) -> str:
    """Return a step's operation without its operands: ``add_i64()``, ``.deposit()``, ``operator add``."""
    match step.kind:
        case "call":
            return f"{step.name}()"
        case "method":
            return f".{step.name}()"
        case "get":
            return f".{step.name}"
        case "set":
            return f".{step.name} ="
        case "delete":
            return f"del .{step.name}"
        case "surface":
            return f"{step.name} of {step.target or 'the module'}"
        case "iterate" | "forget" | "apply" | "unpack" | "pickle" | "collect":
            return step.kind
        case _:
            return f"{step.kind} {step.name}"


EXAMPLES_LIMIT = 200
"""How many examples of one finding are kept, from which its entry in the book is made."""


class Known:
    """What the book says of one case on one backend: entries whose witnesses are replayed there, and others.

    Of ``inapplicable`` ones the backend does not meet the conditions.
    ``matched`` counts what each entry covered, ``rates`` says how often the witness of an intermittent one showed in
    how many replays, and ``unknown`` holds what differed in findings that no entry covers.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        observe: tuple[Observe, ...] = (),
        elsewhere: Sequence[Entry] = (),
        inapplicable: Sequence[Entry] = (),
    ) -> None:
        self.entries = tuple(entries)
        self.inapplicable = tuple(inapplicable)
        self.matched: Counter[Entry] = Counter()
        self.rates: dict[Entry, tuple[int, int]] = {}
        self.unknown: dict[Identity, set[tuple[str, str]]] = {}
        self.observe = observe
        self.elsewhere = tuple(elsewhere)

    def program_of(self, entry: Entry, module: str) -> Program:
        """Return the program that shows an entry's divergence, and what it comes after."""
        # A leak is looked for in any case whose worker has grown.
        memory: tuple[Observe, ...] = ("memory",) if entry.kind == "leak" and "memory" not in self.observe else ()
        spec = entry.spec
        program = fixed_program(spec.witness, module, context=spec.context, observe=self.observe, after=spec.after)
        return replace(program, observe=(*self.observe, *memory))

    @property
    def hangs(self) -> bool:
        """Whether an entry says that the other backend hangs."""
        return any(map(tells_of_a_hang, (*self.entries, *self.elsewhere)))

    def knows(self, finding: Finding) -> bool:
        """Say whether an entry covers a finding; nothing is counted."""
        return any(covers(entry, finding) for entry in (*self.entries, *self.elsewhere))

    def knows_answer(self, finding: Finding) -> bool:
        """Say whether an entry has the other backend's answer at the place, whatever the reference answers there."""
        return any(covers(entry, finding, any_reference=True) for entry in (*self.entries, *self.elsewhere))

    def entry_for(self, finding: Finding) -> Entry | None:
        """Return the first entry that covers a finding, and count it; or None, and keep what differs."""
        entry = next((entry for entry in (*self.entries, *self.elsewhere) if covers(entry, finding)), None)
        if entry is not None:
            self.matched[entry] += 1
            return entry
        seen = self.unknown.setdefault(finding.bare, set())
        if len(seen) < EXAMPLES_LIMIT:
            seen.add(told_parts(finding))
        return None


def tells_of_a_hang(entry: Entry) -> bool:
    """Say whether an entry is about programs on which the other backend hangs."""
    spec = entry.spec
    return spec.kind == "outcome" and spec.other is not None and re.search(spec.other, HUNG) is not None


def covers(entry: Entry, finding: Finding, *, any_reference: bool = False) -> bool:
    """Say whether a finding is the one that an entry records: its kind, place, what differs, and the program.

    A place without a context is that place in every context, and one without a crash that with any.  With
    ``any_reference`` only the other backend's part must be the one that the entry names.
    """
    kind, place = finding.identity
    places = place, finding.bare[1], finding.place, place_of(finding.program, finding.divergence)
    spec = entry.spec
    return (
        spec.kind == kind
        and any(place_matches(spec.place, each) for each in places)
        and (
            spec.other is not None and other_matches(spec.other, told_parts(finding)[1])
            if any_reference
            else parts_match(spec.reference, spec.other, told_parts(finding))
        )
        and (spec.where is None or re.search(spec.where, render_program(finding.program)) is not None)
    )


def told_parts(finding: Finding) -> tuple[str, str]:
    """Return the differing parts as the texts that an entry's patterns are held against."""
    divergence = finding.divergence
    return (
        _told(divergence.reference, finding.reference, divergence),
        _told(divergence.other, finding.other, divergence),
    )


def _told(part: Wire, observations: Sequence[Observation], divergence: Divergence) -> str:
    """Return a part as text, and of an outcome that was raised also the exception."""
    if divergence.kind == "outcome" and part == "raised":
        outcome = observations[min(divergence.step, len(observations) - 1)].outcome
        return f"raised {text_of(outcome.exception)}" if isinstance(outcome, Raised) else part
    return text_of(part)


def text_of(part: Wire) -> str:
    """Return a text as it is, an exception as its type and text, and anything else as JSON."""
    if isinstance(part, str):
        return part
    match part:
        case ["u", [*_]]:
            return str(decode(part))
        case ["e", str(name), _, dict(details)]:
            return f"{name}: {text_of(details.get('str'))}"
    return msgspec.json.encode(part).decode()


def place_matches(recorded: str, place: str) -> bool:
    """Say whether a place is the recorded one, in which a ``*`` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, recorded.split("*"))), place, re.DOTALL) is not None
