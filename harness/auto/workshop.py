"""From a surface and what the reference accepts to cases: one subject at a time, each when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from harness.auto import operations
from harness.auto.kinds import ANYTHING
from harness.auto.learning import Accepted, Learnt
from harness.auto.recipes import (
    Places,
    Recipe,
    expression_of,
    good_step,
    instances_in,
    lay_out,
    odd_step,
    placed,
    replace_fields,
)
from harness.auto.scouting import MakeOn, Scout
from harness.auto.surface import Class, Function, Parameter
from harness.case_specs import CaseSpec, ProgramSpec, StepSpec
from harness.program import PLAIN, Context, Step
from harness.render import render
from harness.values import Result

REPEATS = 6
"""Steps of the same kind in one program, at most: some differences show at the second or third call only."""

CLASS_STEPS = 10
LIVES_EXAMPLES = 25
LACKS_EXAMPLES = 10
"""For what was refused whatever it was tried with: rare, but it occurs."""

# At the exit of a process of its own a call costs as much as many examples.
EVERY_CONTEXT: tuple[Context, ...] = tuple(each for each in get_args(Context) if each not in (PLAIN, "exit"))
CHUNK = 90
"""Values per case where every value is called: fewer than Hypothesis's default number of examples."""

OPERANDS_LIMIT = 4
"""Instances beside its own that the case of a whole class makes."""

SURFACE = "surface"
"""The subject that has no case: what can be seen without calling anything, which every case file has too."""

Cases = dict[str, CaseSpec]


@dataclass(frozen=True, slots=True)
class Subject:
    """What one item is about: a function, a class, a member of a class, or a constant."""

    name: str
    make: Callable[[], Cases]

    @property
    def case_name(self) -> str:
        """The name as a case file can hold it."""
        return case_name(self.name)


def case_name(name: str) -> str:
    """Return a dotted name as the name of a case."""
    return name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Place:
    """First steps of a case: what they are, where the instance is that the rest works on, and where operands are."""

    start: tuple[StepSpec, ...]
    on: int
    moved: Places


