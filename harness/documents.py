"""YAML with positions: plain data, and file, line and column for everything that is wrong with it."""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
import yaml

from harness import vocabulary
from harness.case_specs import (
    AWAIT_WAYS,
    BUILTINS,
    OPERATORS,
    UNPACK_TARGETS,
    CaseSpec,
    EarlierSpec,
    Expression,
    StepSpec,
    source_of,
)
from harness.errors import HarnessError
from harness.expressions import ExpressionError
from harness.observation import Kind
from harness.program import STEP_KINDS, Context, Observe

FILE_LIMIT_BYTES = 4 * 2**20
DEPTH_LIMIT = 200
"""How deep a file may be nested where it cannot be read; no case has more than about ten levels."""


class DocumentLoader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """Plain data, with YAML 1.2's booleans: ``on`` and ``no`` are words."""


_TAG = "tag:yaml.org,2002:"
_BOOLEAN = _TAG + "bool"
_PLAIN_TAGS = {_TAG + kind for kind in ("str", "int", "float", "bool", "null", "seq", "map")}
DocumentLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != _BOOLEAN]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
DocumentLoader.add_implicit_resolver(_BOOLEAN, re.compile("^(true|false|True|False)$"), list("tTfF"))

FieldsAt = Callable[[str], Sequence[str]]
"""Tells which fields there are at a path of msgspec's."""


class Document:
    """The text of a YAML file; what is wrong with it is raised as ``kind`` and begins with ``path:line:column``."""

    def __init__(
        self, text: str, path: Path, kind: type[HarnessError], loader: type[DocumentLoader] = DocumentLoader
    ) -> None:
        self.text = text
        self.path = path
        self.kind = kind
        self.loader = loader
        if len(text) > FILE_LIMIT_BYTES:
            raise self.error(None, f"larger than {FILE_LIMIT_BYTES} bytes; split the file")

    def error(self, node: yaml.Node | None, message: str, *, column: int = 0) -> HarnessError:
        """Return the error about what stands at a node."""
        mark = None if node is None else node.start_mark
        return self._error_at(
            1 if mark is None else mark.line + 1, (0 if mark is None else mark.column) + column, message
        )

    def _error_at(self, line: int, column: int, message: str) -> HarnessError:
        return self.kind(f"{self.path}:{line}:{column + 1}: {message}")

    def load(self) -> tuple[yaml.Node | None, Any]:
        """Return the root node and the data, or None and None of an empty file."""
        loader = self.loader(self.text)
        try:
            root = loader.get_single_node()
            self._check_nodes(root, set())
            return root, None if root is None else loader.construct_document(root)
        except yaml.MarkedYAMLError as error:
            self._check_depth()
            mark = error.problem_mark or error.context_mark
            at = (mark.line + 1, mark.column) if mark else (1, 0)
            raise self._error_at(*at, f"not YAML: {error.problem}") from None
        except yaml.reader.ReaderError:
            raise self._unreadable_character() from None
        except yaml.YAMLError as error:
            raise self._error_at(1, 0, f"not YAML: {error}") from None
        except RecursionError:
            self._check_depth()
            raise self._error_at(1, 0, "not YAML: nested too deep") from None
        except ValueError as error:
            raise self._error_at(1, 0, f"not YAML: {error}") from None
        finally:
            loader.dispose()

    def _check_depth(self) -> None:
        """Raise the error about nesting, if there is too much of it; libraries of YAML differ in what they say."""
        depth = 0
        with contextlib.suppress(yaml.YAMLError):
            # The parser in Python, which needs no stack and has no limit of its own.
            for event in yaml.parse(self.text, Loader=yaml.SafeLoader):
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
                mark = event.start_mark
                if depth > DEPTH_LIMIT and mark is not None:
                    raise self._error_at(mark.line + 1, mark.column, "not YAML: nested too deep")

    def _unreadable_character(self) -> HarnessError:
        found = yaml.reader.Reader.NON_PRINTABLE.search(self.text)
        before = self.text[: found.start() if found else 0]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
        character = ascii(found[0])[1:-1] if found else "?"
        return self._error_at(line, column, f"not YAML: the character {character} is not allowed")

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
            if key.tag == _TAG + "merge":
                raise self.error(key, "a merge key of YAML (<<) is not allowed; write it out each time")
            if key.value in keys:
                raise self.error(key, f"{key.value!r} stands here twice")
            keys.add(key.value)
            self._check_nodes(value, seen)

    def _check_tag(self, node: yaml.Node) -> None:
        name = node.tag.removeprefix(_TAG)
        if isinstance(node, yaml.ScalarNode) and name in ("timestamp", "merge", "value", "binary"):
            raise self.error(node, f"YAML reads {node.value} as a {name}; quote it")
        raise self.error(node, f"a tag of YAML (!{name.lstrip('!')}) is not allowed")

    def convert(self, data: Any, kind: Any, node: yaml.Node, what: str, fields_at: FieldsAt) -> Any:
        """Return the data as a type of msgspec's; ``what`` begins a message, ``fields_at`` helps with a wrong field."""
        try:
            return msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at ")
            wrong = descend(node, place.strip("`"))
            if isinstance(wrong, yaml.ScalarNode) and message.startswith("Invalid enum value"):
                word, allowed = next((each for each in _CLOSED if each[0] in place), ("kind", get_args(Kind)))
                raise self.error(wrong, f"{what}: {describe_unknown(wrong.value, allowed, word)}") from None
            unknown = re.search(r"unknown field `(.+)`", message)
            if unknown and isinstance(wrong, yaml.MappingNode):
                wrong = next(key for key, _ in wrong.value if key.value == unknown[1])
                message = describe_unknown(unknown[1], fields_at(place))
            message = message.replace("Invalid RFC3339 encoded date", "not a date, such as 2026-01-31")
            raise self.error(wrong, f"{what}: {message[:1].lower()}{message[1:]}") from None

    def check_pattern(self, node: yaml.Node, pattern: str | None) -> None:
        """Refuse what is no regular expression."""
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise self.error(node, f"not a regular expression: {error}") from None

    def check_steps(self, places: Iterable[tuple[str, StepSpec]], node: yaml.Node) -> None:
        """Refuse steps, each with its path below a node, that are not exactly one of the kinds that there are."""
        for place, step in places:
            kinds = step.kinds
            if len(kinds) != 1:
                given = f"has {' and '.join(kinds)}" if kinds else "has none"
                message = f"a step is exactly one of {', '.join(STEP_KINDS)}; this {given}"
                raise self.error(descend(node, place), message)
            for name, kind, allowed in (
                (step.operator, "operator", OPERATORS),
                (step.builtin, "builtin", BUILTINS),
                (step.await_, "await", AWAIT_WAYS),
            ):
                if name is not None and name not in allowed:
                    wrong = descend(node, f"{place}.{kind}")
                    raise self.error(wrong, describe_unknown(name, sorted(allowed), kind))
            if step.unpack is not None and not UNPACK_TARGETS.fullmatch(step.unpack):
                message = f"'*', '**' or targets such as 'a, *b' are unpacked into, not {step.unpack!r}"
                raise self.error(descend(node, f"{place}.unpack"), message)

    def check_earlier(self, after: Sequence[EarlierSpec], node: yaml.Node, place: str, what: str) -> None:
        """Refuse programs that come before another one, if they have no steps, or steps that mean nothing."""
        for number, earlier in enumerate(after):
            if not earlier.program:
                here = descend(node, f"{place}.after[{number}]")
                raise self.error(here, f"{what}: a program before has steps, and this has none")
        steps = list(earlier_steps(after, place))
        self.check_steps(steps, node)
        for where, step in steps:
            for inside, expression in step_expressions(step, where):
                self.check_expression(descend(node, inside), expression, vocabulary.evaluate_value, what)

    def check_expression(self, node: yaml.Node, expression: Expression, evaluate: Any, what: str) -> None:
        """Refuse an expression that ``evaluate`` does not take."""
        try:
            evaluate(source_of(expression))
        except ExpressionError as error:
            hint = ""
            if isinstance(expression, str) and expression.count("(") != expression.count(")"):
                hint = "; in a flow list [...] an expression with a comma must be quoted"
            message = f"{what}: {error.message} in {source_of(expression)!r:.200}{hint}"
            raise self.error(node, message, column=self._column(node, source_of(expression), error.column)) from None

    def _column(self, node: yaml.Node, source: str, column: int) -> int:
        """Return how far right of the node's start a place in its text is; 0 where the file writes it otherwise."""
        quotes = int(isinstance(node, yaml.ScalarNode) and node.style in ("'", '"'))
        start = node.start_mark.column + quotes
        written = self.text.split("\n")[node.start_mark.line]
        return quotes + column if written.startswith(source, start) else 0


