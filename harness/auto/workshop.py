"""From a surface and what the reference answers to cases: one subject at a time, each when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.auto import operations
from harness.auto.kinds import PLAIN, Kind
from harness.auto.learning import Accepted, Learnt, Make, Target, learn
from harness.auto.probing import Probe
from harness.auto.recipes import (
    Layout,
    Recipe,
    expression_of,
    good_step,
    instances_in,
    lay_out,
    odd_step,
    replace_fields,
    with_needs,
)
from harness.auto.stubs import Stubs
from harness.auto.surface import Class, Function, Parameter, Surface
from harness.case_specs import CaseSpec, ProgramSpec, StepSpec
from harness.program import Step
from harness.render import render
from harness.values import Named, Result

REPEATS = 6
"""Calls of the same function in one program, at most: some differences show at the second or third call only."""

CLASS_STEPS = 10
CHUNK = 90
"""Values per case where every value is called: fewer than Hypothesis's default number of examples."""

RECIPES_LIMIT = 6
"""Classes whose instances are tried as arguments."""

Cases = dict[str, CaseSpec]


@dataclass(frozen=True, slots=True)
class Subject:
    """What one item is about: a function, a class, a member of a class, or the constants."""

    name: str
    make: Callable[[], Cases]

    @property
    def case_name(self) -> str:
        """The name as a case file can hold it."""
        return self.name.replace(".", "-")