class Workshop:
    """Makes the cases of one extension."""

    def __init__(self, scout: Scout) -> None:
        self.scout = scout
        self.surface = scout.surface

    def subjects(self) -> list[Subject]:
        """Return what there is to make cases of, in the order of the surface; nothing is called yet."""
        found = [Subject(SURFACE, dict)]
        found += [Subject(each, self._maker(self._constant_cases, each)) for each in self.surface.constants]
        found += [Subject(each.name, self._maker(self._function_cases, each)) for each in self.surface.functions]
        for cls in self.surface.classes:
            found.append(Subject(cls.name, self._maker(self._class_cases, cls)))
            for member in cls.methods:
                found.append(Subject(f"{cls.name}.{member.name}", self._maker(self._method_cases, cls, member)))
            for attribute in cls.attributes:
                make = self._maker(self._attribute_cases, cls, attribute)
                found.append(Subject(f"{cls.name}.{attribute}", make))
            for special in cls.special:
                if operations.operand_count(special.name) or special.name == "__call__":
                    make = self._maker(self._special_cases, cls, special.name)
                    found.append(Subject(f"{cls.name}.{special.name}", make))
        return found

    @staticmethod
    def _maker(function: Callable[..., Cases], *arguments: object) -> Callable[[], Cases]:
        return lambda: function(*arguments)

    # --- functions and constants ---

    def _constant_cases(self, name: str) -> Cases:
        # A copy of what cannot change is the thing itself.
        return {case_name(name): program((StepSpec(builtin="copy.copy", on=self._named(name)),), (), 0)}

    def _named(self, name: str) -> str:
        return f"named({f'{self.surface.name}.{name}'!r})"

    def _function_cases(self, function: Function) -> Cases:
        return self._call_cases(function.name, self.scout.of_call(function.name, function.parameters))

    def _call_cases(self, name: str, learnt: Learnt) -> Cases:
        numbers = instances_in(learnt.parameters)
        layout = lay_out(self.scout.recipes[each] for each in numbers)
        moved = placed(numbers, layout.places)
        step = StepSpec(call=name)
        good, odd = (shape(step, learnt.parameters, moved) for shape in (good_step, odd_step))
        cases = {case_name(name): program(layout.specs, (good, odd), REPEATS)}
        if layout.places or any(ANYTHING.expression in each.expressions for each in learnt.parameters):
            # What was passed may die after the call, or be kept.
            ends = (*(StepSpec(forget=place) for place in layout.places), StepSpec(collect=2))
            cases[f"{case_name(name)}-lives"] = lives((*layout.specs, good), ends, len(ends))
        if not learnt.parameters:
            # There is nothing to draw but where it is called, so each place has its turn.
            everywhere = CaseSpec(program=ProgramSpec((good,)), contexts=EVERY_CONTEXT)
            cases[f"{case_name(name)}-contexts"] = everywhere
        if learnt.type and not any(learnt.type == cls.path for cls in self.surface.classes):
            # What it is cannot be seen from outside, only what can be done with it.
            used = operations.steps_for_unknown(learnt.type, len(layout.specs))
            cases[f"{case_name(name)}-used"] = program((*layout.specs, good), used, REPEATS)
        return cases | every_value(name, step, learnt, Place(layout.specs, 0, moved))

    # --- classes ---

    def _place(self, recipe: Recipe, learnt: Iterable[Learnt], limit: int | None = None) -> Place:
        """Return the steps that make an instance, and the operands that what was learnt speaks of."""
        numbers = instances_in(parameter for each in learnt for parameter in each.parameters)[:limit]
        layout = lay_out((recipe, *(self.scout.recipes[each] for each in numbers)))
        own = next(number for number, each in self.scout.recipes.items() if each is recipe)
        # An operand of its own class may be the instance itself.
        return Place(layout.specs, layout.places[0], placed((own, *numbers), layout.places))

    def _method_cases(self, cls: Class, method: Function) -> Cases:
        name = f"{cls.name}.{method.name}"
        if method.kind != "method":
            return self._call_cases(name, self.scout.of_call(name, method.parameters))
        recipe, learnt = self.scout.recipe_of(cls), self._learn_method(cls, method.name, method.parameters)
        if recipe is None or learnt is None:
            return self._looked_at(name)
        place = self._place(recipe, [learnt])
        step = StepSpec(method=method.name, on=place.on)
        good, odd = (shape(step, learnt.parameters, place.moved) for shape in (good_step, odd_step))
        return {case_name(name): program(place.start, (good, odd), REPEATS)} | every_value(name, step, learnt, place)

    def _special_cases(self, cls: Class, special: str) -> Cases:
        name = f"{cls.name}.{special}"
        recipe, learnt = self.scout.recipe_of(cls), self._learn_special(cls, special)
        if recipe is None or learnt is None:
            return self._looked_at(name)
        place = self._place(recipe, [learnt])
        steps = _special_steps(special, learnt, place.on, place.moved)
        return {case_name(name): program(place.start, steps, REPEATS) if learnt.works else lacks(place.start, steps)}

    def _attribute_cases(self, cls: Class, attribute: str) -> Cases:
        name = f"{cls.name}.{attribute}"
        recipe = self.scout.recipe_of(cls)
        if recipe is None:
            return self._looked_at(name)
        learnt, written = self.scout.is_written(cls, attribute)
        place = self._place(recipe, [learnt])
        values = [expression_of(learnt.parameters[0], place.moved, wrap=wrap) for wrap in ("", "mostly")]
        writes = [StepSpec(set=attribute, on=place.on, value=each) for each in values]
        read, deletion = StepSpec(get=attribute, on=place.on), StepSpec(delete=attribute, on=place.on)
        deleted = self.scout.does(cls, [deletion])
        done = (read, *(writes if written else ()), *deleted)
        refused = (*(() if written else writes), *(() if deleted else (deletion,)))
        return self._done_and_lacking(case_name(name), place.start, done, refused)

    @staticmethod
    def _done_and_lacking(
        name: str, start: tuple[StepSpec, ...], done: Sequence[StepSpec], refused: Sequence[StepSpec]
    ) -> Cases:
        """Return the case of what an instance does, and that of what it does not, if there is any of it."""
        cases = {name: program(start, tuple(done), REPEATS)} if done else {}
        return cases | ({f"{name}-lacks": lacks(start, tuple(refused))} if refused else {})

    def _looked_at(self, name: str) -> Cases:
        """Return the case of a member whose class has no instance that anybody could make."""
        owner, _, last = name.rpartition(".")
        return {case_name(name): program((StepSpec(get=last, on=self._named(owner)),), (), 0)}

    def _class_cases(self, cls: Class) -> Cases:
        """Return the cases that mix all that instances of a class and of subclasses can do."""
        name = case_name(cls.name)
        learnt = self.scout.of_call(cls.name, cls.parameters)
        made = self._call_cases(cls.name, learnt)
        recipe = self.scout.recipe_of(cls)
        looked = tuple(StepSpec(get=each, on=self._named(cls.name)) for each in (*cls.attributes, "__doc__"))
        shown = {f"{name}-itself": program((), (*looked, StepSpec(builtin="repr", on=self._named(cls.name))), REPEATS)}
        if recipe is None:
            return made | shown
        members = self._members(cls)
        place = self._place(recipe, members.values(), OPERANDS_LIMIT)
        own = next(places for places in place.moved.values() if place.on in places)
        either = f"one_of({', '.join(f'result({each})' for each in own)})" if len(own) > 1 else place.on
        able = {each: learnt for each, learnt in members.items() if learnt.works}
        steps = self._member_steps(cls, able, either, place.moved)
        refused = [each for each in self._member_steps(cls, members, either, place.moved) if each not in steps]
        cases = {
            name: program(place.start, steps, CLASS_STEPS),
            f"{name}-lives": lives(place.start, self._last_steps(cls, able, place), REPEATS),
        }
        if refused:
            cases[f"{name}-lacks"] = lacks(place.start, tuple(refused))
        alone = lay_out((recipe,))
        # What any object can do is apart, for it is most of what a small class can.
        anyway = operations.steps_for_any(alone.places[0])
        done = self.scout.does(cls, anyway)
        cases |= self._done_and_lacking(f"{name}-any", alone.specs, done, [each for each in anyway if each not in done])
        if recipe.call == cls.name:
            cases |= self._subclass_cases(cls, recipe, able)
        return cases | {f"{name}-made{key.removeprefix(name)}": spec for key, spec in made.items()} | shown

    def _last_steps(self, cls: Class, members: dict[str, Learnt], place: Place) -> tuple[StepSpec, ...]:
        """Return what is done before objects are let go: methods, and the letting go."""
        called = [
            good_step(StepSpec(method=name, on=place.on), learnt.parameters, place.moved)
            for name, learnt in members.items()
            if not name.startswith("__")
        ]
        ends = [StepSpec(forget=each) for places in place.moved.values() for each in places]
        return (*called, *ends, StepSpec(collect=2))

    def _members(self, cls: Class) -> dict[str, Learnt]:
        """Return what is learnt of the methods, and of the special methods that take operands, by name."""
        found = {
            each.name: self._learn_method(cls, each.name, each.parameters)
            for each in cls.methods
            if each.kind == "method"
        }
        for special in cls.special:
            if operations.operand_count(special.name) or special.name == "__call__":
                found[special.name] = self._learn_special(cls, special.name)
        return {name: learnt for name, learnt in found.items() if learnt is not None}

    def _member_steps(
        self, cls: Class, members: dict[str, Learnt], on: int | str, moved: Places
    ) -> tuple[StepSpec, ...]:
        """Return a step for everything that can be done with an instance."""
        steps: list[StepSpec] = []
        for name, learnt in members.items():
            if name.startswith("__"):
                steps.append(_special_steps(name, learnt, on, moved)[0])
            else:
                steps.append(good_step(StepSpec(method=name, on=on), learnt.parameters, moved))
        for attribute in cls.attributes:
            steps.append(StepSpec(get=attribute, on=on))
            learnt, written = self.scout.is_written(cls, attribute)
            if written:
                value = expression_of(learnt.parameters[0], moved, wrap="mostly")
                steps.append(StepSpec(set=attribute, on=on, value=value))
        for special in cls.special:
            steps += operations.steps_without_operands(special.name, on)
        return tuple(each for number, each in enumerate(steps) if each not in steps[:number])

    def _subclass_cases(self, cls: Class, recipe: Recipe, members: dict[str, Learnt]) -> Cases:
        """Return the cases of an instance of a subclass, made in Python: a plain one, and one that overrides."""
        if not self.scout.can_be_base(cls):
            return {f"{case_name(cls.name)}-subclass": program((StepSpec(subclass=cls.name),), (), 0)}
        numbers = instances_in(parameter for each in members.values() for parameter in each.parameters)
        operands = [*recipe.needs.items(), *((each, self.scout.recipes[each]) for each in numbers[:OPERANDS_LIMIT])]
        layout = lay_out(each for _, each in operands)
        moved = placed((number for number, _ in operands), layout.places)
        place = len(layout.specs)
        apply = good_step(StepSpec(apply=place), recipe.learnt.parameters, moved)
        overridden = {name: "inherited()" for name in members if not name.startswith("__")}
        steps = self._member_steps(cls, members, place + 1, moved)
        cases = {}
        for suffix, methods in (("subclass", {}), ("overridden", overridden)):
            if suffix == "subclass" or methods:
                start = (*layout.specs, StepSpec(subclass=cls.name, kwargs=dict(methods)), apply)
                cases[f"{case_name(cls.name)}-{suffix}"] = program(start, steps, CLASS_STEPS)
        return cases

    def _learn_method(self, cls: Class, name: str, parameters: tuple[Parameter, ...] | None) -> Learnt | None:
        return self.scout.of_member(
            cls,
            name,
            parameters,
            lambda place, positional, keywords: Step("method", name, (Result(place), *positional), keywords),
        )

    def _learn_special(self, cls: Class, special: str) -> Learnt | None:
        if special == "__call__":
            told = next(each.parameters for each in cls.special if each.name == special)
            return self._learn_method(cls, special, told)
        names = tuple(f"a{number}" for number in range(operations.operand_count(special)))
        parameters = tuple(Parameter(each, "POSITIONAL_ONLY", False) for each in names)
        make: MakeOn = lambda place, positional, keywords: operations.fixed_step(special, place, positional)  # noqa: E731
        return self.scout.of_member(cls, special, parameters, make)


