"""Case files: YAML to typed cases, with file, line and column for everything that is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
import yaml

from harness import vocabulary
from harness.case_specs import (
    AWAIT_WAYS,
    BUILTINS,
    OPERATORS,
    UNPACK_TARGETS,
    BuiltInSpec,
    CaseFileSpec,
    CaseSpec,
    Expression,
    KnownSpec,
    ProgramSpec,
    StepSpec,
    source_of,
)
from harness.errors import CaseFileError
from harness.expressions import ExpressionError
from harness.observation import Kind
from harness.program import STEP_KINDS, Context, Observe
from harness.rules import RULE_NAMES

__all__ = ["Case", "CaseFile", "KnownSpec", "StepSpec", "parse_case_file", "read_case_file", "source_of"]

CaseKind = Literal["drawn", "surface", "everywhere"]

FILE_LIMIT_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to compare; ``line`` is where the file names it, counted from 1.

    ``kind`` tells whether its programs are drawn, are what is asked of the extension's surface, or are only
    those of what is known everywhere.
    """

    file: Path
    line: int
    name: str
    extension: str
    spec: CaseSpec
    kind: CaseKind = "drawn"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of one file, in its order, and those that are built in."""

    path: Path
    extension: str
    cases: tuple[Case, ...]
    built_in: tuple[Case, ...] = ()

    @property
    def everywhere(self) -> tuple[KnownSpec, ...]:
        """What holds in every case file of the project."""
        return tuple(known for case in self.built_in if case.kind == "everywhere" for known in case.spec.known)


def read_case_file(path: Path) -> CaseFile:
    """Read and check a case file, its expressions included.

    Raises: CaseFileError -- it cannot be read, is no YAML, is no case file, or holds an expression
    that means nothing.  The text begins with ``path:line:column``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CaseFileError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CaseFileError(f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from None
    return parse_case_file(text, path)


def parse_case_file(text: str, path: Path) -> CaseFile:
    """Parse the text of a case file; ``path`` is named in messages.  Raises as :func:`read_case_file`."""
    return _Parser(text, path).parse()


class CaseFileLoader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """Plain data, with YAML 1.2's booleans: ``on`` and ``no`` are words."""


_TAG = "tag:yaml.org,2002:"
_BOOLEAN = _TAG + "bool"
_PLAIN_TAGS = {_TAG + kind for kind in ("str", "int", "float", "bool", "null", "seq", "map")}
CaseFileLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != _BOOLEAN]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
CaseFileLoader.add_implicit_resolver(_BOOLEAN, re.compile("^(true|false|True|False)$"), list("tTfF"))


