"""Recipes: how an instance of each of an extension's classes is made, as first steps of a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from harness.auto.kinds import ANYTHING, FIRST_INSTANCE
from harness.auto.learning import Accepted, Learnt
from harness.case_specs import StepSpec
from harness.program import Step
from harness.renumbering import renumbered, results_in
from harness.values import Named, Value

Places = Mapping[int, tuple[int, ...]]
"""For the number of an instance, the steps of a program that make one."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an instance of a class is made.

    ``call`` is what is called with ``learnt`` arguments; with ``attribute`` it is found there instead, on the class
    that ``owner`` names.  ``needs`` maps the instances that ``learnt`` speaks of to the recipes for them.
    """

    name: str
    path: str
    call: str
    learnt: Learnt
    needs: dict[int, Recipe]
    attribute: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """First steps that make instances: as a case writes them, and with one value for each argument.

    ``places`` tells where the instance of each recipe that was asked for is found.
    """

    specs: tuple[StepSpec, ...] = ()
    steps: tuple[Step, ...] = ()
    places: tuple[int, ...] = ()


def lay_out(recipes: Iterable[Recipe], offset: int = 0) -> Layout:
    """Return the steps that make one instance by each recipe, in order, the first being step ``offset``."""
    specs: list[StepSpec] = []
    steps: list[Step] = []
    places = []
    for recipe in recipes:
        inner = lay_out(recipe.needs.values(), offset + len(specs))
        specs += inner.specs
        steps += inner.steps
        moved = placed(recipe.needs, inner.places)
        places.append(offset + len(specs))
        if recipe.attribute:
            specs.append(StepSpec(get=recipe.attribute, on=f"named({recipe.owner!r})"))
            steps.append(Step("get", recipe.attribute, (Named(recipe.owner),)))
            continue
        specs.append(good_step(StepSpec(call=recipe.call), recipe.learnt.parameters, moved))
        positional, keywords = sample_arguments(recipe.learnt.parameters)
        steps.append(renumbered(Step("call", recipe.call, positional, keywords), dict(zip(recipe.needs, inner.places))))
    return Layout(tuple(specs), tuple(steps), tuple(places))


def placed(numbers: Iterable[int], places: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Return where each instance is, for numbers and places in the same order."""
    found: dict[int, tuple[int, ...]] = {}
    for number, place in zip(numbers, places):
        found[number] = (*found.get(number, ()), place)
    return found


def with_instances(before: tuple[Step, ...], step: Step, recipes: Mapping[int, Recipe]) -> tuple[Step, ...]:
    """Return the program of a step whose instances are made by recipes, after the steps that come before it."""
    needed = sorted({number for number in results_in(step) if number >= FIRST_INSTANCE})
    layout = lay_out((recipes[number] for number in needed), len(before))
    places = {number: number for number in range(len(before))} | dict(zip(needed, layout.places))
    return (*before, *layout.steps, renumbered(step, places))


def instances_in(parameters: Iterable[Accepted]) -> tuple[int, ...]:
    """Return the instances that any of these parameters takes, in order."""
    return tuple(sorted({number for each in parameters for number in each.instances}))


def sample_arguments(parameters: Sequence[Accepted]) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]:
    """Return one value for each required parameter."""
    required = [each for each in parameters if not each.parameter.optional]
    positional = tuple(each.sample for each in required if each.parameter.kind.startswith("POSITIONAL"))
    keywords = tuple((each.parameter.name, each.sample) for each in required if each.parameter.kind == "KEYWORD_ONLY")
    return positional, keywords


def expression_of(accepted: Accepted, moved: Places, *, wrap: str = "") -> str:
    """Return the expression for one parameter; ``wrap`` is a word around it, which draws other things too."""
    places = [place for number in accepted.instances for place in moved.get(number, ())]
    parts = [*accepted.expressions, *(f"result({place})" for place in places)]
    if places and accepted.expressions == (ANYTHING.expression,):
        # Hypothesis takes one_of() apart, and anything() is most of the parts; mostly() is not taken apart.
        instances = f"one_of({', '.join(parts[1:])})" if len(places) > 1 else parts[1]
        return f"one_of(mostly({instances}), mostly({ANYTHING.expression}))"
    mixed = parts[0] if len(parts) == 1 else f"one_of({', '.join(parts)})"
    return f"{wrap}({mixed})" if wrap and not accepted.careful and mixed != ANYTHING.expression else mixed


def good_step(step: StepSpec, parameters: Sequence[Accepted], moved: Places) -> StepSpec:
    """Return a step whose arguments are what its parameters accept; optional ones are given by name, or not."""
    args, kwargs = [], {}
    for each in parameters:
        text = expression_of(each, moved)
        match each.parameter.kind, each.parameter.optional:
            case (("VAR_POSITIONAL" | "VAR_KEYWORD"), _):
                step = _with_rest(step, each, text)
            case "KEYWORD_ONLY", False:
                kwargs[each.parameter.name] = text
            case (("POSITIONAL_OR_KEYWORD" | "KEYWORD_ONLY"), True):
                kwargs[each.parameter.name] = f"one_of(absent(), {text})"
            case _, optional:
                args.append(f"one_of(absent(), {text})" if optional else text)
    return replace_fields(step, args=tuple(args), kwargs=kwargs)


def odd_step(step: StepSpec, parameters: Sequence[Accepted], moved: Places) -> StepSpec:
    """Return a step that probes the checks: any argument may be anything, be missing, or be one too many."""
    args, kwargs = [], {}
    rest = False
    for each in parameters:
        text = expression_of(each, moved, wrap="mostly")
        if each.parameter.kind.startswith("VAR_"):
            rest = True
            step = _with_rest(step, each, text)
        elif each.parameter.kind == "KEYWORD_ONLY":
            kwargs[each.parameter.name] = f"one_of(absent(), {text})"
        else:
            args.append(f"one_of(absent(), {text})" if each.parameter.optional else text)
    if not rest:
        few = ", ".join(["[]"] * 7)
        step = replace_fields(
            step,
            extra_args=f"sampled_from([{few}, [None]])",
            extra_kwargs=f"sampled_from([{few.replace('[]', '{}')}, {{'unexpected': 1}}])",
        )
    return replace_fields(step, args=tuple(args), kwargs=kwargs)


def replace_fields(step: StepSpec, **fields: object) -> StepSpec:
    """Return a step with other fields."""
    return msgspec.structs.replace(step, **fields)


def _with_rest(step: StepSpec, accepted: Accepted, text: str) -> StepSpec:
    if accepted.parameter.kind == "VAR_POSITIONAL":
        return replace_fields(step, extra_args=f"lists({text}, max_size=3)")
    return replace_fields(step, extra_kwargs=f"dictionaries(identifiers(), {text}, max_size=2)")


def with_needs(recipe: Recipe, needs: Mapping[int, Recipe]) -> Recipe:
    """Return a recipe with what it needs, reduced to what its parameters take."""
    used = instances_in(recipe.learnt.parameters)
    return replace(recipe, needs={number: needs[number] for number in used})
