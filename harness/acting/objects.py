"""Values as plain Python: literals, and classes and functions for what has no literal.

The worker builds the same objects from data (``build`` in :mod:`harness.worker`); here each is written out, so that
somebody who has never seen this project can read what the object does.
"""

from __future__ import annotations

import ast
import math
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from keyword import iskeyword
from typing import Any

from harness.render import render_float, render_plain
from harness.values import (
    ArrayOf,
    Callback,
    ExceptionValue,
    Inherited,
    InTurn,
    IteratorOf,
    Made,
    Named,
    NoMethod,
    Odd,
    Raises,
    Result,
    Value,
    ViewOf,
)

INDENT = "    "
MUTABLE_BASES = ("list", "dict", "set", "bytearray")
WITHOUT_ARGUMENTS = frozenset(
    (
        *("__index__", "__int__", "__float__", "__complex__", "__bool__", "__str__", "__repr__", "__bytes__"),
        *("__hash__", "__iter__", "__next__", "__len__", "__length_hint__", "__fspath__", "__enter__"),
        *("__neg__", "__pos__", "__abs__", "__invert__", "__await__", "__aiter__"),
    )
)


@dataclass(slots=True)
class Names:
    """What a script has named and imported so far.

    ``module`` is the extension's; ``told`` says that objects tell of calls, ``watched`` of deaths.
    """

    module: str
    own_imports: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    helpers: set[str] = field(default_factory=set)
    told: bool = False
    watched: bool = False
    _taken: set[str] = field(default_factory=set)
    _born: Any = field(default_factory=count)

    @property
    def short(self) -> str:
        """What the extension's module is called where it was imported."""
        return self.module.rpartition(".")[2]

    def new(self, wanted: str) -> str:
        """Return a name that nothing else has: the wanted one, or with a number."""
        tries = (wanted if number == 1 else f"{wanted}_{number}" for number in count(1))
        name = next(each for each in tries if each not in self._taken)
        self._taken.add(name)
        return name

    def watch(self, text: str) -> str:
        """Return the expression of a new object, which is watched if deaths are what differs."""
        return f'watch({text}, "object {next(self._born)}")' if self.watched else text


