"""The surface of an extension: what is asked of it, and that each difference is a finding of its own."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from harness.differential import Differential
from harness.examine import Plan, examine_all
from harness.findings import Known
from harness.lanes import Lane
from harness.process import WorkerCommand
from harness.surface import FACTS, surface_programs

BEFORE = '''
    """A module."""

    LIMIT = 3

    def area(width, height=1):
        """Return the area."""

    class Shape:
        """A shape."""

        def corners(self): "How many."

        @property
        def name(self): "What it is called."

        class Part: pass

    only_here = 1
'''
CHANGES = {
    "value of LIMIT": ("LIMIT = 3", "LIMIT = 4"),
    "signature of area": ("height=1", "height=2"),
    "doc of area": ("Return the area.", "Return an area."),
    "bases of Shape": ("class Shape:", "class Shape(list):"),
    "doc of Shape.corners": ("How many.", "How few."),
    "doc of Shape.name": ("What it is", "What it was"),
    "mro of Shape.Part": ("class Part: pass", "class Part(int): pass"),
    "type of only_here": ("only_here = 1", ""),
    "type of more": ("LIMIT = 3", "LIMIT = 3; more = 1"),
    "module of area": ("only_here = 1", "only_here = 1; area.__module__ = 'builtins'"),
    "qualname of Shape.corners": ("only_here = 1", "only_here = 1; Shape.corners.__qualname__ = 'corners'"),
}


@pytest.fixture
def lanes(tmp_path: Path) -> Iterator[list[Lane]]:
    opened = []
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
        opened.append(Lane(name, WorkerCommand((sys.executable,)), "thing", [str(tmp_path / name)], timeout_s=20))
    yield opened
    for lane in opened:
        lane.close()


def differences(tmp_path: Path, lanes: list[Lane], after: str) -> set[str]:
    for name, source in (("before", BEFORE), ("after", after)):
        (tmp_path / name / "thing.py").write_text(textwrap.dedent(source))
    differential = Differential(lanes[0], lanes[1], frozenset())
    plan = Plan("thing.yaml::surface[after]", 1, 1, hypothesis.settings(), None)
    result = examine_all(surface_programs(differential, "thing"), differential, Known(()), plan)
    return {each.finding.identity[1] for each in result.findings}


def test_two_modules_that_look_alike_have_no_difference(tmp_path: Path, lanes: list[Lane]) -> None:
    assert differences(tmp_path, lanes, BEFORE) == set()


@pytest.mark.parametrize("place", CHANGES)
def test_each_change_is_found_where_it_is(tmp_path: Path, lanes: list[Lane], place: str) -> None:
    found = differences(tmp_path, lanes, BEFORE.replace(*CHANGES[place]))
    assert any(each == place or each.startswith(f"{place}[") for each in found)
    # What follows from it is shown by the texts of help() and by what holds the name, and nothing else is.
    name = place.split(" of ")[1]
    holders = {"", name.split(".")[0], name}
    assert {
        each.split(" of ")[1].split("[")[0].replace("the module", "").removesuffix(".obj") for each in found
    } <= holders


def test_ten_differences_are_ten_findings(tmp_path: Path, lanes: list[Lane]) -> None:
    after = BEFORE
    for old, new in CHANGES.values():
        after = after.replace(old, new)
    assert {"value of LIMIT", "signature of area", "doc of Shape.corners", "type of only_here"} <= differences(
        tmp_path, lanes, after
    )


def test_every_fact_is_one_that_the_worker_knows() -> None:
    from harness import worker

    assert {fact for facts in FACTS.values() for fact in facts} | {"outline"} == set(worker.SURFACE)
