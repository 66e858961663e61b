"""One step of a program as Python: its operands, what must stand before it, and the expression of its result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.acting.objects import Names, Scope, indented, keyword_texts, operand
from harness.acting.snippets.showing import SURFACE, SURFACE_MODULES
from harness.program import Program, Step
from harness.render import render_operation
from harness.renumbering import results_in
from harness.values import Result, Value


@dataclass(slots=True)
class Writing:
    """One step being written.

    ``place`` is the function that makes calls where the program makes them; it is empty if they are made as they stand.
    ``bound`` says that operands are to have names, to be looked at later or to be made beforehand.  ``nothing`` is what
    the result of a statement, which is None, is to be called; it is empty if nobody asks for it.
    """

    scope: Scope
    step: Step
    place: str = ""
    bound: bool = False
    nothing: str = ""
    operands: list[str] = field(default_factory=list)
    named: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> Names:
        """What the script has named so far."""
        return self.scope.names

    def statements(self) -> tuple[list[str], str | None]:
        """Return the lines of the step, and the expression of its result if it has one."""
        step = self.step
        match step.kind:
            case "forget":
                self.names.helpers.add("NoResult")
                return [f"r{step.count} = NoResult()"], None
            case "collect":
                self.names.imports.add("gc")
                return [f"gc.collect({step.count})", *self._nothing()], None
            case "subclass":
                return self._subclass()
            case "surface":
                return [], self._surface()
        self.operands = [self._operand(each, index) for index, each in enumerate(step.arguments)]
        self.named = [(name, self._operand(each, name)) for name, each in step.keywords]
        if self.place:
            return [], self._in_context()
        if step.kind in ("set", "delete") and step.name.isidentifier():
            target = operand(self.operands[0], of_attribute=True)
            done = f"{target}.{step.name} = {self.operands[1]}" if step.kind == "set" else f"del {target}.{step.name}"
            return [done, *self._nothing()], None
        return [], self._expression()

    def _nothing(self) -> list[str]:
        return [f"{self.nothing} = None"] if self.nothing else []

    def bound_names(self) -> list[tuple[str, str]]:
        """Return the words for each operand that can be looked at after the call, and its name."""
        first = self.step.kind in ("method", "apply", "with")
        words = [
            ("self" if first and index == 0 else f"argument {index - first}") for index in range(len(self.operands))
        ]
        return [
            *((word, text) for word, text in zip(words, self.operands) if text.isidentifier()),
            *((f"argument {name}", text) for name, text in self.named if text.isidentifier()),
        ]

    def _operand(self, value: Value, place: int | str) -> str:
        text = self.scope.expression(value)
        unbound = not (self.bound or self.place)
        if unbound or isinstance(value, (Result, int, float, str, bytes, complex, type(None))):
            return text
        name = self.names.new(f"argument_{place}" if str(place).isidentifier() or place in range(100) else "argument")
        self.scope.before.append(f"{name} = {text}")
        return name

    def _in_context(self) -> str:
        if self.step.kind == "call":
            given = [f"{self.names.short}.{self.step.name}", *self.operands, *keyword_texts(self.named)]
        else:
            given = [f"lambda: {self._expression()}"]
        return f"{self.place}({', '.join(given)})"

    def _expression(self) -> str:
        step, operands, named = self.step, self.operands, keyword_texts(self.named)
        match step.kind:
            case "call":
                return f"{self.names.short}.{step.name}({', '.join([*operands, *named])})"
            case "set" | "delete":
                given = ", ".join([operands[0], repr(step.name), *operands[1:]])
                return f"{'setattr' if step.kind == 'set' else 'delattr'}({given})"
            case "method" | "get" | "apply":
                return render_operation(step, [operand(operands[0], of_attribute=True), *operands[1:]], named)
            case "operator":
                self.names.imports.add("operator")
                return render_operation(step, [operand(each) for each in operands], named)
            case "iterate" | "pickle":
                self.names.imports.add("itertools" if step.kind == "iterate" else "pickle")
            case "builtin" if "." in step.name:
                self.names.imports.add(step.name.rpartition(".")[0])
            case "unpack":
                return self._unpack()
            case "with":
                return self._with(operands, named)
            case "await":
                return self._await()
        return render_operation(step, operands, named)

    def _await(self) -> str:
        helper = {"run": "wait_for", "with": "enter", "for": "take_all", "drive": "drive"}[self.step.name]
        self.names.helpers.add(helper)
        call = f"{helper}({', '.join(self.operands)})"
        return call if helper == "drive" else f"asyncio.run({call})"

    def _with(self, operands: list[str], named: list[str]) -> str:
        self.names.helpers.add("enter_and_leave")
        target, *arguments = operands
        body = f"entered.{self.step.name}({', '.join([*arguments, *named])})"
        body = {"raise": f"throw({', '.join(arguments)})", "pass": "None"}.get(self.step.name, body)
        return f"enter_and_leave({target}, lambda entered: {body})"

    def _unpack(self) -> str:
        if self.step.name.startswith("*") and self.step.name.strip("*") == "":
            helper = {"*": "positional", "**": "by_name"}[self.step.name]
            self.names.helpers.add(helper)
            return f"{helper}({self.step.name}{operand(self.operands[0])})"
        name = self.names.new("unpacked")
        targets = self.step.name.replace("*", "").rstrip(",")
        self.scope.before += [f"def {name}(value):", *indented([f"{self.step.name} = value", f"return {targets},"]), ""]
        return f"{name}({self.operands[0]})"

    def _subclass(self) -> tuple[list[str], str | None]:
        step = self.step
        bases = ", ".join([*map(self.scope.expression, step.arguments), f"{self.names.short}.{step.name}"])
        name = step.name.rpartition(".")[2]
        methods = self.scope.methods(name, step.keywords)
        defined = [f"class {name}({bases}):", *indented(['__module__ = "matrix"', *methods]), ""]
        if not self.place:
            return defined, name
        maker = self.names.new("define")
        self.scope.before += [f"def {maker}():", *indented([*defined, f"return {name}"]), ""]
        return [], f"{self.place}({maker})"

    def _surface(self) -> str:
        path = str(self.step.target)
        at = f"{self.names.short}.{path}" if path else self.names.short
        holder, _, name = at.rpartition(".")
        held = f'vars({holder})["{name}"]' if path else at
        if self.step.name in SURFACE_MODULES:
            self.names.imports.add(SURFACE_MODULES[self.step.name])
        return SURFACE[self.step.name].format(at=at, held=held)


def kept(statements: list[str], result: str | None, number: int) -> list[str]:
    """Return the lines of a step, after which its result has a name."""
    return [*statements, *([] if result is None else [f"r{number} = {result}"])]


def name_if_used(program: Program, number: int) -> str:
    """Return what a step's result is called if another step uses it; empty if none does."""
    return f"r{number}" if any(number in results_in(step) for step in program.steps) else ""


def whatever_it_does(done: list[str], names: Names, used: str) -> list[str]:
    """Return the lines of a step that may raise, after which others go on; ``used`` is :func:`name_if_used`."""
    if used:
        names.helpers.add("NoResult")
    instead = f"{used} = NoResult()" if used else "pass"
    return ["try:", *indented(done), "except BaseException:", *indented([instead])]


def program_before(program: Program, names: Names, place: str) -> Iterator[str]:
    """Yield the lines that execute a program before the one that differs; nothing is looked at."""
    for number, step in enumerate(program.steps):
        scope, used = Scope(names), name_if_used(program, number)
        done = kept(*Writing(scope, step, place, nothing=used).statements(), number)
        if number and scope.before:
            yield ""
        yield from scope.before
        yield from whatever_it_does(done, names, used)
