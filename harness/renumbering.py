"""Results of earlier steps inside values and steps: which are mentioned, and under which numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from harness.program import Step
from harness.values import Result


def results_in(value: Any) -> Iterator[int]:
    """Yield the number of every earlier result that a value or a step mentions."""
    match value:
        case Result(step=number):
            yield number
        case list() | tuple() | set() | frozenset():
            for each in value:
                yield from results_in(each)
        case dict():
            for key, item in value.items():
                yield from results_in(key)
                yield from results_in(item)
        case _ if is_dataclass(value) and not isinstance(value, type):
            if isinstance(value, Step) and value.kind == "forget":
                yield value.count
            for each in fields(value):
                yield from results_in(getattr(value, each.name))


def renumbered(value: Any, moved: Mapping[int, int]) -> Any:
    """Return a value or a step with every result that it mentions under its new number."""
    match value:
        case Result(step=number):
            return Result(moved[number])
        case list() | tuple() | set() | frozenset():
            return type(value)([renumbered(each, moved) for each in value])
        case dict():
            return {renumbered(key, moved): renumbered(item, moved) for key, item in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            changed = {each.name: renumbered(getattr(value, each.name), moved) for each in fields(value)}
            if isinstance(value, Step) and value.kind == "forget":
                changed["count"] = moved[value.count]
            return replace(value, **changed)
    return value
