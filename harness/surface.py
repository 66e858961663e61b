"""The built-in case of every extension: what can be seen of it without calling anything.

Each fact about each name is a program of its own, so that ten differences are ten findings.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.codec import decode
from harness.differential import Differential
from harness.observation import Observation, Returned
from harness.program import Program, Step

OF_ANY = ("type", "doc", "help")
OF_CALLABLE = ("name", "qualname", "module", "signature", "text signature", "pickle")
OF_CLASS = ("bases", "mro", "dir", "flags", "subclassing", "weak references", "dict")
FACTS: dict[str, tuple[str, ...]] = {
    "module": ("type", "doc", "name", "package", "all", "dir"),
    "class": (*OF_ANY, *OF_CALLABLE, *OF_CLASS),
    "callable": (*OF_ANY, *OF_CALLABLE),
    "attribute": ("type", "doc", "name", "help"),
    "constant": ("type", "value"),
    "foreign": ("type",),
}


def surface_programs(differential: Differential, module: str) -> Iterator[Program]:
    """Yield a program for every fact to compare; a name that one backend lacks is asked for its type only."""

    def ask(fact: str, path: str) -> Program:
        return Program(module, (Step("surface", fact, (path,)),))

    reference, other = (_outline(each) for each in differential.observe(ask("outline", "")))
    for path in sorted(reference.keys() | other.keys()):
        kind = reference.get(path)
        facts = FACTS[kind] if kind is not None and path in other else ("type",)
        for fact in facts:
            yield ask(fact, path)


def _outline(observations: tuple[Observation, ...]) -> dict[str, str]:
    """Return the kind of each name that a backend told; nothing if it told nothing."""
    outcome = observations[0].outcome
    return decode(outcome.value) if isinstance(outcome, Returned) else {}
