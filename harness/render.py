"""Values and programs as Python text: what people read, and what a case file can hold."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from harness.program import CONTEXTS, PLAIN, Program, Step
from harness.values import (
    Absent,
    Again,
    ArrayOf,
    Callback,
    Cycle,
    ExceptionValue,
    Inherited,
    InTurn,
    IteratorOf,
    Made,
    Named,
    NoMethod,
    Odd,
    Opaque,
    Raises,
    Result,
    Subclassed,
    Value,
    ViewOf,
)

_QUIET_NAN = "7ff8000000000000"
SHORT_INTEGER_BITS = 31
INTEGER_LIMIT_BITS = 4096
OPERATOR_SYMBOLS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "matmul": "@",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "lshift": "<<",
    "rshift": ">>",
    "and_": "&",
    "or_": "|",
    "xor": "^",
    "lt": "<",
    "le": "<=",
    "eq": "==",
    "ne": "!=",
    "gt": ">",
    "ge": ">=",
}


Render = Callable[[Value], str]


def render(value: Value) -> str:
    """Return the expression for a value; :func:`harness.vocabulary.evaluate_value` reads it back."""
    describe = _DESCRIPTIONS.get(type(value))
    return render_plain(value, render) if describe is None else describe(value)


def render_plain(value: Value, inner: Render) -> str:
    """Return the text of a value that is no description; what it holds is rendered by ``inner``."""
    renderer = _PLAIN.get(type(value))
    return repr(value) if renderer is None else renderer(value, inner)


def render_float(value: float) -> str:
    """Return ``nan``, ``-inf``, ``float_bits('...')`` for a NaN with a payload, or the shortest repr."""
    if math.isnan(value):
        bits = struct.pack(">d", value).hex()
        return "nan" if bits == _QUIET_NAN else f"float_bits({bits!r})"
    return repr(value)


def _render_int(value: int) -> str:
    exponent = (abs(value) + 2).bit_length() - 1
    step = abs(value) - 2**exponent
    if exponent >= SHORT_INTEGER_BITS and abs(step) <= 2:
        # The limit of a width is read at once as a power, and not at all as twenty digits.
        sign, step = ("-", -step) if value < 0 else ("", step)
        return f"{sign}2**{exponent}" + (f" {'-' if step < 0 else '+'} {abs(step)}" if step else "")
    # Decimal digits beyond 4300 are refused by Python, and take quadratic time.
    return repr(value) if value.bit_length() <= INTEGER_LIMIT_BITS else hex(value)


def _render_set(opening: str, closing: str, empty: str) -> Callable[[Any, Render], str]:
    # Sorted: str hashes are salted, and the same seed must show the same text.
    return lambda values, inner: opening + ", ".join(sorted(map(inner, values))) + closing if values else empty


def _render_list(value: list[Value], inner: Render) -> str:
    return f"[{', '.join(map(inner, value))}]"


def _render_tuple(value: tuple[Value, ...], inner: Render) -> str:
    inside = ", ".join(map(inner, value))
    return f"({inside},)" if len(value) == 1 else f"({inside})"


def _render_dict(value: dict[Value, Value], inner: Render) -> str:
    return "{" + ", ".join(f"{inner(key)}: {inner(item)}" for key, item in value.items()) + "}"


def _render_complex(value: complex, inner: Render) -> str:
    return f"complex({inner(value.real)}, {inner(value.imag)})"


def _render_slice(value: Any, inner: Render) -> str:
    return f"slice({inner(value.start)}, {inner(value.stop)}, {inner(value.step)})"


def _render_odd(value: Odd) -> str:
    methods = [f"{name}={render(behaviour)}" for name, behaviour in value.methods]
    if value.base == "object":
        return f"odd({', '.join(methods)})"
    return f"{value.base}_subclass({', '.join([render(value.payload), *methods])})"


def _render_exception(value: ExceptionValue) -> str:
    parts = [repr(value.type), *map(render, value.arguments)]
    if value.notes:
        parts.append(f"notes={render(list(value.notes))}")
    for name, linked in (("cause", value.cause), ("context", value.context)):
        if linked is not None:
            parts.append(f"{name}={render(linked)}")
    return f"exception({', '.join(parts)})"


def _render_state(state: tuple[tuple[str, Value], ...]) -> str:
    return f" with {', '.join(f'{name}={render(value)}' for name, value in state)}" if state else ""


def _render_call(name: str, *arguments: Value) -> str:
    return f"{name}({', '.join(map(render, arguments))})"


_PLAIN: dict[type, Callable[[Any, Render], str]] = {
    int: lambda value, inner: _render_int(value),
    float: lambda value, inner: render_float(value),
    complex: _render_complex,
    list: _render_list,
    set: _render_set("{", "}", "set()"),
    frozenset: _render_set("frozenset({", "})", "frozenset()"),
    tuple: _render_tuple,
    dict: _render_dict,
    slice: _render_slice,
    type(...): lambda value, inner: "...",
}
_DESCRIPTIONS: dict[type, Callable[[Any], str]] = {
    Raises: lambda value: _render_call("raises", value.exception, *([value.message] if value.message else [])),
    InTurn: lambda value: _render_call("in_turn", *value.outcomes),
    NoMethod: lambda value: "no_method()",
    Inherited: lambda value: "inherited()",
    Odd: _render_odd,
    Callback: lambda value: _render_call("callback", *value.outcomes),
    IteratorOf: lambda value: _render_call("iterator", list(value.entries)),
    ExceptionValue: _render_exception,
    Named: lambda value: _render_call("named", value.path),
    Made: lambda value: _render_call("made", value.path, *value.arguments),
    ArrayOf: lambda value: _render_call("array_of", value.typecode, value.data),
    ViewOf: lambda value: _render_call("view_of", value.data, value.format, value.readonly),
    Result: lambda value: f"result({value.step})",
    Absent: lambda value: "absent()",
    Opaque: lambda value: f"<{value.type}: {value.repr}{_render_state(value.state)}>",
    Subclassed: lambda value: f"<{value.type}: {render(value.plain)}{_render_state(value.state)}>",
    Again: lambda value: f"<{value.what} itself>" if isinstance(value.what, str) else f"<object {value.what} again>",
    Cycle: lambda value: f"<the container {value.levels} levels out>",
}


def render_program(program: Program) -> str:
    """Return a line of Python for each step, after a context's; results are named ``r0``, ``r1``, ..."""
    lines = [render_step(step, number, alone=program.alone) for number, step in enumerate(program.steps)]
    return "\n".join([f"# {CONTEXTS[program.context]}", *lines] if program.context != PLAIN else lines)


