"""Types from stub files: what a parameter's annotation says it accepts."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.auto.kinds import Kind
from harness.auto.surface import Parameter
from harness.values import Callback, IteratorOf, Made, Odd, Result, Value

_SIMPLE: dict[str, tuple[str, Value]] = {
    "int": ("any_int()", 1),
    "float": ("any_float()", 1.5),
    "bool": ("booleans()", True),
    "str": ("any_text()", "a"),
    "bytes": ("any_bytes()", b"a"),
    "bytearray": ("bytearrays()", bytearray(b"a")),
    "complex": ("any_complex()", 1j),
    "SupportsComplex": ("any_complex()", 1j),
    "Buffer": ("any_bytes()", b"a"),
    "None": ("none()", None),
    "range": ("ranges()", range(3)),
    "slice": ("slices()", slice(None)),
    "object": ("anything()", 1),
    "Any": ("anything()", 1),
    "Hashable": ("scalar()", 1),
    "Callable": ("callback(scalar(), scalar())", Callback((1,))),
    "date": (
        "made('datetime.date', integers(1, 9999), integers(1, 12), integers(1, 28))",
        Made("datetime.date", (2024, 2, 29)),
    ),
    "timedelta": (
        "made('datetime.timedelta', integers(-9999, 9999), integers(0, 86399))",
        Made("datetime.timedelta", (1, 2)),
    ),
    "Decimal": ("made('decimal.Decimal', sampled_from(['0', '1.5', 'NaN']))", Made("decimal.Decimal", ("1.5",))),
    "Path": ("any_path()", "a"),
    "PathLike": ("any_path()", "a"),
    "SupportsInt": ("any_int()", 1),
    "SupportsIndex": ("any_int()", 1),
    "SupportsFloat": ("any_float()", 1.5),
}
_SEQUENCES = frozenset({"list", "List", "Sequence", "Collection", "MutableSequence", "SupportsGetItem"})
_ITERABLES = frozenset({"Iterable", "Iterator"})
_SETS = {"set": "sets", "Set": "sets", "AbstractSet": "sets", "frozenset": "frozensets", "FrozenSet": "frozensets"}
_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})


@dataclass(frozen=True, slots=True)
class Stubs:
    """Signatures by dotted name inside the module, as stub files tell them."""

    signatures: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)

    def parameters(self, name: str) -> tuple[Parameter, ...] | None:
        """Return the parameters of a function or class, without ``self``, or None if no stub names it."""
        return self.signatures.get(name)

    def hints(self, name: str, instances: Mapping[str, Kind]) -> dict[str, Kind]:
        """Return a kind for each parameter whose annotation says what it accepts.

        ``instances`` are the kinds of the extension's own classes, by name.
        """
        found = {}
        for parameter in self.signatures.get(name, ()):
            kind = kind_of(parameter.annotation, instances)
            if kind is not None:
                found[parameter.name] = kind
        return found


def read_stubs(text: str) -> Stubs:
    """Return what the text of a stub file says.  Raises: SyntaxError -- it is no Python."""
    signatures: dict[str, tuple[Parameter, ...]] = {}
    _read_body(ast.parse(text).body, "", signatures)
    return Stubs(signatures)


def _read_body(body: list[ast.stmt], prefix: str, signatures: dict[str, tuple[Parameter, ...]]) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            _read_body(node.body, f"{prefix}{node.name}.", signatures)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            decorators = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
            if decorators & {"property", "setter", "deleter", "overload"}:
                continue
            bound = bool(prefix) and "staticmethod" not in decorators
            name = prefix.rstrip(".") if prefix and node.name in ("__init__", "__new__") else prefix + node.name
            parameters = _parameters(node.args)[1 if bound else 0 :]
            if node.name != "__init__" or name not in signatures or parameters:
                signatures[name] = tuple(parameters)


def _parameters(arguments: ast.arguments) -> list[Parameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    first_default = len(positional) - len(arguments.defaults)
    found = [
        Parameter(
            each.arg,
            "POSITIONAL_ONLY" if index < len(arguments.posonlyargs) else "POSITIONAL_OR_KEYWORD",
            index >= first_default,
            _text(each.annotation),
        )
        for index, each in enumerate(positional)
    ]
    if arguments.vararg is not None:
        found.append(Parameter(arguments.vararg.arg, "VAR_POSITIONAL", False, _text(arguments.vararg.annotation)))
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        found.append(Parameter(each.arg, "KEYWORD_ONLY", default is not None, _text(each.annotation)))
    if arguments.kwarg is not None:
        found.append(Parameter(arguments.kwarg.arg, "VAR_KEYWORD", False, _text(arguments.kwarg.annotation)))
    return found


def _text(annotation: ast.expr | None) -> str | None:
    return None if annotation is None else ast.unparse(annotation)


def kind_of(annotation: str | None, instances: Mapping[str, Kind]) -> Kind | None:
    """Return the kind that an annotation describes, or None if it is not understood."""
    if annotation is None:
        return None
    try:
        found = _kind(ast.parse(annotation, mode="eval").body, instances)
    except SyntaxError:
        return None
    if found is None:
        return None
    expression, sample = found
    place = sample.step if isinstance(sample, Result) else None
    return Kind(f"annotated {annotation}", expression, (sample,), place)


def _kind(node: ast.expr, instances: Mapping[str, Kind]) -> tuple[str, Value] | None:
    match node:
        case ast.Constant(value=None):
            return _SIMPLE["None"]
        case ast.Constant(value=str(text)):
            return _kind(ast.parse(text, mode="eval").body, instances)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([left, right], instances)
        case ast.Subscript(value=value, slice=inside):
            return _subscripted(_last_name(value), inside, instances)
    name = _last_name(node)
    if name in instances:
        return instances[name].expression, instances[name].samples[0]
    bare = _SEQUENCES | _ITERABLES | _MAPPINGS | _SETS.keys() | {"tuple", "Tuple"}
    if name in bare:
        return _subscripted(name, ast.Name("Any"), instances)
    return _SIMPLE.get(name)


def _subscripted(name: str, inside: ast.expr, instances: Mapping[str, Kind]) -> tuple[str, Value] | None:
    inner = list(inside.elts) if isinstance(inside, ast.Tuple) else [inside]
    if name == "Callable":
        return _SIMPLE["Callable"]
    if name == "Optional":
        return _union([*inner, ast.Constant(None)], instances)
    if name == "Union":
        return _union(inner, instances)
    if name == "Literal":
        values = [each.value for each in inner if isinstance(each, ast.Constant)]
        return (f"sampled_from({values!r})", values[0]) if values else None
    if name in ("PathLike", "Annotated", "Final", "type", "Type"):
        return _SIMPLE["Path"] if name == "PathLike" else _kind(inner[0], instances)
    parts = [_kind(each, instances) for each in inner if not isinstance(each, ast.Constant) or each.value is not ...]
    known: list[tuple[str, Any]] = [each for each in parts if each is not None]
    if not known or len(known) < len(parts):
        return None
    # PyO3's word for what it takes for a sequence; the key comes first, and is an index.
    expression, sample = known[-1 if name == "SupportsGetItem" else 0]
    if name in _SEQUENCES:
        return f"lists({expression}, max_size=6)", [sample]
    if name in _ITERABLES:
        return f"iterator(lists({expression}, max_size=6))", IteratorOf((sample,))
    if name in _SETS:
        return f"{_SETS[name]}({expression}, max_size=1)", {"sets": set, "frozensets": frozenset}[_SETS[name]]()
    if name in _MAPPINGS:
        value = known[-1]
        hashable = isinstance(sample, (int, float, str, bytes, bool, tuple)) and not isinstance(sample, Odd)
        key = ("scalar()", 1) if not hashable else (expression, sample)
        return f"dictionaries({key[0]}, {value[0]}, max_size=4)", {key[1]: value[1]}
    if name in ("tuple", "Tuple"):
        if len(known) < len(inner):
            return f"one_of(tuples(), tuples({expression}), tuples({expression}, {expression}))", (sample,)
        return f"tuples({', '.join(each[0] for each in known)})", tuple(each[1] for each in known)
    return None


def _union(members: list[ast.expr], instances: Mapping[str, Kind]) -> tuple[str, Value] | None:
    known = [each for each in (_kind(member, instances) for member in members) if each is not None]
    if not known:
        return None
    return known[0] if len(known) == 1 else (f"one_of({', '.join(each[0] for each in known)})", known[0][1])


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
    return ""