@dataclass(slots=True)
class Scope:
    """A place in the script: expressions that are written there, and the definitions that stand before them."""

    names: Names
    gap: int = 1
    before: list[str] = field(default_factory=list)

    def define(self, head: str, lines: list[str]) -> None:
        """Put a class or a function before the expressions, with blank lines around it."""
        self.before += [head, *indented(lines), *[""] * self.gap]

    def counted(self) -> str:
        """Return the name of the class that odd objects derive from."""
        self.names.helpers.add("Counted")
        return "Counted"

    def expression(self, value: Value) -> str:
        """Return the expression that makes a value; what it needs is defined before it."""
        write = _WRITERS.get(type(value))
        return render_plain(value, self.expression) if write is None else write(self, value)

    def all(self, values: Iterable[Value]) -> str:
        """Return the expressions of several values, with commas."""
        return ", ".join(map(self.expression, values))

    def found(self, path: str) -> str:
        """Return the expression for what an import path names; a name without a dot is a builtin."""
        own = self.names.module
        if path.startswith(f"{own}."):
            return own.rpartition(".")[2] + path.removeprefix(own)
        module = module_in(path)
        if module in ("", "builtins"):
            return path.removeprefix("builtins.")
        if module.partition(".")[0] == own.partition(".")[0]:
            # An extension is not there yet when the library's modules are imported.
            self.names.own_imports.add(module)
        else:
            self.names.imports.add(module)
        return path

    def body(self, outcome: Value) -> list[str]:
        """Return the lines of a function that behaves as told, in a scope of their own."""
        inside = Scope(self.names)
        if isinstance(outcome, Raises):
            message = inside.expression(outcome.message)
            return [*inside.before, f"raise {inside.found(outcome.exception)}({message})"]
        last = f"return {inside.expression(outcome)}"
        return [*inside.before, last]

    def watched_call(self, name: str, arguments: str = "") -> str:
        return self.names.watch(f"{name}({arguments})")

    # --- classes ---

    def method(self, cls: str, name: str, outcome: Value) -> list[str]:
        """Return the lines of a method that overrides a special one."""
        if isinstance(outcome, NoMethod):
            return [f"{name} = None"]
        outcomes = outcome.outcomes if isinstance(outcome, InTurn) else (outcome,)
        given = "" if name in WITHOUT_ARGUMENTS else ", *arguments, **keywords"
        told = [f"print({f'called {name}'!r})"] if self.names.told else []
        body = self._in_turn(cls, name, outcomes, given)
        return [f"def {name}({'cls' if name == '__new__' else 'self'}{given}):", *indented([*told, *body])]

    def methods(self, cls: str, methods: Iterable[tuple[str, Value]]) -> list[str]:
        """Return the lines of a class's methods, after the counters of those that do another thing each time."""
        methods = tuple(methods)
        counters = [f"{counter_of(name)} = 0" for name, outcome in methods if isinstance(outcome, InTurn)]
        written = [["", *self.method(cls, name, outcome)] for name, outcome in methods]
        return [*counters, *(line for lines in written for line in lines)]

    def _in_turn(self, cls: str, name: str, outcomes: tuple[Value, ...], given: str) -> list[str]:
        bodies = [self._outcome(cls, name, each, given) for each in outcomes]
        if len(bodies) == 1:
            return bodies[0]
        counter = f"{cls}.{counter_of(name)}"
        lines = [f"{counter} += 1"]
        for number, body in enumerate(bodies[:-1], start=1):
            lines += [f"if {counter} == {number}:", *indented(body)]
        return lines + bodies[-1]

    def _outcome(self, cls: str, name: str, outcome: Value, given: str) -> list[str]:
        if isinstance(outcome, Inherited):
            first = "cls" if name == "__new__" else "self"
            arguments = given.removeprefix(", ") if name != "__new__" else f"cls{given}"
            return [f"return super({cls}, {first}).{name}({arguments})"]
        return self.body(outcome)

    def odd(self, value: Odd) -> str:
        """Define the class of an odd object and return the expression that makes it."""
        plain = value.base == "object"
        name = self.names.new("Odd" if plain else f"Odd_{value.base}")
        lines = ['__module__ = "matrix"', *self.methods(name, value.methods)]
        given = dict(value.methods)
        base = self.counted() if plain else value.base
        self.define(f"class {name}({base}):", lines)
        if plain:
            return self.watched_call(name)
        payload = self.expression(value.payload)
        if not {"__new__", "__init__"}.isdisjoint(given):
            maker = self.names.new("made")
            makes = [f"value = {value.base}.__new__({name}{'' if value.base in MUTABLE_BASES else f', {payload}'})"]
            makes += [f"{value.base}.__init__(value, {payload})"] if value.base in MUTABLE_BASES else []
            self.define(f"def {maker}():", [*makes, "return value"])
            return self.watched_call(maker)
        return self.watched_call(name, payload)

    def callback(self, value: Callback) -> str:
        """Define a class whose instances are called, and return the expression that makes one."""
        name = self.names.new("Callback")
        told = ['print("callback", arguments, keywords)'] if self.names.told else []
        body = self._in_turn(name, "__call__", value.outcomes, ", *arguments, **keywords")
        counter = [f"{counter_of('__call__')} = 0"] if len(value.outcomes) > 1 else []
        lines = ['__module__ = "matrix"', *counter, ""]
        lines += ["def __call__(self, *arguments, **keywords):", *indented([*told, *body])]
        lines += ["", "def __repr__(self):", f'{INDENT}return "<callback>"']
        self.define(f"class {name}({self.counted()}):", lines)
        return self.watched_call(name)

    def iterator(self, value: IteratorOf) -> str:
        """Define an iterator, of which an entry that raises does not end it, and return the expression of one."""
        name = self.names.new("Iterator")
        told = ['print("called __next__")'] if self.names.told else []
        body = self._in_turn(name, "__next__", (*value.entries, Raises("StopIteration")), "")
        counter = [f"{counter_of('__next__')} = 0"] if value.entries else []
        lines = ['__module__ = "matrix"', *counter, "", "def __iter__(self):", f"{INDENT}return self", ""]
        lines += ["def __next__(self):", *indented([*told, *body])]
        lines += ["", "def __repr__(self):", f'{INDENT}return "<iterator>"']
        self.define(f"class {name}({self.counted()}):", lines)
        return self.watched_call(name)

    def exception(self, value: ExceptionValue) -> str:
        """Return the expression of an exception; one with notes or links is made by a function."""
        made = f"{self.found(value.type)}({self.all(value.arguments)})"
        linked = {"cause": value.cause, "context": value.context}
        if not value.notes and not any(linked.values()):
            return made
        name = self.names.new("exception")
        lines = [f"error = {made}"]
        if value.notes:
            lines.append(f"error.__notes__ = {list(value.notes)!r}")
        lines += [f"error.__{each}__ = {self.exception(link)}" for each, link in linked.items() if link]
        if value.cause is None:
            lines.append("error.__suppress_context__ = False")
        self.define(f"def {name}():", [*lines, "return error"])
        return f"{name}()"