def render_step(step: Step, number: int, *, alone: bool = False) -> str:
    """Return one line of Python for a step; ``alone`` leaves out the name of its result."""
    operands = [_operand(each) for each in step.arguments]
    if step.kind == "subclass":
        return _render_class(step, f"r{number}", operands)
    named = [f"{name}={_operand(value)}" for name, value in step.keywords]
    if step.kind == "with":
        return _render_with(step, number, operands, named)
    if step.kind == "unpack" and not step.name.startswith("*"):
        names = step.name.replace("*", "")
        return f"{step.name} = {operands[0]}; r{number} = {names}"
    if step.kind in _STATEMENTS:
        return _STATEMENTS[step.kind](step, operands, named)
    text = render_operation(step, operands, named)
    return text if alone else f"r{number} = {text}"


def render_operation(step: Step, operands: list[str], named: list[str]) -> str:
    """Return the expression of a step whose result is that of an expression, from the texts of its operands."""
    return _EXPRESSIONS.get(step.kind, _render_function)(step, operands, named)


Rendering = Callable[[Step, list[str], list[str]], str]


def _render_class(step: Step, name: str, bases: list[str]) -> str:
    methods = [f"{method} = method({_operand(outcome)})" for method, outcome in step.keywords]
    return f"class {name}({', '.join([*bases, step.name])}): {'; '.join(methods) or 'pass'}"


def _render_function(step: Step, operands: list[str], named: list[str]) -> str:
    return f"{step.name}({', '.join(operands + named)})"


def _render_operator(step: Step, operands: list[str], named: list[str]) -> str:
    match step.name, operands:
        case "getitem", [target, key]:
            return f"{target}[{key}]"
        case "contains", [target, item]:
            return f"{item} in {target}"
        case name, [left, right] if name in OPERATOR_SYMBOLS:
            return f"{left} {OPERATOR_SYMBOLS[name]} {right}"
    return f"operator.{step.name}({', '.join(operands)})"


def _render_await(step: Step, operands: list[str], named: list[str]) -> str:
    match step.name:
        case "with":
            return f"asyncio.run(enter_and_leave({operands[0]}))"
        case "for":
            return f"asyncio.run(take_all({operands[0]}))"
    # ``drive`` sends each value in turn into what ``__await__`` gives, and throws each exception.
    return f"{'asyncio.run' if step.name == 'run' else 'drive'}({', '.join(operands)})"


def _render_unpack(step: Step, operands: list[str], named: list[str]) -> str:
    return f"(lambda {step.name}each: each)({step.name}{operands[0]})"


def _render_with(step: Step, number: int, operands: list[str], named: list[str]) -> str:
    if step.name == "raise":
        return f"with {operands[0]}: raise {', '.join(operands[1:])}"
    body = "None" if step.name == "pass" else f"entered.{step.name}({', '.join(operands[1:] + named)})"
    return f"with {operands[0]} as entered: r{number} = entered, {body}"


_STATEMENTS: dict[str, Rendering] = {
    "forget": lambda step, operands, named: f"del r{step.count}",
    "collect": lambda step, operands, named: f"gc.collect({step.count})",
    "set": lambda step, operands, named: f"{operands[0]}.{step.name} = {operands[1]}",
    "delete": lambda step, operands, named: f"del {operands[0]}.{step.name}",
}
_EXPRESSIONS: dict[str, Rendering] = {
    "method": lambda step, operands, named: f"{operands[0]}.{step.name}({', '.join(operands[1:] + named)})",
    "get": lambda step, operands, named: f"{operands[0]}.{step.name}",
    "iterate": lambda step, operands, named: f"list(itertools.islice({operands[0]}, {step.count}))",
    "operator": _render_operator,
    "await": _render_await,
    "apply": lambda step, operands, named: f"{operands[0]}({', '.join(operands[1:] + named)})",
    "unpack": _render_unpack,
    "surface": lambda step, operands, named: f"{step.name} of {step.target or 'the module'}",
    "pickle": lambda step, operands, named: f"pickle.loads(pickle.dumps({operands[0]}, {step.count}))",
}


def _operand(value: Value) -> str:
    return f"r{value.step}" if type(value) is Result else render(value)
