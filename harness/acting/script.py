"""A finding as a standalone script: Python that imports nothing but the extension, and prints what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.acting.objects import Names, Scope, indented, keyword_texts, operand
from harness.acting.snippets import (
    CONTEXT_NEEDS,
    CONTEXTS,
    GROWING,
    HELPERS,
    HOOK_HELPERS,
    HOOK_MODULES,
    HOOKS,
    NEEDED,
    SHOW_EXCEPTION,
    SURFACE,
    SURFACE_MODULES,
    show_helper,
)
from harness.codec import decode
from harness.observation import Wire
from harness.program import CONTEXTS as CONTEXT_WORDS
from harness.program import Context, Program, Step
from harness.render import render_operation
from harness.renumbering import results_in
from harness.values import Result, Value

SIMPLE_TAGS = frozenset(("scalar", *"iubBcfltdrxENT"))
PLAIN_EXCEPTION_KINDS = ("exception-type", "exception-message")
EXCEPTION_PARTS = {
    ("exception-context", ".__context__"): "'context', type(error.__context__), repr(str(error.__context__))",
    ("exception-cause", ".__cause__"): "'cause', type(error.__cause__), repr(str(error.__cause__))",
    ("exception-context", ".__suppress__"): "'suppress_context', error.__suppress_context__",
    ("exception-notes", ".__notes__"): "'notes', repr(getattr(error, '__notes__', None))",
    ("exception-bases", ".__bases__"): "'bases', type(error).__mro__",
}
"""What to print of an exception beside its type and text, by the kind of difference and the path to it."""
_ADDRESS = re.compile("0x[0-9a-fA-F]{4,}")
LEAK = "leak"
"""The kind of difference that only many runs of the whole program show."""
NOT_SHOWN = "<not shown"
"""How the worker begins what stands for something that raised when it was looked at."""
ALWAYS = ("sys",)
WHOLE: dict[Context, str] = {
    "exit": "atexit.register(main)\n",
    "twice": 'main()\nprint("the second time:")\nmain()\n',
}
"""How the whole program is run in the contexts that are about more than each call."""

Seen = Sequence[Mapping[str, Any]]
"""The observations of a program's steps as the event log has them."""


@dataclass(frozen=True, slots=True)
class Differing:
    """What a finding differs in: the step, its kind, the path to it, and what each backend let us see."""

    step: int
    kind: str
    path: str
    reference: Seen
    other: Seen

    @property
    def observed(self) -> list[Mapping[str, Any]]:
        """What both let us see of the differing step; of a program that ended its worker there is one for all."""
        return [seen[min(self.step, len(seen) - 1)] for seen in (self.reference, self.other)]

    def raised(self, number: int) -> bool | None:
        """Say whether an earlier step raised; None if nobody knows, because every worker died or hung."""
        for seen in (self.reference, self.other):
            if number < len(seen) and seen[number]["outcome"] in ("returned", "raised"):
                return bool(seen[number]["outcome"] == "raised")
        return None


def script_of(program: Program, differing: Differing, *, about: Sequence[str]) -> str:
    """Return the source of a script that executes a program and shows what differs.

    It takes the directory of the compiled extension as its only argument.  ``about`` are the lines of its docstring.
    """
    return _Script(program, differing, Names(program.module)).text(about)