def counter_of(method: str) -> str:
    return f"calls_of_{method.strip('_')}"


def indented(lines: Iterable[str]) -> list[str]:
    """Return lines one level further in."""
    return [f"{INDENT}{line}" if line else "" for line in lines]


def module_in(path: str) -> str:
    """Return the part of an import path that is a module; empty if it has none."""
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:length])
        try:
            if length == 1 or find_spec(name) is not None:
                return name
        except ModuleNotFoundError:
            continue
    return ""


def operand(text: str, *, of_attribute: bool = False) -> str:
    """Return an expression as it can stand beside an operator; before a dot a number needs brackets too."""
    node = ast.parse(text, mode="eval").body
    atoms = (ast.Constant, ast.Name, ast.Call, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Attribute, ast.Subscript)
    number = isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
    return text if isinstance(node, atoms) and not (of_attribute and number) else f"({text})"


def keyword_texts(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return the texts of keyword arguments; names that Python's syntax has no room for go through a dict."""
    named, others = [], []
    for name, text in pairs:
        if name.isidentifier() and name.isascii() and not iskeyword(name):
            named.append(f"{name}={text}")
        else:
            others.append(f"{name!r}: {text}")
    return [*named, f"**{{{', '.join(others)}}}"] if others else named


def _float(scope: Scope, value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    if render_float(value) in ("nan", "inf", "-inf"):
        return f'float("{value}")'
    scope.names.imports.add("struct")
    return f'struct.unpack(">d", bytes.fromhex("{struct.pack(">d", value).hex()}"))[0]'


def _array(scope: Scope, value: ArrayOf) -> str:
    scope.names.imports.add("array")
    return f"array.array({value.typecode!r}, {value.data!r})"


def _view(scope: Scope, value: ViewOf) -> str:
    view = f"memoryview({value.data!r})" if value.readonly else f"memoryview(bytearray({value.data!r}))"
    return view if value.format == "B" else f"{view}.cast({value.format!r})"


_WRITERS: dict[type, Callable[[Scope, Any], str]] = {
    float: _float,
    Odd: Scope.odd,
    Callback: Scope.callback,
    IteratorOf: Scope.iterator,
    ExceptionValue: Scope.exception,
    Named: lambda scope, value: scope.found(value.path),
    Made: lambda scope, value: f"{scope.found(value.path)}({scope.all(value.arguments)})",
    ArrayOf: _array,
    ViewOf: _view,
    Result: lambda scope, value: f"r{value.step}",
}
