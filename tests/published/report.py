"""The page about published packages: a pure function of what the suites said, and the way back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .pins import Package, requirements
from .suites import Suite

FIRST_PYO3 = (0, 29)
"""PyO3 can be compiled for RustPython since 0.29.  Source: its changelog."""
NOTE_LENGTH = 160

HEAD = """# Published packages

Made by `docs/make_packages_table.py`; do not edit. Source distributions as they are published, built unmodified by the
code that builds extensions for the matrix, and their own suites run by pytest on each interpreter. What is pinned
stands in `tests/published/packages.toml`; the packages marked * are built and run by the project's own tests too.

Run with {versions}, and pytest {pytest}.

| package | version | PyO3 | tests | {columns} | note |
| --- | --- | --- | --- | {rules} | --- |
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a package came to: a suite for each backend, or the reason why a backend has none."""

    package: Package
    pyo3: str
    suites: dict[str, Suite] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def render(outcomes: Sequence[Outcome], backends: Sequence[str], versions: dict[str, str]) -> str:
    """Return the page: a line for each package, then a table of tests for each that was run.

    All tests of a package that the project's own tests run are listed, of the others those that do not pass.
    """
    described = ", ".join(f"{name} {versions[name]}" for name in backends)
    pytest = requirements(["pytest"]).split()[0].partition("==")[2]
    text = HEAD.format(
        versions=described, pytest=pytest, columns=" | ".join(backends), rules=" | ".join("---" for _ in backends)
    )
    for outcome in outcomes:
        text += _line(outcome, backends)
    for outcome in outcomes:
        if outcome.suites:
            text += "\n" + _tests(outcome, backends)
    return text


def verdicts_on(page: str) -> dict[str, dict[str, dict[str, str]]]:
    """Read a page: package -> test -> backend -> verdict."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    backends: list[str] = []
    package = ""
    for line in page.splitlines():
        if heading := re.match(r"## (\S+) ", line):
            package = heading[1]
            found[package] = {}
        elif header := re.match(r"\| test \| (.*) \| note \|$", line):
            backends = header[1].split(" | ")
        elif row := re.match(r"\| `(.*?)` \| ((?:[\w-]+ \| )+)", line):
            verdicts = row[2].removesuffix(" | ").split(" | ")
            found[package][unescaped(row[1])] = dict(zip(backends, verdicts, strict=True))
    return found


def _line(outcome: Outcome, backends: Sequence[str]) -> str:
    package = outcome.package
    names = {name: None for suite in outcome.suites.values() for name in suite.verdicts()}
    counts = [_count(outcome, backend) for backend in backends]
    refused = list(dict.fromkeys(outcome.refused.values()))
    note = "; ".join(part for part in (*refused, package.why) if part)
    star = "*" if package.always else ""
    cells = [package.name + star, package.version, outcome.pyo3, str(len(names) or ""), *counts, cell(note)]
    return f"| {' | '.join(cells)} |\n"


def _count(outcome: Outcome, backend: str) -> str:
    if backend not in outcome.suites:
        return "not run"
    counted = Counter(outcome.suites[backend].verdicts().values())
    return ", ".join(f"{number} {verdict}" for verdict, number in sorted(counted.items(), key=lambda item: item[0]))


def _tests(outcome: Outcome, backends: Sequence[str]) -> str:
    package = outcome.package
    text = f"## {package.name} {package.version}\n\n"
    text += f"| test | {' | '.join(backends)} | note |\n| --- | {' | '.join('---' for _ in backends)} | --- |\n"
    names = {name: None for suite in outcome.suites.values() for name in suite.verdicts()}
    left_out = 0
    for name in names:
        tests = {backend: _find(outcome, backend, name) for backend in backends}
        if not package.always and {verdict for verdict, _ in tests.values()} <= {"passed", "not-run"}:
            left_out += 1
            continue
        notes = dict.fromkeys(message for verdict, message in tests.values() if verdict != "passed" and message)
        row = [f"`{escaped(name)}`", *(verdict for verdict, _ in tests.values()), cell("; ".join(notes))]
        text += f"| {' | '.join(row)} |\n"
    return text + (f"\nThe other {left_out} tests pass.\n" if left_out else "")


def _find(outcome: Outcome, backend: str, name: str) -> tuple[str, str]:
    suite = outcome.suites.get(backend)
    if suite is None:
        return "not-run", ""
    for test in suite.tests:
        if test.name == name:
            return test.verdict, test.message
    return "absent", ""


def cell(text: str) -> str:
    """Return a text that fits one cell of a Markdown table."""
    line = " ".join(text.split())
    short = line if len(line) <= NOTE_LENGTH else line[: NOTE_LENGTH - 3] + "..."
    return escaped(short.replace("`", "'"))


def escaped(text: str) -> str:
    """Return a text that does not end its cell."""
    return text.replace("|", "\\|")


def unescaped(text: str) -> str:
    """Return what a test is called, from its cell."""
    return text.replace("\\|", "|")