@dataclass(slots=True)
class _Script:
    program: Program
    differing: Differing
    names: Names
    body: list[str] = field(default_factory=list)
    shows: bool = False

    @property
    def module(self) -> str:
        return self.program.module.rpartition(".")[2]

    def text(self, about: Sequence[str]) -> str:
        kind = self.differing.kind
        self.names.told = kind == "calls"
        self.names.watched = kind in ("died", "leaked")
        for number, step in enumerate(self.program.steps[: self.differing.step + 1]):
            self._step(step, number)
        if self.names.watched:
            self._end_lives()
        self.names.helpers.update(HOOK_HELPERS.get(kind, ()))
        steps = self._placed("\n".join(self.body) + "\n")
        parts = [self._context(), *self._helpers(), HOOKS.get(kind, "")]
        self.names.imports.update(HOOK_MODULES.get(kind, ()))
        head = ['"""' + "\n".join(about) + '\n"""', "", self._imports(), "", "sys.path.insert(0, sys.argv[1])", ""]
        head += self._own_imports()
        # Collected only where the script says so.
        steps = f"gc.disable()\n{steps}" if self.names.watched else steps
        parts = [part.strip("\n") + "\n" for part in ("\n".join(head), *parts, steps) if part]
        return "\n\n".join(parts)

    def _own_imports(self) -> list[str]:
        parent, _, name = self.program.module.rpartition(".")
        own = [f"import {each}" for each in sorted(self.names.own_imports - {self.program.module})]
        return [*own, f"from {parent} import {name}" if parent else f"import {name}"]

    # --- one step ---

    def _step(self, step: Step, number: int) -> None:
        judged = number == self.differing.step
        scope = Scope(self.names, gap=2)
        write = _Writing(self, scope, step, number, bound=(judged and self._binds) or self.program.context in CONTEXTS)
        statements, result = write.statements()
        self.body += scope.before
        if judged and self.differing.kind != LEAK:
            self._judged(statements, result, write)
        else:
            self._earlier([*statements, *([] if result is None else [f"r{number} = {result}"])], number)
        if self.names.watched and result is not None:
            there = (
                "try:",
                *indented([f'watch(r{number}, "result {number}")']),
                "except NameError:",
                *indented(["pass"]),
            )
            self.body += there
        if self.names.watched:
            self.body.append(f'print("after step {number}")')
        self.body.append("")

    def _earlier(self, done: list[str], number: int) -> None:
        """Write a step before the one that differs, which may raise."""
        if self.differing.raised(number) is False:
            self.body += done or ["pass"]
            return
        used = any(number in results_in(step) for step in self.program.steps)
        if used:
            self.names.helpers.add("NoResult")
        instead = f"r{number} = NoResult()" if used else "pass"
        self.body += ["try:", *indented(done), "except BaseException:", *indented([instead])]

    @property
    def _binds(self) -> bool:
        """Whether the arguments of the differing step must have names, to be looked at after the call."""
        return self.differing.kind in ("argument", "identity")

    def _judged(self, statements: list[str], result: str | None, write: _Writing) -> None:
        number, kind = self.differing.step, self.differing.kind
        name = f"r{number}"
        done = [*statements, *([] if result is None else [f"{name} = {result}"])]
        told = [f'print("returned", {self._shown(name)})' if result is not None else 'print("returned")']
        if result is not None and kind == "identity":
            told += self._same(name, write)
        if result is not None and kind == "equality":
            told += self._equality(name)
        raised = self._raised()
        self.body += ["try:", *indented(done), "except BaseException as error:", *indented([raised]), "else:"]
        self.body += indented(told)
        match kind:
            case "argument":
                self.shows = True
                self.body += [f'print("{each} is now", show({text}))' for each, text in write.bound_names()]
            case "results":
                self.shows = True
                numbers = sorted(
                    {key for seen in self.differing.observed for key in seen["effects"].get("results", {})}
                )
                self.body += [f'print("r{each} is now", show(r{each}))' for each in numbers]
            case "pickled" if self.program.steps[number].kind == "pickle":
                protocol = self.program.steps[number].count
                self.body.append(f'print("pickled as", pickle.dumps({write.operands[0]}, {protocol}))')
            case "handled":
                self.body.append('print("left for sys.exc_info():", repr(sys.exc_info()[1]))')

    def _shown(self, name: str) -> str:
        """Return what to print of a result: as Python shows it, where that tells the difference."""
        values = [seen["value"] for seen in self.differing.observed if seen["outcome"] == "returned"]
        if self.program.steps[self.differing.step].kind == "surface":
            return f"type({name}), {self._masked(f'repr({name})')}"
        if self.differing.kind not in ("identity", "state") and _told_by_repr(values):
            return f"type({name}), {self._masked(f'repr({name})')}"
        self.shows = True
        return self._masked(f"show({name})")

    def _raised(self) -> str:
        kind, path = self.differing.kind, self.differing.path
        told = f'print("raised", type(error), {self._masked("repr(str(error))")}'
        exceptions = [seen["exception"] for seen in self.differing.observed if seen["outcome"] == "raised"]
        has_text = not any(str(each[3].get("str")).startswith(NOT_SHOWN) for each in exceptions)
        if has_text and (not kind.startswith("exception-") or (kind in PLAIN_EXCEPTION_KINDS and not path)):
            return f"{told})"
        if has_text and (kind, path) in EXCEPTION_PARTS:
            return f"{told}, {EXCEPTION_PARTS[kind, path]})"
        self.shows = True
        self.names.helpers.add("show_exception")
        return f'print("raised", {self._masked("show_exception(error)")})'

    def _masked(self, text: str) -> str:
        """Return an expression of a text, without the addresses that this one has."""
        if not _ADDRESS.search(json.dumps(self.differing.observed)):
            return text
        self.names.helpers.add("masked")
        return f"masked({text})"

    def _same(self, name: str, write: _Writing) -> list[str]:
        earlier = [(f"r{number}", f"r{number}") for number in range(self.differing.step)]
        return [f'print("is {each}:", {name} is {text})' for each, text in (*write.bound_names(), *earlier)]

    def _equality(self, name: str) -> list[str]:
        self.names.helpers.add("answer")
        numbers = sorted({key for seen in self.differing.observed for key in seen["effects"].get("equality", {})})
        return [
            f'print("== r{each}:", answer(lambda: {name} == r{each}), "hashes alike:", '
            f"answer(lambda: hash({name}) == hash(r{each})))"
            for each in numbers
        ]

    def _end_lives(self) -> None:
        numbers = range(self.differing.step + 1)
        self.body += [f"r{number} = None" for number in numbers]
        self.body += [
            "gc.collect()",
            'print("leaked:", sorted([name for name, each in references if each() is not None]))',
        ]
        self.names.helpers.add("watch")

    # --- around the steps ---

    def _placed(self, steps: str) -> str:
        """Return the steps where they are to run: at exit, the second time, or just here."""
        if self.differing.kind == LEAK:
            self.names.helpers.add("occupied")
            inside = "\n".join(indented(steps.rstrip().split("\n")))
            return f"def main():\n{inside}\n\n\n{GROWING}"
        if self.program.context not in WHOLE:
            return steps
        if self.program.context == "exit":
            self.names.imports.add("atexit")
        inside = "\n".join(indented(steps.rstrip().split("\n")))
        return f"def main():\n{inside}\n\n\n{WHOLE[self.program.context]}"

    def _context(self) -> str:
        context = self.program.context
        if context not in CONTEXTS:
            return ""
        modules, helpers = CONTEXT_NEEDS.get(context, ((), ()))
        self.names.imports.update(modules)
        self.names.helpers.update(helpers)
        return f"# Each call is made {CONTEXT_WORDS[context]}.\n{CONTEXTS[context]}"

    def _helpers(self) -> Iterator[str]:
        if self.shows:
            self.names.helpers.add("show")
        tags = set().union(*(_tags_in(seen) for seen in self.differing.observed))
        if "show_exception" in self.names.helpers or (self.shows and "e" in tags):
            tags.update(("e", "scalar"))
            yield SHOW_EXCEPTION
        if self.shows:
            if self.differing.kind == "state" or "state" in self.program.observe:
                tags.add("state")
            source, modules = show_helper(tags, package=self.program.module.partition(".")[0])
            self.names.imports.update(modules)
            yield source
        for name, source in HELPERS.items():
            if name in self.names.helpers:
                self.names.imports.update(NEEDED.get(name, ()))
                yield source

    def _imports(self) -> str:
        return "\n".join(f"import {module}" for module in sorted(self.names.imports.union(ALWAYS)))


