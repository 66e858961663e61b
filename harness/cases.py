"""Case files: YAML to typed cases, with file, line and column for everything that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from harness import vocabulary
from harness.case_specs import (
    CaseFileSpec,
    CaseSpec,
    EarlierSpec,
    ExampleSpec,
    Expression,
    ProgramSpec,
    StepSpec,
    source_of,
)
from harness.documents import (
    FILE_LIMIT_BYTES,
    Document,
    call_expressions,
    descend,
    describe_unknown,
    read_text,
    step_expressions,
)
from harness.errors import CaseFileError
from harness.rules import RULE_NAMES

__all__ = ["FILE_LIMIT_BYTES", "Case", "CaseFile", "StepSpec", "parse_case_file", "read_case_file", "source_of"]

SURFACE: Literal["surface"] = "surface"
CaseKind = Literal["drawn", "surface"]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to compare; ``line`` is where the file names it, counted from 1.

    ``kind`` tells whether its programs are drawn, or are what is asked of the extension's surface.
    """

    file: Path
    line: int
    name: str
    extension: str
    spec: CaseSpec
    kind: CaseKind = "drawn"

    @property
    def qualified(self) -> str:
        """The name by which the book knows it: ``FILE:CASE``."""
        return f"{self.file.stem}:{self.name}"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of one file, in its order, and those that are built in."""

    path: Path
    extension: str
    cases: tuple[Case, ...]
    built_in: tuple[Case, ...] = ()


def read_case_file(path: Path) -> CaseFile:
    """Read and check a case file, its expressions included.

    Raises: CaseFileError -- it cannot be read, is no YAML, is no case file, or holds an expression
    that means nothing.  The text begins with ``path:line:column``.
    """
    return parse_case_file(read_text(path, CaseFileError), path)


def parse_case_file(text: str, path: Path) -> CaseFile:
    """Parse the text of a case file; ``path`` is named in messages.  Raises as :func:`read_case_file`."""
    return _Parser(text, path, CaseFileError).parse()


class _Parser(Document):
    def parse(self) -> CaseFile:
        root, data = self.load()
        if not isinstance(root, yaml.MappingNode):
            raise self.error(root, "a case file is a mapping with 'extension' and 'cases'")
        top = {key.value: value for key, value in root.value}
        self._check_top(root, top)
        extension = self.convert(data["extension"], str, top["extension"], "extension", _fields_at)
        rules = self.convert(data.get("rules", ()), tuple[str, ...], top.get("rules", root), "rules", _fields_at)
        self._check_rules(rules, top.get("rules", root), "$")
        cases = []
        for key, node in top["cases"].value:
            name = str(key.value)
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
                raise self.error(key, f"a case's name is letters, digits, '_' and '-', not {name!r}")
            if name not in data["cases"]:
                raise self.error(key, f"YAML reads {name} as no text; quote it")
            if name == SURFACE:
                raise self.error(key, f"{name!r} is built in; choose another name")
            given = data["cases"][name]
            self._check_moved(node, name)
            spec = self.convert({} if given is None else given, CaseSpec, node, f"case {name!r}", _fields_at)
            self._check_case(spec, node, name)
            spec = msgspec.structs.replace(spec, rules=(*rules, *spec.rules))
            cases.append(Case(self.path, key.start_mark.line + 1, name, extension, spec))
        surface = Case(self.path, root.start_mark.line + 1, SURFACE, extension, CaseSpec(rules=rules), SURFACE)
        return CaseFile(self.path, extension, tuple(cases), (surface,) if cases else ())

    def _check_top(self, root: yaml.Node, top: dict[str, yaml.Node]) -> None:
        for key, _ in root.value:
            if key.value in _MOVED:
                raise self.error(key, _moved(self.path, *_MOVED[key.value]))
        for name in ("extension", "cases"):
            if name not in top:
                raise self.error(root, f"{name!r} is missing")
        for key, _ in root.value:
            if key.value not in CaseFileSpec.__struct_fields__:
                raise self.error(key, describe_unknown(key.value, CaseFileSpec.__struct_fields__))
        if not isinstance(top["cases"], yaml.MappingNode):
            raise self.error(top["cases"], "'cases' is a mapping from names to cases")

    def _check_moved(self, node: yaml.Node, name: str) -> None:
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.value == "known":
                raise self.error(key, _moved(self.path, "{}", f"in entries with 'case: {name}'"))

    def _check_rules(self, rules: Sequence[str], node: yaml.Node, place: str) -> None:
        for index, rule in enumerate(rules):
            if rule not in RULE_NAMES:
                wrong = descend(node, f"{place}[{index}]")
                raise self.error(wrong, describe_unknown(rule, sorted(RULE_NAMES), "rule"))

    def _check_case(self, spec: CaseSpec, node: yaml.Node, name: str) -> None:
        if spec.program is not None and (spec.call or spec.args or spec.kwargs or spec.extra_args or spec.extra_kwargs):
            raise self.error(node, f"case {name!r}: a 'program' stands alone, without 'call', 'args' or 'kwargs'")
        self._check_rules(spec.rules, node, "$.rules")
        if spec.program is not None:
            places = [(f"$.program.start[{i}]", step) for i, step in enumerate(spec.program.start)]
            places += [(f"$.program.steps[{i}]", step) for i, step in enumerate(spec.program.steps)]
            self.check_steps(places, node)
        for place, expression in _expressions(spec, "$"):
            self.check_expression(descend(node, place), expression, vocabulary.evaluate_strategy, f"case {name!r}")
        self._check_examples(spec, node, name)

    def _check_examples(self, spec: CaseSpec, node: yaml.Node, name: str) -> None:
        for index, example in enumerate(spec.examples):
            place = f"$.examples[{index}]"
            what = f"case {name!r}, example {index + 1}"
            here = descend(node, place)
            if example.program is None and spec.program is not None:
                raise self.error(here, f"{what}: the case is a program, and so are its examples; write program: [...]")
            if example.program is not None and (example.args or example.kwargs or not example.program):
                raise self.error(here, f"{what}: a 'program' has steps, and stands without 'args' or 'kwargs'")
            self.check_steps(((f"{place}.program[{i}]", each) for i, each in enumerate(example.program or ())), node)
            for where, expression in _example_expressions(example, place):
                self.check_expression(descend(node, where), expression, vocabulary.evaluate_value, what)
            self.check_earlier(example.after, node, place, what)


_MOVED = {
    "known": ("{}", "in entries that name their case"),
    "surface": ("{}", "in entries with 'case: surface'"),
    "everywhere": ("everywhere", "in entries with a pattern as their case"),
}


def _moved(path: Path, stem: str, how: str) -> str:
    book = path.parent / "known" / "BACKEND" / f"{stem.format(path.stem)}.yaml"
    return f"what is known stands in the book, {book}, {how}; see docs/book.md"


def _expressions(spec: CaseSpec, place: str) -> Iterator[tuple[str, Expression]]:
    yield from call_expressions(spec, place)
    if spec.program is not None:
        for part in ("start", "steps"):
            for index, step in enumerate(getattr(spec.program, part)):
                yield from step_expressions(step, f"{place}.program.{part}[{index}]")


def _example_expressions(example: ExampleSpec, place: str) -> Iterator[tuple[str, Expression]]:
    for index, expression in enumerate(example.args):
        yield f"{place}.args[{index}]", expression
    for name, expression in example.kwargs.items():
        yield f"{place}.kwargs.{name}", expression
    for index, step in enumerate(example.program or ()):
        yield from step_expressions(step, f"{place}.program[{index}]")


def _fields_at(place: str) -> Sequence[str]:
    if re.search(r"(start|steps|program)\[", place):
        return StepSpec.__struct_encode_fields__
    if ".after[" in place:
        return EarlierSpec.__struct_fields__
    if ".examples[" in place:
        return ExampleSpec.__struct_fields__
    return ProgramSpec.__struct_fields__ if ".program" in place else CaseSpec.__struct_fields__