def read_text(path: Path, kind: type[HarnessError]) -> str:
    """Return the text of a file.  Raises: ``kind`` -- it cannot be read, or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise kind(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise kind(f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from None


def earlier_steps(after: Sequence[EarlierSpec], place: str) -> Iterator[tuple[str, StepSpec]]:
    """Yield every step of the programs that come before another one, with its path."""
    for number, earlier in enumerate(after):
        for index, step in enumerate(earlier.program):
            yield f"{place}.after[{number}].program[{index}]", step


def step_expressions(step: StepSpec, place: str) -> Iterator[tuple[str, Expression]]:
    """Yield every expression of a step, with its path."""
    yield from call_expressions(step, place)
    if step.value is not None:
        yield f"{place}.value", step.value
    if isinstance(step.on, str):
        yield f"{place}.on", step.on
    if isinstance(step.apply, str):
        yield f"{place}.apply", step.apply


def call_expressions(spec: CaseSpec | StepSpec, place: str) -> Iterator[tuple[str, Expression]]:
    """Yield the expressions for the arguments of a call, each with its path."""
    for index, expression in enumerate(spec.args):
        yield f"{place}.args[{index}]", expression
    for name, expression in spec.kwargs.items():
        yield f"{place}.kwargs.{name}", expression
    for field in ("extra_args", "extra_kwargs"):
        if getattr(spec, field) is not None:
            yield f"{place}.{field}", getattr(spec, field)


_CLOSED = (("context", get_args(Context)), ("observe", get_args(Observe)))


def descend(node: yaml.Node, place: str) -> yaml.Node:
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


def describe_unknown(name: str, allowed: Sequence[str], what: str = "field") -> str:
    """Return the text about a word that is none of those that there are, with the closest one."""
    close = difflib.get_close_matches(name, allowed, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(allowed)}"
    return f"unknown {what} {name!r}; {hint}"
