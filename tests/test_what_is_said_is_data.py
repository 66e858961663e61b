"""What comes from a worker is data: escaped where it is shown, bounded where it is kept, and never run."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from test_plugin import Project, project, text_of

__all__ = ["project"]

HOSTILE = r"""
import os
BETA = os.environ["FAKE_BACKEND"] != "alpha"
NASTY = "\x00\x1b[31m\x07]]>&<script>alert(1)</script>\ud800\ufffe\x85\u2028 {{ 7 * 7 }} %(x)s __import__('os')"

def agree(value=None):
    return value

def nasty():
    return NASTY + ("!" if BETA else "")

def nasty_error():
    name = NASTY.encode("ascii", "replace").decode().replace("\x00", "")
    raise type(name, (Exception,), {})(NASTY * (2 if BETA else 1))

def megabyte():
    return ("<" if BETA else ">") * 1_000_000

def megabytes_of_output():
    print(("<" if BETA else ">") * 3_000_000)

def many():
    return [list(range(100)) for _ in range(2_000)] + [BETA]
"""


def test_what_is_said_is_escaped_and_bounded(project: Project) -> None:
    (project.path / "extensions/sample/sample.py").write_text(HOSTILE)
    names = ("nasty", "nasty_error", "megabyte", "megabytes_of_output", "many")
    project.cases(**dict.fromkeys(names, ""))
    result = project.run("--examples=2")
    result.assert_outcomes(failed=len(names))
    said = text_of(result)
    assert "\x1b[31m" not in said
    assert len(said) < 200_000, "the terminal"
    assert "<script>" in "".join(ET.parse(project.path / "results/junit.xml").getroot().itertext())
    sizes = {path.name: path.stat().st_size for path in (project.path / "results").rglob("*") if path.is_file()}
    assert sizes["junit.xml"] < 500_000, sizes
    assert sizes["report.html"] < 500_000, sizes
    assert "<script>" not in (project.path / "results/report.html").read_text()
    assert sizes["events.jsonl"] < 30_000_000, sizes
    items = {item.case: item for item in project.items().values()}
    assert {name: len(items[name].findings) for name in names} == dict.fromkeys(names, 1)