class Workshop:
    """Makes the cases of one extension.

    ``probe`` executes calls on the reference.  What was learnt of a function or class is kept.
    """

    def __init__(self, surface: Surface, stubs: Stubs, probe: Probe) -> None:
        self.surface = surface
        self.stubs = stubs
        self.probe = probe
        self._learnt: dict[str, tuple[Learnt, Layout]] = {}

    def subjects(self) -> list[Subject]:
        """Return what there is to make cases of, in the order of the surface; nothing is called yet."""
        found = [Subject(each, self._maker(self._constant_cases, each)) for each in self.surface.constants]
        found += [Subject(each.name, self._maker(self._function_cases, each)) for each in self.surface.functions]
        for cls in self.surface.classes:
            found.append(Subject(cls.name, self._maker(self._class_cases, cls)))
            for member in cls.methods:
                found.append(Subject(f"{cls.name}.{member.name}", self._maker(self._method_cases, cls, member)))
            for special in cls.special:
                if operations.operand_count(special.name) or special.name == "__call__":
                    make = self._maker(self._special_cases, cls, special.name)
                    found.append(Subject(f"{cls.name}.{special.name}", make))
        return found

    @staticmethod
    def _maker(function: Callable[..., Cases], *arguments: object) -> Callable[[], Cases]:
        return lambda: function(*arguments)

    # --- functions ---

    def _function_cases(self, function: Function) -> Cases:
        learnt, layout = self._learn_function(function.name, function.parameters)
        return self._call_cases(function.name, StepSpec(call=function.name), learnt, layout)

    def _call_cases(self, name: str, step: StepSpec, learnt: Learnt, layout: Layout) -> Cases:
        used, moved = self._used(learnt, layout)
        start = lay_out(used).specs
        good, odd = (shape(step, learnt.parameters, moved) for shape in (good_step, odd_step))
        key = name.replace(".", "-")
        cases = {key: _program(start, (good, odd), REPEATS)}
        if learnt.type and not any(learnt.type == cls.path for cls in self.surface.classes):
            # What it is cannot be seen from outside, only what can be done with it.
            used_steps = operations.steps_for_unknown(learnt.type, len(start))
            cases[f"{key}-used"] = _program((*start, good), used_steps, REPEATS)
        return cases | self._every_value(name, step, learnt, moved, start)

    def _every_value(
        self, name: str, step: StepSpec, learnt: Learnt, moved: dict[int, int], start: tuple[StepSpec, ...]
    ) -> Cases:
        """Return the cases that call with every value of each parameter that has few."""
        cases: Cases = {}
        for accepted in learnt.parameters:
            if accepted.domain is None or accepted.parameter.kind not in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD"):
                continue
            low, high = accepted.domain
            parts = -(-(high - low + 1) // CHUNK)
            size = -(-(high - low + 1) // parts)
            for part, first in enumerate(range(low, high + 1, size), 1):
                every = f"integers({first}, {min(first + size - 1, high)})"
                args, complete = _arguments_around(learnt.parameters, accepted, every, moved)
                if not complete:
                    continue
                steps = (*start, replace_fields(step, args=args))
                cases[f"{name.replace('.', '-')}-{accepted.parameter.name}-{part}"] = _program(steps, (), 0)
        return cases

    def _learn_function(self, name: str, parameters: tuple[Parameter, ...] | None) -> tuple[Learnt, Layout]:
        def make(positional: tuple[object, ...], keywords: tuple[tuple[str, object], ...]) -> Step:
            return Step("call", name, positional, keywords)

        layout = lay_out(self.recipes)
        return self._learn(name, make, parameters, layout, layout.kinds(self.recipes)), layout

    def _learn(
        self,
        name: str,
        make: Make,
        parameters: tuple[Parameter, ...] | None,
        layout: Layout,
        instances: Sequence[Kind] = (),
    ) -> Learnt:
        if name not in self._learnt:
            hints = self.stubs.hints(name, {kind.name.removeprefix("instance of "): kind for kind in instances})
            target = Target(layout.steps, make, self.stubs.parameters(name) or parameters)
            self._learnt[name] = learn(target, (*PLAIN, *instances), self.probe, hints=hints), layout
        return self._learnt[name][0]

    def _used(self, learnt: Learnt, layout: Layout) -> tuple[tuple[Recipe, ...], dict[int, int]]:
        """Return the recipes that a call needs, and where their instances are when only they are made."""
        by_place = dict(zip(layout.places, self.recipes))
        used = [place for place in instances_in(learnt.parameters) if place in by_place]
        recipes = tuple(by_place[place] for place in used)
        return recipes, dict(zip(used, lay_out(recipes).places))

    # --- instances ---

    @cached_property
    def recipes(self) -> tuple[Recipe, ...]:
        """How instances of the extension's classes are made, for those that can be made."""
        found: list[Recipe] = []
        waiting = list(self.surface.classes)
        # Twice: what needs an instance of another class finds it the second time.
        for _ in range(2):
            for cls in list(waiting):
                recipe = self._recipe(cls, tuple(found))
                if recipe is not None:
                    waiting.remove(cls)
                    found.append(recipe)
            found = found[:RECIPES_LIMIT] if waiting else found
        return tuple(found)

    def _recipe(self, cls: Class, known: tuple[Recipe, ...]) -> Recipe | None:
        layout = lay_out(known)
        constructors = [(cls.name, cls.parameters)]
        constructors += [(f"{cls.name}.{each.name}", each.parameters) for each in cls.methods if each.kind != "method"]
        constructors += [(each.name, each.parameters) for each in self.surface.functions]
        for name, parameters in constructors:

            def make(
                positional: tuple[object, ...], keywords: tuple[tuple[str, object], ...], name: str = name
            ) -> Step:
                return Step("call", name, positional, keywords)

            key = f"{name} with {len(known)}"
            hints = self.stubs.hints(name, {})
            if key not in self._learnt:
                target = Target(layout.steps, make, self.stubs.parameters(name) or parameters)
                self._learnt[key] = learn(target, (*PLAIN, *layout.kinds(known)), self.probe, hints=hints), layout
            learnt = self._learnt[key][0]
            if learnt.works and learnt.type == cls.path:
                recipe = Recipe(cls.name, cls.path, name, learnt, {})
                return with_needs(recipe, dict(zip(layout.places, known)))
        return self._attribute_recipe(cls)

    def _attribute_recipe(self, cls: Class) -> Recipe | None:
        owner = f"{self.surface.name}.{cls.name}"
        trials = self.probe([(Step("get", each, (Named(owner),)),) for each in cls.attributes])
        for attribute, trial in zip(cls.attributes, trials):
            if trial.word == "returned" and trial.type == cls.path:
                return Recipe(cls.name, cls.path, "", Learnt((), True), {}, attribute, owner)
        return None

    def recipe_of(self, cls: Class) -> Recipe | None:
        """Return how an instance of a class is made, or None if nobody knows."""
        return next((each for each in self.recipes if each.name == cls.name), None)

    # --- classes ---

    def _pair(self, cls: Class) -> tuple[Recipe, Layout] | None:
        """Return the recipe of a class and the steps that make two instances, the second to be an operand."""
        recipe = self.recipe_of(cls)
        return None if recipe is None else (recipe, lay_out((recipe, recipe)))

    def _learn_member(
        self, cls: Class, name: str, parameters: tuple[Parameter, ...] | None, make: Callable[[int], Make]
    ) -> tuple[Learnt, Layout, dict[int, int]] | None:
        pair = self._pair(cls)
        if pair is None:
            return None
        recipe, layout = pair
        on, other = layout.places
        kinds = Layout((), (), (other,)).kinds((recipe,))
        key = f"{cls.name}.{name}"
        return self._learn(key, make(on), parameters, layout, kinds), layout, {on: on, other: other}

    def _learn_method(self, cls: Class, method: Function) -> tuple[Learnt, Layout, dict[int, int]] | None:
        def make(place: int) -> Make:
            return lambda positional, keywords: Step("method", method.name, (Result(place), *positional), keywords)

        return self._learn_member(cls, method.name, method.parameters, make)

    def _learn_special(self, cls: Class, special: str) -> tuple[Learnt, Layout, dict[int, int]] | None:
        if special == "__call__":
            told = next(each.parameters for each in cls.special if each.name == special)
            return self._learn_method(cls, Function(special, "method", told))
        names = tuple(f"a{number}" for number in range(operations.operand_count(special)))
        parameters = tuple(Parameter(each, "POSITIONAL_ONLY", False) for each in names)

        def make(place: int) -> Make:
            return lambda positional, keywords: operations.fixed_step(special, place, positional)

        return self._learn_member(cls, special, parameters, make)

    def _method_cases(self, cls: Class, method: Function) -> Cases:
        name = f"{cls.name}.{method.name}"
        if method.kind != "method":
            learnt, layout = self._learn_function(name, method.parameters)
            return self._call_cases(name, StepSpec(call=name), learnt, layout)
        learned = self._learn_method(cls, method)
        if learned is None:
            return self._unmade(cls, name, StepSpec(call=name))
        learnt, layout, moved = learned
        on = layout.places[0]
        step = StepSpec(method=method.name, on=on)
        start = _start(layout, learnt)
        good, odd = (shape(step, learnt.parameters, moved) for shape in (good_step, odd_step))
        cases = {name.replace(".", "-"): _program(start, (good, odd), REPEATS)}
        return cases | self._every_value(name, step, learnt, moved, start)

    def _special_cases(self, cls: Class, special: str) -> Cases:
        name = f"{cls.name}.{special}"
        learned = self._learn_special(cls, special)
        if learned is None:
            return self._unmade(cls, name, StepSpec(call=cls.name))
        learnt, layout, moved = learned
        steps = self._special_steps(special, learnt, layout.places[0], moved)
        return {name.replace(".", "-"): _program(_start(layout, learnt), steps, REPEATS)}

    def _special_steps(
        self, special: str, learnt: Learnt, on: int | str, moved: dict[int, int]
    ) -> tuple[StepSpec, ...]:
        if special == "__call__":
            step = StepSpec(method=special, on=on)
            return good_step(step, learnt.parameters, moved), odd_step(step, learnt.parameters, moved)
        return tuple(
            operations.step_with_operands(
                special, on, tuple(expression_of(each, moved, wrap=wrap) for each in learnt.parameters)
            )
            for wrap in ("", "mostly")
        )

    def _class_cases(self, cls: Class) -> Cases:
        """Return the case that mixes all that instances of a class can do."""
        pair = self._pair(cls)
        name = cls.name.replace(".", "-")
        if pair is None:
            learnt, layout = self._learn_function(cls.name, cls.parameters)
            cases = self._call_cases(cls.name, StepSpec(call=cls.name), learnt, layout)
            if not learnt.works:
                # There is no instance: what the class itself shows is all.
                owner = f"named({f'{self.surface.name}.{cls.name}'!r})"
                reads = tuple(StepSpec(get=each, on=owner) for each in cls.attributes)
                cases[name] = _program((*reads, StepSpec(call=cls.name)), (), 0)
            return cases
        recipe, layout = pair
        members = self._members(cls)
        start = _start(layout, *(learnt for learnt, _ in members.values()))
        on, other = layout.places
        either = f"one_of(result({on}), result({other}))" if start == layout.specs else on
        cases = {name: _program(start, self._member_steps(cls, members, either), CLASS_STEPS)}
        if recipe.call == cls.name:
            cases |= self._subclass_cases(cls, recipe, members)
        learnt, made = self._learn_function(cls.name, cls.parameters)
        if learnt.works:
            called = self._call_cases(cls.name, StepSpec(call=cls.name), learnt, made)
            cases |= {f"{key}-made" if key == name else key: spec for key, spec in called.items()}
        return cases

    def _members(self, cls: Class) -> dict[str, tuple[Learnt, dict[int, int]]]:
        """Return what is learnt of the methods, and of the special methods that take operands, by name."""
        found = {}
        for method in cls.methods:
            learned = self._learn_method(cls, method) if method.kind == "method" else None
            if learned is not None:
                found[method.name] = learned[0], learned[2]
        for special in cls.special:
            if operations.operand_count(special.name) or special.name == "__call__":
                learned = self._learn_special(cls, special.name)
                if learned is not None:
                    found[special.name] = learned[0], learned[2]
        return found

    def _member_steps(
        self, cls: Class, members: dict[str, tuple[Learnt, dict[int, int]]], on: int | str
    ) -> tuple[StepSpec, ...]:
        """Return a step for everything that can be done with an instance."""
        steps: list[StepSpec] = []
        for name, (learnt, moved) in members.items():
            if name.startswith("__"):
                steps.append(self._special_steps(name, learnt, on, moved)[0])
            else:
                steps.append(good_step(StepSpec(method=name, on=on), learnt.parameters, moved))
        for attribute in cls.attributes:
            steps += self._attribute_steps(cls, attribute, on)
        for special in cls.special:
            steps += operations.steps_without_operands(special.name, on)
        steps += operations.steps_for_any(on)
        return tuple(each for number, each in enumerate(steps) if each not in steps[:number])

    def _subclass_cases(self, cls: Class, recipe: Recipe, members: dict[str, tuple[Learnt, dict[int, int]]]) -> Cases:
        """Return the case of an instance of a subclass, made in Python, whose methods call those of the class."""
        needs = lay_out(tuple(recipe.needs.values()))
        moved = dict(zip(recipe.needs, needs.places))
        place = len(needs.specs)
        apply = good_step(StepSpec(apply=place), recipe.learnt.parameters, moved)
        on = place + 1
        by_itself = {name: (learnt, dict.fromkeys(old, on)) for name, (learnt, old) in members.items()}
        overridden = {name: "inherited()" for name in members if not name.startswith("__")}
        cases = {}
        for suffix, methods in (("subclass", {}), ("overridden", overridden)):
            if suffix == "overridden" and not methods:
                continue
            start = (*needs.specs, StepSpec(subclass=cls.name, kwargs=dict(methods)), apply)
            steps = self._member_steps(cls, by_itself, on)
            cases[f"{cls.name.replace('.', '-')}-{suffix}"] = _program(start, steps, CLASS_STEPS)
        return cases

    def _attribute_steps(self, cls: Class, name: str, on: int | str) -> list[StepSpec]:
        """Return the steps that read an attribute, and write it if that was ever done without an error."""
        recipe = self.recipe_of(cls)
        assert recipe is not None, "there is an instance"
        layout = lay_out((recipe,))

        def make(positional: tuple[object, ...], keywords: tuple[tuple[str, object], ...]) -> Step:
            return Step("set", name, (Result(layout.places[0]), *positional))

        learnt = self._learn(f"{cls.name}.{name} =", make, (Parameter("value", "POSITIONAL_ONLY", False),), layout)
        (tried,) = self.probe([(*layout.steps, make((learnt.parameters[0].sample,), ()))])
        steps = [StepSpec(get=name, on=on)]
        if tried.word == "returned":
            steps.append(StepSpec(set=name, on=on, value=expression_of(learnt.parameters[0], {}, wrap="mostly")))
        return steps

    def _unmade(self, cls: Class, name: str, step: StepSpec) -> Cases:
        """Return the case of a member whose class has no instance that anybody could make: it is looked at."""
        owner = f"named({f'{self.surface.name}.{cls.name}'!r})"
        return {name.replace(".", "-"): _program((StepSpec(get=name.rpartition(".")[2], on=owner),), (), 0)}

    def _constant_cases(self, name: str) -> Cases:
        # A copy of what cannot change is the thing itself.
        step = StepSpec(builtin="copy.copy", on=f"named({f'{self.surface.name}.{name}'!r})")
        return {name.replace(".", "-"): _program((step,), (), 0)}


def _program(start: tuple[StepSpec, ...], steps: tuple[StepSpec, ...], max_steps: int) -> CaseSpec:
    return CaseSpec(program=ProgramSpec(start, steps, max_steps))


def _arguments_around(
    parameters: Sequence[Accepted], around: Accepted, expression: str, moved: dict[int, int]
) -> tuple[tuple[str, ...], bool]:
    """Return positional arguments with one drawn and the others fixed, and whether they can be told so."""
    args = []
    for each in parameters:
        if each is around:
            args.append(expression)
            if all(later.parameter.optional for later in parameters[parameters.index(each) + 1 :]):
                return tuple(args), True
            continue
        if not each.parameter.kind.startswith("POSITIONAL"):
            return (), False
        fixed = (
            f"result({moved[each.sample.step]})" if isinstance(each.sample, Result) else f"just({render(each.sample)})"
        )
        args.append(fixed)
    return tuple(args), all(not each.parameter.kind.startswith("KEYWORD") for each in parameters)


def _start(layout: Layout, *learnt: Learnt) -> tuple[StepSpec, ...]:
    """Return the steps that make the instances; the second one only if it is an operand anywhere."""
    needed = any(instances_in(each.parameters) for each in learnt)
    return layout.specs if needed else layout.specs[: layout.places[0] + 1]
