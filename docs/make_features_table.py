"""Write ``docs/pyo3-features.md``: each feature of PyO3, the cases that show it, and what they come to.

    python docs/make_features_table.py                             # writes the page
    python docs/make_features_table.py --check                     # exit status 1 if the page is out of date
    python docs/make_features_table.py --check results/events.jsonl   # or if that run came to anything else

``docs/pyo3-features.yaml`` is kept by hand: section -> feature -> cases, each ``FILE:CASE``, where a ``*`` in the
case's name stands for anything.  A case that does not exist is an error.  The verdict of a case is what the book
records: ``known`` if there is an entry for the backend, otherwise ``agree``; the event log of a run proves it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from harness.book.entries import Entry
from harness.book.reading import Book
from harness.cases import read_case_file
from harness.eventlog import Footer, ItemEvent, read_events

ROOT = Path(__file__).resolve().parent.parent
FEATURES = ROOT / "docs" / "pyo3-features.yaml"
PAGE = ROOT / "docs" / "pyo3-features.md"
BACKEND = "rustpython"

HEAD = """# PyO3's features on RustPython

Made by `docs/make_features_table.py` from `docs/pyo3-features.yaml` and the book; do not edit. A run of the
matrix fails where a verdict is not the one that stands here. {features} features, {cases} cases: {verdicts}.

- **agree**: RustPython does what CPython does, in all examples of a run, apart from what is known of it wherever an
  extension meets it (`cases/known/rustpython/everywhere.yaml`: most of it is seen in an `except` block or a
  `finally` only).
- **known**: it differs somewhere in the case; the number of recorded divergences follows, by the layer at fault.
  Their programs and reasons stand in `cases/known/rustpython/`. Everything else in the case agrees.

"""

Features = Mapping[str, Mapping[str, list[str] | str]]
Cases = Mapping[str, Sequence[Entry]]
"""Every case by ``FILE:CASE``, with what the book says of it alone."""


class FeaturesError(Exception):
    """The list of features is wrong."""


def expand(features: Features, cases: Cases) -> dict[str, dict[str, list[str] | str]]:
    """Return the features with every pattern replaced by the cases that it names.

    A text instead of a list says why there is no case.  Raises: FeaturesError -- a pattern names none.
    """
    expanded: dict[str, dict[str, list[str] | str]] = {}
    for section, entries in features.items():
        expanded[section] = {}
        for feature, patterns in entries.items():
            if isinstance(patterns, str):
                expanded[section][feature] = patterns
                continue
            found: list[str] = []
            for pattern in patterns:
                matching = [name for name in cases if fnmatchcase(name, pattern)]
                if not matching:
                    raise FeaturesError(f"{section}, {feature}: there is no case {pattern}")
                found += [name for name in matching if name not in found]
            if not found:
                raise FeaturesError(f"{section}, {feature}: no case shows it; name one, or say why there is none")
            expanded[section][feature] = found
    return expanded


def layers_of(known: Sequence[Entry]) -> dict[str, int]:
    """Return how many known divergences each layer is to blame for."""
    return dict(Counter(entry.spec.blame for entry in known))


def verdict_of(known: Sequence[Entry]) -> str:
    """Return the verdict that the book records."""
    return "known" if known else "agree"


def verdict_text(known: Sequence[Entry]) -> str:
    """Return a verdict with the layers of what is known."""
    layers = ", ".join(f"{number} {layer}" for layer, number in sorted(layers_of(known).items()))
    return f"known: {layers}" if layers else "agree"


def page(features: Features, cases: Cases) -> str:
    """Return the page.  Raises: FeaturesError -- a case does not exist."""
    expanded = expand(features, cases)
    lists = [found for entries in expanded.values() for found in entries.values() if not isinstance(found, str)]
    named = {name for found in lists for name in found}
    verdicts = [verdict_of(cases[name]) for name in named]
    text = HEAD.format(
        features=sum(map(len, expanded.values())),
        cases=len(named),
        verdicts=", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in sorted({*verdicts})),
    )
    for section, entries in expanded.items():
        text += f"## {section}\n\n| feature | case | verdict |\n| --- | --- | --- |\n"
        for feature, found in entries.items():
            if isinstance(found, str):
                text += f"| {feature} | | {found} |\n"
                continue
            for number, name in enumerate(found):
                text += f"| {'' if number else feature} | `{name}` | {verdict_text(cases[name])} |\n"
        text += "\n"
    return text.rstrip() + "\n"


def refuted(log: Path, cases: Cases) -> list[str]:
    """Return a line for each case that came to something else in a run than the book records.

    A case without entries of its own is known if it met one of those that hold everywhere.

    Raises: FeaturesError -- the run did not end.
    """
    events = list(read_events(log))
    if not events or not isinstance(events[-1], Footer):
        raise FeaturesError(f"{log} is of a run that did not end")
    lines = []
    for event in events:
        if isinstance(event, ItemEvent) and event.backend == BACKEND:
            name = f"{Path(event.item.partition('::')[0]).stem}:{event.case}"
            if name in cases and event.verdict not in ("known", verdict_of(cases[name])):
                lines.append(f"{name} is {event.verdict} in {log}, and {verdict_of(cases[name])} by the book")
    return lines


def all_cases() -> Cases:
    """Return every case, in the order of the files."""
    directory = ROOT / "cases"
    book = Book([directory])
    return {
        case.qualified: [each for each in book.of_file(path, BACKEND) if each.is_about(case.qualified, path)]
        for path in sorted(directory.glob("*.yaml"))
        for case in read_case_file(path).cases
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", nargs="?", type=Path, help="the event log of a run that must bear the page out")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if the page is out of date")
    options = parser.parse_args()
    cases = all_cases()
    try:
        new = page(yaml.safe_load(FEATURES.read_text(encoding="utf-8")), cases)
        wrong = [] if options.log is None else refuted(options.log, cases)
    except FeaturesError as error:
        wrong = [str(error)]
    else:
        if not options.check:
            PAGE.write_text(new, encoding="utf-8")
        elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != new:
            wrong.append(f"{PAGE.relative_to(ROOT)} is out of date: python docs/make_features_table.py")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