class _Parser:
    def __init__(self, text: str, path: Path) -> None:
        self.text = text
        self.path = path

    def error(self, node: yaml.Node | None, message: str, *, column: int = 0) -> CaseFileError:
        mark = None if node is None else node.start_mark
        line = 1 if mark is None else mark.line + 1
        first = 1 if mark is None else mark.column + 1
        return CaseFileError(f"{self.path}:{line}:{first + column}: {message}")

    def parse(self) -> CaseFile:
        if len(self.text) > FILE_LIMIT_BYTES:
            raise self.error(None, f"larger than {FILE_LIMIT_BYTES} bytes; split the file")
        root, data = self._load()
        if not isinstance(root, yaml.MappingNode):
            raise self.error(root, "a case file is a mapping with 'extension' and 'cases'")
        top = {key.value: value for key, value in root.value}
        self._check_top(root, top)
        extension = self._convert(data["extension"], str, top["extension"], "extension")
        cases = []
        for key, node in top["cases"].value:
            name = str(key.value)
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name):
                raise self.error(key, f"a case's name is letters, digits, '_' and '-', not {name!r}")
            if name not in data["cases"]:
                raise self.error(key, f"YAML reads {name} as no text; quote it")
            if name in BUILT_IN:
                raise self.error(key, f"{name!r} is built in; choose another name")
            given = data["cases"][name]
            spec = self._convert({} if given is None else given, CaseSpec, node, f"case {name!r}")
            self._check_case(spec, node, name)
            cases.append(Case(self.path, key.start_mark.line + 1, name, extension, spec))
        return CaseFile(self.path, extension, tuple(cases), tuple(self._built_in(data, root, extension)))

    def _built_in(self, data: Any, root: yaml.MappingNode, extension: str) -> Iterator[Case]:
        """Yield the case of the extension's surface, and that of what is known everywhere if there is any."""
        nodes = {key.value: (key, node) for key, node in root.value}
        for kind in BUILT_IN:
            key, node = nodes.get(kind, (root, root))
            given = self._convert(data.get(kind) or {}, BuiltInSpec, node, repr(kind))
            # A file without cases is about something else than its extension.
            if given.known or (kind == "surface" and data["cases"]):
                spec = CaseSpec(known=given.known)
                self._check_case(spec, node, kind)
                yield Case(self.path, key.start_mark.line + 1, kind, extension, spec, kind)

    def _load(self) -> tuple[yaml.Node | None, Any]:
        loader = CaseFileLoader(self.text)
        try:
            root = loader.get_single_node()
            self._check_nodes(root, set())
            return root, None if root is None else loader.construct_document(root)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
            raise CaseFileError(f"{self.path}:{where}: not YAML: {error.problem}") from None
        except yaml.reader.ReaderError:
            raise self._unreadable_character() from None
        except yaml.YAMLError as error:
            raise CaseFileError(f"{self.path}:1:1: not YAML: {error}") from None
        except RecursionError:
            raise CaseFileError(f"{self.path}:1:1: not YAML: nested too deep") from None
        except ValueError as error:
            raise CaseFileError(f"{self.path}:1:1: not YAML: {error}") from None
        finally:
            loader.dispose()

    def _unreadable_character(self) -> CaseFileError:
        found = yaml.reader.Reader.NON_PRINTABLE.search(self.text)
        before = self.text[: found.start() if found else 0]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        character = ascii(found[0])[1:-1] if found else "?"
        return CaseFileError(f"{self.path}:{line}:{column}: not YAML: the character {character} is not allowed")

    def _check_nodes(self, node: yaml.Node | None, seen: set[int]) -> None:
        """Refuse keys that stand twice, keys that are no words, tags, and aliases, which can hide a bomb."""
        if node is None:
            return
        if node.tag not in _PLAIN_TAGS:
            self._check_tag(node)
        if isinstance(node, yaml.ScalarNode):
            return
        if id(node) in seen:
            raise self.error(node, "this is used again by an alias of YAML (*name); write it out each time")
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self._check_nodes(value, seen)
            return
        keys = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.error(key, "a key must be a plain word")
            if key.value in keys:
                raise self.error(key, f"{key.value!r} stands here twice")
            keys.add(key.value)
            self._check_nodes(value, seen)

    def _check_tag(self, node: yaml.Node) -> None:
        name = node.tag.removeprefix(_TAG)
        if isinstance(node, yaml.ScalarNode) and name in ("timestamp", "merge", "value", "binary"):
            raise self.error(node, f"YAML reads {node.value} as a {name}; quote it")
        raise self.error(node, f"a tag of YAML (!{name.lstrip('!')}) is not allowed")

    def _check_top(self, root: yaml.Node, top: dict[str, yaml.Node]) -> None:
        for name in ("extension", "cases"):
            if name not in top:
                raise self.error(root, f"{name!r} is missing")
        for key, _ in root.value:
            if key.value not in CaseFileSpec.__struct_fields__:
                raise self.error(key, _unknown(key.value, CaseFileSpec.__struct_fields__))
        if not isinstance(top["cases"], yaml.MappingNode):
            raise self.error(top["cases"], "'cases' is a mapping from names to cases")

    def _convert(self, data: Any, kind: Any, node: yaml.Node, what: str) -> Any:
        try:
            return msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at ")
            wrong = _descend(node, place.strip("`"))
            if isinstance(wrong, yaml.ScalarNode) and message.startswith("Invalid enum value"):
                word, allowed = next((each for each in _CLOSED if each[0] in place), ("kind", get_args(Kind)))
                raise self.error(wrong, f"{what}: {_unknown(wrong.value, allowed, word)}") from None
            unknown = re.search(r"unknown field `(.+)`", message)
            if unknown and isinstance(wrong, yaml.MappingNode):
                fields = _fields_at(place)
                wrong = next(key for key, _ in wrong.value if key.value == unknown[1])
                message = _unknown(unknown[1], fields)
            raise self.error(wrong, f"{what}: {message[:1].lower()}{message[1:]}") from None

    def _check_case(self, spec: CaseSpec, node: yaml.Node, name: str) -> None:
        if spec.program is not None and (spec.call or spec.args or spec.kwargs or spec.extra_args or spec.extra_kwargs):
            raise self.error(node, f"case {name!r}: a 'program' stands alone, without 'call', 'args' or 'kwargs'")
        for index, rule in enumerate(spec.rules):
            if rule not in RULE_NAMES:
                raise self.error(_descend(node, f"$.rules[{index}]"), _unknown(rule, sorted(RULE_NAMES), "rule"))
        self._check_steps(spec, node)
        told = set()
        for index, known in enumerate(spec.known):
            identity = (known.backend, known.kind, known.place, known.reference, known.other)
            if identity in told:
                raise self.error(_descend(node, f"$.known[{index}]"), f"{known.kind} at {known.place} is here twice")
            for field, pattern in (("reference", known.reference), ("other", known.other)):
                self._check_pattern(_descend(node, f"$.known[{index}].{field}"), pattern)
            told.add(identity)
            for field in ("reference", "other"):
                try:
                    re.compile(getattr(known, field) or "")
                except re.error as error:
                    wrong = _descend(node, f"$.known[{index}].{field}")
                    raise self.error(wrong, f"{field}: not a regular expression: {error}") from None
        for place, expression in _expressions(spec, "$"):
            self._check_expression(_descend(node, place), expression, vocabulary.evaluate_strategy, name)
        for index, known in enumerate(spec.known):
            for number, step in enumerate(known.program):
                for place, expression in _step_expressions(step, f"$.known[{index}].program[{number}]"):
                    self._check_expression(_descend(node, place), expression, vocabulary.evaluate_value, name)

    def _check_pattern(self, node: yaml.Node, pattern: str | None) -> None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise self.error(node, f"not a regular expression: {error}") from None

    def _check_steps(self, spec: CaseSpec, node: yaml.Node) -> None:
        places = [(f"$.known[{i}].program[{j}]", s) for i, k in enumerate(spec.known) for j, s in enumerate(k.program)]
        if spec.program is not None:
            places += [(f"$.program.start[{i}]", step) for i, step in enumerate(spec.program.start)]
            places += [(f"$.program.steps[{i}]", step) for i, step in enumerate(spec.program.steps)]
        for place, step in places:
            kinds = step.kinds
            if len(kinds) != 1:
                given = f"has {' and '.join(kinds)}" if kinds else "has none"
                raise self.error(
                    _descend(node, place), f"a step is exactly one of {', '.join(STEP_KINDS)}; this {given}"
                )
            for name, kind, allowed in (
                (step.operator, "operator", OPERATORS),
                (step.builtin, "builtin", BUILTINS),
                (step.await_, "await", AWAIT_WAYS),
            ):
                if name is not None and name not in allowed:
                    raise self.error(_descend(node, f"{place}.{kind}"), _unknown(name, sorted(allowed), kind))
            if step.unpack is not None and not UNPACK_TARGETS.fullmatch(step.unpack):
                message = f"'*', '**' or targets such as 'a, *b' are unpacked into, not {step.unpack!r}"
                raise self.error(_descend(node, f"{place}.unpack"), message)

    def _check_expression(self, node: yaml.Node, expression: Expression, evaluate: Any, name: str) -> None:
        try:
            evaluate(source_of(expression))
        except ExpressionError as error:
            hint = ""
            if isinstance(expression, str) and expression.count("(") != expression.count(")"):
                hint = "; in a flow list [...] an expression with a comma must be quoted"
            message = f"case {name!r}: {error.message} in {source_of(expression)!r:.200}{hint}"
            raise self.error(node, message, column=self._column(node, source_of(expression), error.column)) from None

    def _column(self, node: yaml.Node, source: str, column: int) -> int:
        """Return how far right of the node's start a place in its text is; 0 where the file writes it otherwise."""
        quotes = int(isinstance(node, yaml.ScalarNode) and node.style in ("'", '"'))
        start = node.start_mark.column + quotes
        written = self.text.split("\n")[node.start_mark.line]
        return quotes + column if written.startswith(source, start) else 0


