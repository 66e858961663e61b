"""Evaluate expressions from case files: literals, and calls of a fixed set of names; nothing else.

Python's own parser reads the text and this module walks the tree, so there is no way to reach an
attribute, a builtin, a comprehension or an import.  What an expression may cost is bounded too.
"""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable, Mapping
from typing import Any

SOURCE_LIMIT_CHARACTERS = 20_000
DEPTH_LIMIT = 300
EXPONENT_LIMIT = 100_000
"""Largest exponent, left shift or repetition count, so that no expression makes a gigabyte."""


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
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except SyntaxError as error:
        raise ExpressionError(f"not an expression: {error.msg}", max((error.offset or 1) - 1, 0)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"not an expression: {error}", 0) from None
    return _Evaluator(names).visit(tree.body, 0)


def called_names(source: str) -> frozenset[str]:
    """Return the names of the functions that an expression calls; empty if it is no expression."""
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(
        node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


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
}


class _Evaluator:
    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def visit(self, node: ast.expr, depth: int) -> Any:
        if depth > DEPTH_LIMIT:
            raise ExpressionError(f"nested more than {DEPTH_LIMIT} deep", node.col_offset)
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
            raise ExpressionError(f"{node.func.id} is a constant and cannot be called", node.col_offset)
        arguments = [self.visit(each, depth) for each in node.args]
        if any(each.arg is None for each in node.keywords):
            raise self._refusal(node, "unpacking")
        keywords = {str(each.arg): self.visit(each.value, depth) for each in node.keywords}
        try:
            return function(*arguments, **keywords)
        except ExpressionError:
            raise
        except Exception as error:
            raise ExpressionError(f"{node.func.id}: {error}", node.col_offset) from error

    def _look_up(self, name: str, node: ast.expr) -> Any:
        if name in self._names:
            return self._names[name]
        close = difflib.get_close_matches(name, self._names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ExpressionError(f"unknown name {name!r}{hint}", node.col_offset)

    def _binary(self, node: ast.BinOp, op: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(op, (ast.Pow, ast.LShift)) and not (isinstance(right, int) and abs(right) <= EXPONENT_LIMIT):
            raise ExpressionError(f"an exponent or shift beyond {EXPONENT_LIMIT}", node.col_offset)
        if isinstance(op, ast.Pow) and isinstance(left, int) and left.bit_length() * abs(right) > EXPONENT_LIMIT:
            raise ExpressionError(f"a power of more than {EXPONENT_LIMIT} bits", node.col_offset)
        if isinstance(op, ast.Mult):
            for sequence, count in ((left, right), (right, left)):
                repeats = isinstance(sequence, (str, bytes, list, tuple)) and isinstance(count, int)
                if repeats and len(sequence) * count > EXPONENT_LIMIT:
                    raise ExpressionError(f"a repetition beyond {EXPONENT_LIMIT} items", node.col_offset)
        return self._number(node, _BINARY[type(op)], left, right)

    @staticmethod
    def _number(node: ast.expr, function: Callable[..., Any], *operands: Any) -> Any:
        try:
            return function(*operands)
        except Exception as error:
            raise ExpressionError(str(error), node.col_offset) from None

    @staticmethod
    def _hashed(node: ast.expr, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except TypeError as error:
            raise ExpressionError(str(error), node.col_offset) from None

    @staticmethod
    def _refusal(node: ast.expr, what: str) -> ExpressionError:
        return ExpressionError(
            f"{what} is not allowed here; use literals and the names in docs/case-files.md", node.col_offset
        )
