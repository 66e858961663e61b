"""One run as a page of HTML: who took part, what came of each extension on each backend, and every finding.  Pure.

All that comes from a worker, an extension or a case file is text on it: the template escapes whatever it is given, and
what no page can hold is written as Python escapes it.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import jinja2

from harness.acting.stored import StoredFinding, findings_in
from harness.blame import Touched
from harness.eventlog import BackendEvent, BackendFacts, BlameRecord, Event, Footer, Header, ItemEvent
from harness.report.blaming import describe_touched, touched_of
from harness.report.failure import describe_observation, differing_parts
from harness.report.junit import printable
from harness.unfinished import doubt_of, with_unfinished

TEXT_LIMIT = 4000
"""How many characters of one text are shown; the event log has all of it."""

GOOD, EXPECTED, BAD, ASIDE = "good", "expected", "bad", "aside"
LOOKS = {"agree": GOOD, "known": EXPECTED, "skew": ASIDE, "unsupported": ASIDE}
"""How a verdict looks; one that is not here asks for somebody."""


@dataclass
class Cell:
    """What came of one extension on one backend: items by verdict, and the examples drawn for them."""

    verdicts: Counter[str] = field(default_factory=Counter)
    examples: int = 0

    @property
    def look(self) -> str:
        """The look of the worst verdict."""
        looks = {look_of(verdict) for verdict in self.verdicts}
        return next((look for look in (BAD, EXPECTED, GOOD, ASIDE) if look in looks), ASIDE)


@dataclass
class Page:
    """What the template shows."""

    header: Header | None = None
    footer: Footer | None = None
    backends: list[BackendFacts] = field(default_factory=list)
    items: list[ItemEvent] = field(default_factory=list)
    findings: dict[str, list[StoredFinding]] = field(default_factory=dict)
    """The findings of each item that has any."""

    @property
    def compared(self) -> list[str]:
        """The backends that items are of, in the order of the settings."""
        named = [] if self.header is None else list(self.header.backends)
        return [each for each in dict.fromkeys([*named, *(item.backend for item in self.items)]) if self._has(each)]

    @property
    def rows(self) -> dict[str, dict[str, Cell]]:
        """For each case file, or extension without one, a cell for each backend that it has items of."""
        rows: dict[str, dict[str, Cell]] = {}
        for item in self.items:
            cell = rows.setdefault(item.file or item.extension, {}).setdefault(item.backend, Cell())
            cell.verdicts[item.verdict] += 1
            cell.examples += item.examples
        return rows

    @property
    def verdicts(self) -> Counter[str]:
        """How many items have which verdict."""
        return Counter(item.verdict for item in self.items)

    @property
    def waiting(self) -> list[ItemEvent]:
        """The items that ask for somebody, those of one verdict together."""
        return sorted((item for item in self.items if look_of(item.verdict) == BAD), key=lambda item: item.verdict)

    @property
    def skewed(self) -> list[ItemEvent]:
        """The items with differences that versions of Python may explain."""
        return [item for item in self.items if item.skewed]

    @property
    def known(self) -> list[ItemEvent]:
        """The items that differ as the book says."""
        return [item for item in self.items if item.known]

    def _has(self, backend: str) -> bool:
        return any(item.backend == backend for item in self.items)


def look_of(verdict: str) -> str:
    """Return how a verdict looks."""
    return LOOKS.get(verdict, BAD)


def page_of(events: Iterable[Event]) -> Page:
    """Return what is to be shown of a log, whether it has a footer or not."""
    page = Page()
    kept = list(with_unfinished(events))
    for event in kept:
        match event:
            case Header():
                page.header = event
            case BackendEvent():
                page.backends.append(event.facts)
            case ItemEvent():
                page.items.append(event)
            case Footer():
                page.footer = event
    for found in findings_in(kept):
        page.findings.setdefault(found.event.item, []).append(found)
    return page


def html_of(events: Iterable[Event]) -> str:
    """Return the page of a log, whole: it needs no other file."""
    return _template().render(page=page_of(events))


def shown(text: object, limit: int = TEXT_LIMIT) -> str:
    """Return a text as the page has it: what HTML cannot hold is escaped as in Python, and what is too long is cut."""
    told = str(text)
    cut = f" [... {len(told) - limit} characters more]" if len(told) > limit else ""
    return printable(told[:limit]) + cut


def _answers(found: StoredFinding) -> list[tuple[str, str]]:
    """Return what each of the two backends did in the step that differs, with its name."""
    return [(name, "\n".join(describe_observation(seen))) for name, seen in found.differing]


def _parts(found: StoredFinding) -> tuple[str, str]:
    """Return what differs, as each of the two has it."""
    record = found.record
    return differing_parts(record.kind, record.reference_part, record.other_part)


def _touched(blame: BlameRecord) -> list[str]:
    """Return what is told of the host, if anybody looked."""
    touched = touched_of(blame)
    return [] if touched == Touched() else [line.strip() for line in describe_touched(touched)]


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Whatever is put into the page goes through it, so that nothing is forgotten.
        finalize=_finalized,
    )
    filters: dict[str, Callable[..., object]] = {
        "look": look_of,
        "answers": _answers,
        "parts": _parts,
        "doubt_of": doubt_of,
        "touched": _touched,
    }
    environment.filters.update(filters)
    return environment.get_template("page.html.jinja")


def _finalized(value: object) -> object:
    return shown(value) if isinstance(value, str) else value