def _special_steps(special: str, learnt: Learnt, on: int | str, moved: Places) -> tuple[StepSpec, ...]:
    """Return a step with operands that are taken, and one with operands that need not be."""
    if special == "__call__":
        step = StepSpec(method=special, on=on)
        return good_step(step, learnt.parameters, moved), odd_step(step, learnt.parameters, moved)
    return tuple(
        operations.step_with_operands(
            special, on, tuple(expression_of(each, moved, wrap=wrap) for each in learnt.parameters)
        )
        for wrap in ("", "mostly")
    )


def every_value(name: str, step: StepSpec, learnt: Learnt, place: Place) -> Cases:
    """Return the cases that call with every value of each parameter that has few."""
    cases: Cases = {}
    for accepted in learnt.parameters:
        if accepted.domain is None:
            continue
        low, high = accepted.domain
        parts = -(-(high - low + 1) // CHUNK)
        size = -(-(high - low + 1) // parts)
        for part, first in enumerate(range(low, high + 1, size), 1):
            every = f"integers({first}, {min(first + size - 1, high)})"
            args = _arguments_around(learnt.parameters, accepted, every, place.moved)
            if args is not None:
                steps = (*place.start, replace_fields(step, args=args))
                # In no context: then there are no more examples than values, and every one is drawn.
                every_one = CaseSpec(program=ProgramSpec(steps), contexts=())
                cases[f"{case_name(name)}-{accepted.parameter.name}-{part}"] = every_one
    return cases


def _arguments_around(
    parameters: Sequence[Accepted], around: Accepted, expression: str, moved: Places
) -> tuple[str, ...] | None:
    """Return positional arguments with one drawn and the others fixed; None if they cannot be told so."""
    args = []
    for each in parameters:
        if not each.parameter.kind.startswith("POSITIONAL"):
            return None
        if each is around:
            args.append(expression)
            if all(later.parameter.optional for later in parameters[parameters.index(each) + 1 :]):
                return tuple(args)
        elif isinstance(each.sample, Result):
            args.append(f"result({moved[each.sample.step][0]})")
        else:
            args.append(f"just({render(each.sample)})")
    return tuple(args)


def program(start: tuple[StepSpec, ...], steps: tuple[StepSpec, ...], max_steps: int) -> CaseSpec:
    """Return a case that is a program, and shows the state of objects."""
    return CaseSpec(program=ProgramSpec(start, steps, max_steps), observe=("state",))


def lacks(start: tuple[StepSpec, ...], steps: tuple[StepSpec, ...]) -> CaseSpec:
    """Return a case of what was refused whatever it was tried with: few examples, for most of them do nothing."""
    return CaseSpec(program=ProgramSpec(start, steps, REPEATS), observe=("state",), max_examples=LACKS_EXAMPLES)


def lives(start: tuple[StepSpec, ...], steps: tuple[StepSpec, ...], max_steps: int) -> CaseSpec:
    """Return a case that shows which objects died: few examples, for each ends with a collection of garbage."""
    made = ProgramSpec(start, steps, max_steps)
    return CaseSpec(program=made, observe=("lifetimes",), max_examples=LIVES_EXAMPLES)
