"""Evaluate expressions from case files: literals, and calls of a fixed set of names; nothing else.

Python's own parser reads the text and this module walks the tree, so there is no way to reach an
attribute, a builtin, a comprehension or an import.  What an expression may cost is bounded too.
"""

from __future__ import annotations

import ast
import difflib
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

SOURCE_LIMIT_CHARACTERS = 20_000
DEPTH_LIMIT = 300
SIZE_LIMIT = 100_000
"""Most bits of a computed integer, and most items of a computed sequence with all that is inside."""


class ExpressionError(Exception):
    """An expression that means nothing here; ``column`` counts characters from 0."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


def evaluate(source: str, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression.

    ``names`` holds all that it can mention: functions it may call, and constants.

    Raises: ExpressionError -- it is no expression, or it uses something that is not allowed; the
    message says what would be right.
    """
    if len(source) > SOURCE_LIMIT_CHARACTERS:
        raise ExpressionError(f"longer than {SOURCE_LIMIT_CHARACTERS} characters", 0)
    text = source.strip()
    start = len(source) - len(source.lstrip())
    if not text:
        raise ExpressionError("an expression is missing; an empty text is written ''", 0)
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        column = _position(text, error.lineno or 1, max((error.offset or 1) - 1, 0))
        raise ExpressionError(f"not an expression: {error.msg}", start + column) from None
    except (RecursionError, MemoryError):
        raise ExpressionError("not an expression: nested too deep", start) from None
    except ValueError as error:
        raise ExpressionError(f"not an expression: {error}", start) from None
    try:
        return _Evaluator(names).visit(tree.body, 0)
    except _Refused as refused:
        node = refused.node
        line = _lines(text)[node.lineno - 1]
        characters = len(line.encode()[: node.col_offset].decode())
        raise ExpressionError(refused.message, start + _position(text, node.lineno, characters)) from refused.__cause__


def _lines(text: str) -> list[str]:
    return re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)


def _position(text: str, line: int, column: int) -> int:
    """Return the place in the whole text of a column, in characters, of a line, counted from 1."""
    return sum(len(each) for each in _lines(text)[: line - 1]) + column


class _Refused(Exception):
    """What is wrong, and the part of the expression that it is about."""

    def __init__(self, message: str, node: ast.expr) -> None:
        super().__init__(message)
        self.message = message
        self.node = node


_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitOr: operator.or_,
}
_SEQUENCES = (str, bytes, list, tuple)
_DESCRIPTIONS = {
    ast.Attribute: "attribute access",
    ast.Subscript: "indexing",
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.JoinedStr: "an f-string",
    ast.NamedExpr: "an assignment",
    ast.Compare: "a comparison",
    ast.BoolOp: "a boolean operator",
    ast.IfExp: "a conditional expression",
    ast.Starred: "unpacking",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.BinOp: "this operator",
    ast.UnaryOp: "this operator",
}


class _Evaluator:
    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def visit(self, node: ast.expr, depth: int) -> Any:
        if depth > DEPTH_LIMIT:
            raise _Refused(f"nested more than {DEPTH_LIMIT} deep", node)
        inner = depth + 1
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self._look_up(name, node)
            case ast.List(elts=elements):
                return [self.visit(each, inner) for each in elements]
            case ast.Tuple(elts=elements):
                return tuple([self.visit(each, inner) for each in elements])
            case ast.Set(elts=elements):
                return self._hashed(node, lambda: {self.visit(each, inner) for each in elements})
            case ast.Dict(keys=keys, values=values):
                if None in keys:
                    raise self._refusal(node, "unpacking")
                pairs = [(self.visit(k, inner), self.visit(v, inner)) for k, v in zip(keys, values) if k is not None]
                return self._hashed(node, lambda: dict(pairs))
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                return self._number(node, _UNARY[type(op)], self.visit(operand, inner))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self._binary(node, op, self.visit(left, inner), self.visit(right, inner))
            case ast.Call():
                return self._call(node, inner)
        raise self._refusal(node, _DESCRIPTIONS.get(type(node), "this"))

    def _call(self, node: ast.Call, depth: int) -> Any:
        if not isinstance(node.func, ast.Name):
            raise self._refusal(node.func, _DESCRIPTIONS.get(type(node.func), "calling this"))
        function = self._look_up(node.func.id, node.func)
        if not callable(function):
            raise _Refused(f"{node.func.id} is a constant and cannot be called", node)
        arguments = [self.visit(each, depth) for each in node.args]
        if any(each.arg is None for each in node.keywords):
            raise self._refusal(node, "unpacking")
        keywords = {str(each.arg): self.visit(each.value, depth) for each in node.keywords}
        try:
            return function(*arguments, **keywords)
        except Exception as error:
            raise _Refused(f"{node.func.id}: {error}", node) from error

    def _look_up(self, name: str, node: ast.expr) -> Any:
        if name in self._names:
            return self._names[name]
        close = difflib.get_close_matches(name, self._names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise _Refused(f"unknown name {name!r}{hint}", node)

    def _binary(self, node: ast.BinOp, op: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(op, ast.Mod) and not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
            raise _Refused("% is for numbers only", node)
        if isinstance(left, int) and isinstance(right, int) and _bits(op, left, right) > SIZE_LIMIT:
            raise _Refused(f"an integer of more than {SIZE_LIMIT} bits", node)
        if isinstance(op, (ast.Mult, ast.Add)) and _items(op, left, right) > SIZE_LIMIT:
            raise _Refused(f"more than {SIZE_LIMIT} items", node)
        return self._number(node, _BINARY[type(op)], left, right)

    @staticmethod
    def _number(node: ast.expr, function: Callable[..., Any], *operands: Any) -> Any:
        try:
            return function(*operands)
        except Exception as error:
            raise _Refused(str(error.args[-1] if error.args else error), node) from None

    @staticmethod
    def _hashed(node: ast.expr, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except TypeError as error:
            raise _Refused(str(error), node) from None

    @staticmethod
    def _refusal(node: ast.expr, what: str) -> _Refused:
        return _Refused(f"{what} is not allowed here; use literals and the names in docs/case-files.md", node)


def _bits(op: ast.operator, left: int, right: int) -> int:
    """Return a bound for the bits of what an operator makes of two integers."""
    match op:
        case ast.Pow():
            return left.bit_length() * abs(right)
        case ast.LShift():
            return left.bit_length() + max(right, 0)
        case ast.Mult():
            return left.bit_length() + right.bit_length()
    return 0


def _items(op: ast.operator, left: Any, right: Any) -> int:
    """Return how many items a sum or repetition of sequences holds, at any depth."""
    if isinstance(op, ast.Add):
        return _size(left) + _size(right) if isinstance(left, _SEQUENCES) else 0
    for sequence, count in ((left, right), (right, left)):
        if isinstance(sequence, _SEQUENCES) and isinstance(count, int):
            return _size(sequence) * count
    return 0


def _size(value: Any) -> int:
    """Return the number of items at any depth; shared parts count each time, for each is sent."""
    if isinstance(value, (str, bytes)):
        return len(value)
    return sum(1 + _size(each) for each in value) if isinstance(value, (list, tuple)) else 0
