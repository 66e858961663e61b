"""Which steps a special method of a class makes possible."""

from __future__ import annotations

from harness.case_specs import StepSpec
from harness.program import Step
from harness.values import Result, Value

BINARY = {
    **{name: name for name in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow")},
    **{"lshift": "lshift", "rshift": "rshift", "and": "and_", "or": "or_", "xor": "xor"},
}
"""Functions of the module ``operator`` by the name inside the special method's underscores."""

COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
UNARY = {"neg": "neg", "pos": "pos", "abs": "abs", "invert": "invert", "index": "index"}
BUILTINS = {
    **{name: name for name in ("int", "float", "complex", "bool", "len", "hash", "repr", "str", "bytes", "reversed")},
    **{"round": "round", "next": "next", "dir": "dir", "copy": "copy.copy"},
}
ITEMS = {"getitem": 1, "setitem": 2, "delitem": 1, "contains": 1}
"""Functions of ``operator`` that take an item, and how many operands come after the object."""

METHODS = {"enter": (), "exit": ("None", "None", "None"), "aenter": (), "aexit": ("None", "None", "None")}
ITERATED = 5


def operand_count(special: str) -> int:
    """Return how many operands beside the object a special method's step needs; their kinds are learnt."""
    inner = special.strip("_")
    if inner in ITEMS:
        return ITEMS[inner]
    plain = inner[1:] if inner[:1] in ("r", "i") and inner[1:] in BINARY else inner
    return int(plain in BINARY or inner in COMPARISONS or inner in ("divmod", "rdivmod"))


def steps_without_operands(special: str, on: str | int) -> tuple[StepSpec, ...]:
    """Return the steps for a special method that takes the object alone; none for what is not known here."""
    inner = special.strip("_")
    if inner in UNARY:
        return (StepSpec(operator=UNARY[inner], on=on),)
    if inner in BUILTINS:
        return (StepSpec(builtin=BUILTINS[inner], on=on),)
    if inner in METHODS:
        called = StepSpec(method=special, on=on, args=METHODS[inner])
        blocks = (StepSpec(with_="pass", on=on), StepSpec(with_="raise", on=on, args=("exceptions()",)))
        return (called, *blocks) if inner == "exit" else (called,)
    if inner == "await":
        return StepSpec(await_="run", on=on), StepSpec(await_="drive", on=on)
    if inner in ("aiter", "aexit"):
        return (StepSpec(await_="for" if inner == "aiter" else "with", on=on),)
    if inner == "iter":
        return (StepSpec(iterate=ITERATED, on=on), StepSpec(builtin="iter", on=on))
    if inner == "format":
        return (StepSpec(builtin="format", on=on, args=("sampled_from(['', '>10', '08', '.3f', 'x', '%Y', 'z'])",)),)
    return ()


def steps_for_any(on: str | int) -> tuple[StepSpec, ...]:
    """Return the steps that can be done with an instance of any class."""
    builtins = ("repr", "type", "copy.copy", "weakref.ref", "callable")
    steps = [StepSpec(builtin=name, on=on) for name in builtins]
    steps += [StepSpec(pickle=-1, on=on), StepSpec(collect=2)]
    if isinstance(on, int):
        steps.append(StepSpec(forget=on))
    return tuple(steps)


def steps_for_unknown(type_path: str, place: int) -> tuple[StepSpec, ...]:
    """Return the steps for the result at a place whose class the extension does not show."""
    if type_path.endswith(("coroutine", "Future", "Coroutine")):
        return StepSpec(await_="run", on=place), StepSpec(await_="drive", on=place)
    return (
        StepSpec(iterate=2, on=place),
        StepSpec(builtin="next", on=place),
        StepSpec(builtin="len", on=place),
        StepSpec(builtin="repr", on=place),
        StepSpec(apply=place),
    )


def step_with_operands(special: str, on: str | int, operands: tuple[str, ...]) -> StepSpec:
    """Return the step for a special method that takes operands, given as expressions."""
    name, reflected = _operation(special)
    if name == "divmod":
        return StepSpec(builtin=name, on=on, args=operands, reflected=reflected)
    return StepSpec(operator=name, on=on, args=operands, reflected=reflected)


def fixed_step(special: str, place: int, operands: tuple[Value, ...]) -> Step:
    """Return the step for a special method with operands that are values, to try it."""
    name, reflected = _operation(special)
    arguments = (Result(place), *operands)
    if reflected:
        arguments = (arguments[1], arguments[0], *arguments[2:])
    return Step("builtin" if name == "divmod" else "operator", name, arguments)


def _operation(special: str) -> tuple[str, bool]:
    inner = special.strip("_")
    if inner in ("divmod", "rdivmod"):
        return "divmod", inner == "rdivmod"
    if inner[:1] == "r" and inner[1:] in BINARY:
        return BINARY[inner[1:]], True
    if inner[:1] == "i" and inner[1:] in BINARY:
        return "i" + BINARY[inner[1:]].rstrip("_"), False
    return BINARY.get(inner, inner), False
