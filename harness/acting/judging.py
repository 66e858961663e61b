"""What a reproducer prints of the step that differs: what Python itself shows of it, where that tells it apart."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.acting.objects import Names, indented
from harness.acting.steps import Writing, kept
from harness.codec import decode
from harness.observation import Wire
from harness.program import Program

SIMPLE_TAGS = frozenset(("scalar", *"iubBcfltdrxENT"))
PLAIN_EXCEPTION_KINDS = ("exception-type", "exception-message")
EXCEPTION_PARTS = {
    ("exception-context", ".__context__"): "'context', type(error.__context__), repr(str(error.__context__))",
    ("exception-cause", ".__cause__"): "'cause', type(error.__cause__), repr(str(error.__cause__))",
    ("exception-context", ".__suppress__"): "'suppress_context', error.__suppress_context__",
    ("exception-notes", ".__notes__"): "'notes', repr(getattr(error, '__notes__', None))",
    ("exception-bases", ".__bases__"): "'bases', type(error).__mro__",
}
"""What to print of an exception beside its type and text, by the kind of difference and the path to it."""
_ADDRESS = re.compile("0x[0-9a-fA-F]{4,}")
NOT_SHOWN = "<not shown"
"""How the worker begins what stands for something that raised when it was looked at."""

Seen = Sequence[Mapping[str, Any]]
"""The observations of a program's steps as the event log has them."""


@dataclass(frozen=True, slots=True)
class Differing:
    """What a finding differs in: the step, its kind, the path to it, and what each backend let us see."""

    step: int
    kind: str
    path: str
    reference: Seen
    other: Seen

    @property
    def observed(self) -> list[Mapping[str, Any]]:
        """What both let us see of the differing step; of a program that ended its worker there is one for all."""
        return [seen[min(self.step, len(seen) - 1)] for seen in (self.reference, self.other)]

    @property
    def early(self) -> bool:
        """Whether a process ended of what was left behind, before the program began."""
        return any(each.get("early", False) for each in (*self.reference, *self.other))

    @property
    def binds(self) -> bool:
        """Whether the arguments of the differing step must have names, to be looked at after the call."""
        return self.kind in ("argument", "identity")

    def raised(self, number: int) -> bool | None:
        """Say whether an earlier step raised; None if nobody knows, because every worker died or hung."""
        for seen in (self.reference, self.other):
            if number < len(seen) and seen[number]["outcome"] in ("returned", "raised"):
                return bool(seen[number]["outcome"] == "raised")
        return None


@dataclass(slots=True)
class Judging:
    """The differing step being written; ``shows`` says that a function of our own has to show values."""

    program: Program
    differing: Differing
    names: Names
    shows: bool = False

    def lines(self, write: Writing, statements: list[str], result: str | None) -> list[str]:
        """Return the lines that do the step, as it was written, and print what tells the difference."""
        kind, name = self.differing.kind, f"r{self.differing.step}"
        done = kept(statements, result, self.differing.step)
        told = [f'print("returned", {self._shown(name)})' if result is not None else 'print("returned")']
        if result is not None and kind == "identity":
            told += self._same(name, write)
        if result is not None and kind == "equality":
            told += self._equality(name)
        raised = self._raised()
        lines = ["try:", *indented(done), "except BaseException as error:", *indented([raised]), "else:"]
        return [*lines, *indented(told), *self._afterwards(write)]

    def _afterwards(self, write: Writing) -> list[str]:
        """Return the lines that print what the step left behind."""
        number = self.differing.step
        match self.differing.kind:
            case "argument":
                self.shows = True
                return [f'print("{each} is now", show({text}))' for each, text in write.bound_names()]
            case "results":
                self.shows = True
                numbers = sorted(
                    {key for seen in self.differing.observed for key in seen["effects"].get("results", {})}
                )
                return [f'print("r{each} is now", show(r{each}))' for each in numbers]
            case "pickled" if self.program.steps[number].kind == "pickle":
                protocol = self.program.steps[number].count
                return [f'print("pickled as", pickle.dumps({write.operands[0]}, {protocol}))']
            case "handled":
                return ['print("left for sys.exc_info():", repr(sys.exc_info()[1]))']
        return []

    def _shown(self, name: str) -> str:
        """Return what to print of a result: as Python shows it, where that tells the difference."""
        values = [seen["value"] for seen in self.differing.observed if seen["outcome"] == "returned"]
        if self.program.steps[self.differing.step].kind == "surface":
            return f"type({name}), {self._masked(f'repr({name})')}"
        if self.differing.kind not in ("identity", "state") and _told_by_repr(values):
            return f"type({name}), {self._masked(f'repr({name})')}"
        self.shows = True
        return self._masked(f"show({name})")

    def _raised(self) -> str:
        kind, path = self.differing.kind, self.differing.path
        told = f'print("raised", type(error), {self._masked("repr(str(error))")}'
        exceptions = [seen["exception"] for seen in self.differing.observed if seen["outcome"] == "raised"]
        has_text = not any(str(each[3].get("str")).startswith(NOT_SHOWN) for each in exceptions)
        if has_text and (not kind.startswith("exception-") or (kind in PLAIN_EXCEPTION_KINDS and not path)):
            return f"{told})"
        if has_text and (kind, path) in EXCEPTION_PARTS:
            return f"{told}, {EXCEPTION_PARTS[kind, path]})"
        self.shows = True
        self.names.helpers.add("show_exception")
        return f'print("raised", {self._masked("show_exception(error)")})'

    def _masked(self, text: str) -> str:
        """Return an expression of a text, without the addresses that this one has."""
        if not _ADDRESS.search(json.dumps(self.differing.observed)):
            return text
        self.names.helpers.add("masked")
        return f"masked({text})"

    def _same(self, name: str, write: Writing) -> list[str]:
        earlier = [(f"r{number}", f"r{number}") for number in range(self.differing.step)]
        return [f'print("is {each}:", {name} is {text})' for each, text in (*write.bound_names(), *earlier)]

    def _equality(self, name: str) -> list[str]:
        self.names.helpers.add("answer")
        numbers = sorted({key for seen in self.differing.observed for key in seen["effects"].get("equality", {})})
        return [
            f'print("== r{each}:", answer(lambda: {name} == r{each}), "hashes alike:", '
            f"answer(lambda: hash({name}) == hash(r{each})))"
            for each in numbers
        ]


def _told_by_repr(values: Sequence[Wire]) -> bool:
    """Say whether Python's own text of these values tells them from each other, the same in every process."""
    if not set().union(*map(tags_in, values)) <= SIMPLE_TAGS:
        return False
    told = {(type(value), repr(value)) for value in map(decode, values)}
    return len(told) == len({json.dumps(value) for value in values})


def tags_in(seen: Any) -> set[str]:
    """Return the tags of every value in an observation; "scalar" for what JSON has itself."""
    tags: set[str] = set()
    waiting = [seen]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting.extend(each.values())
        elif isinstance(each, (list, tuple)):
            if each and isinstance(each[0], str):
                tags.add(each[0])
            waiting.extend(each)
        else:
            tags.add("scalar")
    return tags
