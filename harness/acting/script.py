"""A finding as a standalone script: Python that imports nothing but the extension, and prints what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.acting.judging import Differing, Judging, tags_in
from harness.acting.objects import Names, Scope, indented
from harness.acting.snippets.contexts import BEFORE_WHOLE, CALLED, CONTEXT_NEEDS, CONTEXTS, WHOLE
from harness.acting.snippets.helpers import GROWING, HELPERS, HOOK_HELPERS, HOOK_MODULES, HOOKS, NEEDED
from harness.acting.snippets.showing import SHOW_EXCEPTION, show_helper
from harness.acting.steps import Writing, kept, name_if_used, program_before, whatever_it_does
from harness.program import CONTEXTS as CONTEXT_WORDS
from harness.program import Context, Program, Step

LEAK = "leak"
"""The kind of difference that only many runs of the whole program show."""
ALWAYS = ("sys",)
SETTLING = "# What they leave behind may end the process, but not at once.\ntime.sleep(0.3)\n"


def script_of(program: Program, differing: Differing, *, about: Sequence[str], caller: str = "") -> str:
    """Return the source of a script that executes a program, and what it comes after, and shows what differs.

    It takes the directory of the compiled extension as its argument.  ``about`` are the lines of its docstring, and
    ``caller`` is the dotted path of the function that makes calls in a callback; empty if it is to be ``map``.  If that
    is of another extension, its directory is a second argument.
    """
    return _Script(program, differing, Names(program.module), caller).text(about)


@dataclass(slots=True)
class _Script:
    program: Program
    differing: Differing
    names: Names
    caller: str
    body: list[str] = field(default_factory=list)
    judging: Judging = field(init=False)

    def __post_init__(self) -> None:
        self.judging = Judging(self.program, self.differing, self.names)

    def text(self, about: Sequence[str]) -> str:
        kind = self.differing.kind
        before = list(self._before())
        self.names.told = kind == "calls"
        self.names.watched = kind in ("died", "leaked")
        for number, step in enumerate(self.program.steps[: self.differing.step + 1]):
            self._step(step, number)
        if self.names.watched:
            self._end_lives()
        self.names.helpers.update(HOOK_HELPERS.get(kind, ()))
        steps = self._placed("\n".join(self.body) + "\n")
        contexts = list(self._contexts())
        parts = [*contexts, *self._helpers(), *before, HOOKS.get(kind, "")]
        self.names.imports.update(HOOK_MODULES.get(kind, ()))
        other = self.caller and self.caller.partition(".")[0] != self.program.module.partition(".")[0]
        at = "sys.path[:0] = sys.argv[1:]" if other else "sys.path.insert(0, sys.argv[1])"
        head = ['"""' + "\n".join(about) + '\n"""', "", self._imports(), "", at, "", *self._own_imports()]
        # Collected only where the script says so.
        steps = f"gc.disable()\n{steps}" if self.names.watched else steps
        parts = [part.strip("\n") + "\n" for part in ("\n".join(head), *parts, steps) if part]
        return "\n\n".join(parts)

    def _own_imports(self) -> list[str]:
        parent, _, name = self.program.module.rpartition(".")
        own = [f"import {each}" for each in sorted(self.names.own_imports - {self.program.module})]
        return [*own, f"from {parent} import {name}" if parent else f"import {name}"]

    # --- what it comes after ---

    def _before(self) -> Iterator[str]:
        """Yield a function for each program before, and the calls of them all."""
        calls = []
        for number, program in enumerate(self.program.after, start=1):
            name = f"before_{number}"
            inside = indented(program_before(program, self.names, self._place_of(program.context)))
            yield "\n".join([f"def {name}():", *inside])
            calls.append(BEFORE_WHOLE.get(program.context, "{0}()").format(name))
            if program.context == "exit":
                self.names.helpers.add("at_exit_of_a_child")
            if "Counted" in self.names.helpers:
                # Each program's objects are counted anew.
                calls.append("Counted.made = 0")
        if calls and self.differing.early:
            self.names.imports.add("time")
            calls.append(SETTLING)
        if calls:
            yield "\n".join(["# It shows only after these.", *calls])

    def _place_of(self, context: Context) -> str:
        """Return the function that makes calls in a context; empty if they are made as they stand."""
        if context not in CONTEXTS:
            return ""
        return "in_context" if context == self.program.context else f"in_context_{context}"

    # --- one step ---

    def _step(self, step: Step, number: int) -> None:
        judged = number == self.differing.step
        scope = Scope(self.names, gap=2)
        bound = judged and self.differing.binds
        used = name_if_used(self.program, number)
        nothing = f"r{number}" if self.differing.kind == "identity" else used
        write = Writing(scope, step, self._place_of(self.program.context), bound, nothing)
        statements, result = write.statements()
        self.body += scope.before
        if judged and self.differing.kind != LEAK:
            self.body += self.judging.lines(write, statements, result)
        elif self.differing.raised(number) is False:
            self.body += kept(statements, result, number) or ["pass"]
        else:
            self.body += whatever_it_does(kept(statements, result, number), self.names, used)
        if self.names.watched:
            if result is not None:
                watched = [f'watch(r{number}, "result {number}")']
                self.body += ["try:", *indented(watched), "except NameError:", *indented(["pass"])]
            self.body.append(f'print("after step {number}")')
        self.body.append("")

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

    def _contexts(self) -> Iterator[str]:
        """Yield the functions that make calls where the programs make them."""
        used = (self.program.context, *(each.context for each in self.program.after))
        for context in dict.fromkeys(used):
            place = self._place_of(context)
            if not place:
                continue
            modules, helpers = CONTEXT_NEEDS.get(context, ((), ()))
            self.names.imports.update(modules)
            self.names.helpers.update(helpers)
            source = CONTEXTS[context]
            if context == "callback" and self.caller:
                source = CALLED.replace("CALLER", self._found_caller())
            which = "Each call" if context == self.program.context else "Each call of some programs before"
            yield f"# {which} is made {CONTEXT_WORDS[context]}.\n{source.replace('in_context', place)}"

    def _found_caller(self) -> str:
        """Return the expression of the function that calls callbacks, whose module is imported."""
        module, _, function = self.caller.rpartition(".")
        if module == self.program.module:
            return f"{self.names.short}.{function}"
        self.names.own_imports.add(module)
        return self.caller

    def _helpers(self) -> Iterator[str]:
        shows = self.judging.shows
        if shows:
            self.names.helpers.add("show")
        tags = set().union(*(tags_in(seen) for seen in self.differing.observed))
        if "show_exception" in self.names.helpers or (shows and "e" in tags):
            tags.update(("e", "scalar"))
            yield SHOW_EXCEPTION
        if shows:
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