def _expressions(spec: CaseSpec, place: str) -> Iterator[tuple[str, Expression]]:
    yield from _call_expressions(spec, place)
    if spec.program is not None:
        for part in ("start", "steps"):
            for index, step in enumerate(getattr(spec.program, part)):
                yield from _step_expressions(step, f"{place}.program.{part}[{index}]")


def _step_expressions(step: StepSpec, place: str) -> Iterator[tuple[str, Expression]]:
    yield from _call_expressions(step, place)
    if step.value is not None:
        yield f"{place}.value", step.value
    if isinstance(step.on, str):
        yield f"{place}.on", step.on
    if isinstance(step.apply, str):
        yield f"{place}.apply", step.apply


def _call_expressions(spec: CaseSpec | StepSpec, place: str) -> Iterator[tuple[str, Expression]]:
    for index, expression in enumerate(spec.args):
        yield f"{place}.args[{index}]", expression
    for name, expression in spec.kwargs.items():
        yield f"{place}.kwargs.{name}", expression
    for field in ("extra_args", "extra_kwargs"):
        if getattr(spec, field) is not None:
            yield f"{place}.{field}", getattr(spec, field)


BUILT_IN: tuple[CaseKind, ...] = ("surface", "everywhere")
_CLOSED = (("context", get_args(Context)), ("observe", get_args(Observe)))


def _descend(node: yaml.Node, place: str) -> yaml.Node:
    """Return the node at msgspec's path (``$.program.steps[0].on``), or the nearest one around it."""
    for field, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", place):
        inner: yaml.Node | None = None
        if field and isinstance(node, yaml.MappingNode):
            inner = next((value for key, value in node.value if key.value == field), None)
        elif index and isinstance(node, yaml.SequenceNode) and int(index) < len(node.value):
            inner = node.value[int(index)]
        if inner is None:
            break
        node = inner
    return node


def _fields_at(place: str) -> tuple[str, ...]:
    if re.search(r"(start|steps|program)\[", place):
        return StepSpec.__struct_encode_fields__
    if ".known[" in place:
        return KnownSpec.__struct_fields__
    return ProgramSpec.__struct_fields__ if ".program" in place else CaseSpec.__struct_fields__


def _unknown(name: str, allowed: tuple[str, ...] | list[str], what: str = "field") -> str:
    close = difflib.get_close_matches(name, allowed, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(allowed)}"
    return f"unknown {what} {name!r}; {hint}"