@dataclass(slots=True)
class _Writing:
    """One step being written: its operands, by name if they are looked at later or are to be made beforehand."""

    script: _Script
    scope: Scope
    step: Step
    number: int
    bound: bool
    operands: list[str] = field(default_factory=list)
    named: list[tuple[str, str]] = field(default_factory=list)

    def statements(self) -> tuple[list[str], str | None]:
        """Return the lines of the step, and the expression of its result if it has one."""
        step = self.step
        match step.kind:
            case "forget":
                self.script.names.helpers.add("NoResult")
                return [f"r{step.count} = NoResult()"], None
            case "collect":
                self.script.names.imports.add("gc")
                return [f"gc.collect({step.count})", *self._nothing()], None
            case "subclass":
                return self._subclass()
            case "surface":
                return [], self._surface()
        self.operands = [self._operand(each, index) for index, each in enumerate(step.arguments)]
        self.named = [(name, self._operand(each, name)) for name, each in step.keywords]
        if self.script.program.context in CONTEXTS:
            return [], self._in_context()
        if step.kind in ("set", "delete") and step.name.isidentifier():
            target = operand(self.operands[0], of_attribute=True)
            done = f"{target}.{step.name} = {self.operands[1]}" if step.kind == "set" else f"del {target}.{step.name}"
            return [done, *self._nothing()], None
        return [], self._expression()

    def _nothing(self) -> list[str]:
        """Return the line that binds the result of a statement, which is None, if anything asks for it."""
        script = self.script
        asked = any(self.number in results_in(each) for each in script.program.steps)
        return [f"r{self.number} = None"] if asked or script.differing.kind == "identity" else []

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
        if not self.bound or isinstance(value, (Result, int, float, str, bytes, complex, type(None))):
            return text
        name = self.script.names.new(
            f"argument_{place}" if str(place).isidentifier() or place in range(100) else "argument"
        )
        self.scope.before.append(f"{name} = {text}")
        return name

    def _in_context(self) -> str:
        if self.step.kind == "call":
            given = [f"{self.script.module}.{self.step.name}", *self.operands, *keyword_texts(self.named)]
        else:
            given = [f"lambda: {self._expression()}"]
        return f"in_context({', '.join(given)})"

    def _expression(self) -> str:
        step, operands, named = self.step, self.operands, keyword_texts(self.named)
        names = self.script.names
        match step.kind:
            case "call":
                return f"{self.script.module}.{step.name}({', '.join([*operands, *named])})"
            case "set" | "delete":
                given = ", ".join([operands[0], repr(step.name), *operands[1:]])
                return f"{'setattr' if step.kind == 'set' else 'delattr'}({given})"
            case "method" | "get" | "apply":
                return render_operation(step, [operand(operands[0], of_attribute=True), *operands[1:]], named)
            case "operator":
                names.imports.add("operator")
                return render_operation(step, [operand(each) for each in operands], named)
            case "iterate" | "pickle":
                names.imports.add("itertools" if step.kind == "iterate" else "pickle")
            case "builtin" if "." in step.name:
                names.imports.add(step.name.rpartition(".")[0])
            case "unpack":
                return self._unpack()
            case "with":
                return self._with(operands, named)
            case "await":
                return self._await()
        return render_operation(step, operands, named)

    def _await(self) -> str:
        helper = {"run": "wait_for", "with": "enter", "for": "take_all", "drive": "drive"}[self.step.name]
        self.script.names.helpers.add(helper)
        call = f"{helper}({', '.join(self.operands)})"
        return call if helper == "drive" else f"asyncio.run({call})"

    def _with(self, operands: list[str], named: list[str]) -> str:
        self.script.names.helpers.add("enter_and_leave")
        target, *arguments = operands
        body = f"entered.{self.step.name}({', '.join([*arguments, *named])})"
        body = {"raise": f"throw({', '.join(arguments)})", "pass": "None"}.get(self.step.name, body)
        return f"enter_and_leave({target}, lambda entered: {body})"

    def _unpack(self) -> str:
        if self.step.name.startswith("*") and self.step.name.strip("*") == "":
            helper = {"*": "positional", "**": "by_name"}[self.step.name]
            self.script.names.helpers.add(helper)
            return f"{helper}({self.step.name}{operand(self.operands[0])})"
        name = self.script.names.new("unpacked")
        targets = self.step.name.replace("*", "").rstrip(",")
        self.scope.before += [f"def {name}(value):", *indented([f"{self.step.name} = value", f"return {targets},"]), ""]
        return f"{name}({self.operands[0]})"

    def _subclass(self) -> tuple[list[str], str | None]:
        step = self.step
        bases = ", ".join([*map(self.scope.expression, step.arguments), f"{self.script.module}.{step.name}"])
        name = step.name.rpartition(".")[2]
        methods = self.scope.methods(name, step.keywords)
        defined = [f"class {name}({bases}):", *indented(['__module__ = "matrix"', *methods]), ""]
        if self.script.program.context not in CONTEXTS:
            return defined, name
        maker = self.script.names.new("define")
        self.scope.before += [f"def {maker}():", *indented([*defined, f"return {name}"]), ""]
        return [], f"in_context({maker})"

    def _surface(self) -> str:
        path = str(self.step.target)
        at = f"{self.script.module}.{path}" if path else self.script.module
        holder, _, name = at.rpartition(".")
        held = f'vars({holder})["{name}"]' if path else at
        if self.step.name in SURFACE_MODULES:
            self.script.names.imports.add(SURFACE_MODULES[self.step.name])
        return SURFACE[self.step.name].format(at=at, held=held)


def _told_by_repr(values: Sequence[Wire]) -> bool:
    """Say whether Python's own text of these values tells them from each other, the same in every process."""
    if not set().union(*map(_tags_in, values)) <= SIMPLE_TAGS:
        return False
    told = {(type(value), repr(value)) for value in map(decode, values)}
    return len(told) == len({json.dumps(value) for value in values})


def _tags_in(seen: Any) -> set[str]:
    """Return the tags of every value in an observation; "scalar" for what JSON has itself."""
    tags: set[str] = set()
    waiting = [seen]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            waiting.extend(each.values())
        elif isinstance(each, (list, tuple)):
            if each and isinstance(each[0], str):
                tags.add(each[0])
            waiting.extend(each)
        else:
            tags.add("scalar")
    return tags
