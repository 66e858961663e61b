"""Find out on the reference what an extension's callables accept, and how instances of its classes are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from harness.auto.kinds import FIRST_INSTANCE, PLAIN, instance_kind
from harness.auto.learning import Learnt, Make, Target, learn
from harness.auto.probing import Probe
from harness.auto.recipes import Recipe, lay_out, with_instances, with_needs
from harness.auto.stubs import Stubs
from harness.auto.surface import Class, Parameter, Surface
from harness.case_specs import StepSpec
from harness.program import Step
from harness.strategies import fixed_program
from harness.values import Named, Result, Value

Arguments = tuple[Value, ...]
Keywords = tuple[tuple[str, Value], ...]
MakeOn = Callable[[int, Arguments, Keywords], Step]
"""Returns the step on the instance at a place, for given arguments."""


class Scout:
    """Learns, each thing when it is first asked for, and keeps what was learnt.

    Instances are numbered by their class's place in the surface, from ``FIRST_INSTANCE`` on.
    """

    def __init__(self, surface: Surface, stubs: Stubs, probe: Probe) -> None:
        self.surface = surface
        self.stubs = stubs
        self.probe = probe
        self._learnt: dict[str, Learnt] = {}

    @cached_property
    def recipes(self) -> Mapping[int, Recipe]:
        """How instances are made, by number, for the classes of which any can be made."""
        found: dict[int, Recipe] = {}
        # Twice: what needs an instance of a later class finds it the second time.
        for _ in range(2):
            for index, cls in enumerate(self.surface.classes):
                if FIRST_INSTANCE + index not in found:
                    recipe = self._recipe(cls, found)
                    if recipe is not None:
                        found[FIRST_INSTANCE + index] = recipe
        return found

    def recipe_of(self, cls: Class) -> Recipe | None:
        """Return how an instance of a class is made, or None if nobody knows."""
        return self.recipes.get(FIRST_INSTANCE + self.surface.classes.index(cls))

    def of_call(self, name: str, parameters: tuple[Parameter, ...] | None) -> Learnt:
        """Return what a function or class accepts, given by its dotted name."""
        return self._of_call(name, parameters, self.recipes)

    def of_member(self, cls: Class, name: str, parameters: tuple[Parameter, ...] | None, make: MakeOn) -> Learnt | None:
        """Return what a step on an instance accepts, or None if there is no instance; ``name`` is its key."""
        recipe = self.recipe_of(cls)
        if recipe is None:
            return None
        layout = lay_out((recipe,))
        (place,) = layout.places

        def on_instance(positional: Arguments, keywords: Keywords) -> tuple[Step, ...]:
            return with_instances(layout.steps, make(place, positional, keywords), self.recipes)

        # Its own class first: where anything is taken, few instances are passed.
        own = FIRST_INSTANCE + self.surface.classes.index(cls)
        recipes = {own: recipe, **self.recipes}
        return self._learn(f"{cls.name}.{name}", on_instance, parameters, recipes)

    def is_written(self, cls: Class, attribute: str) -> tuple[Learnt, bool]:
        """Return what an attribute of an instance accepts, and whether writing it was ever done without an error."""
        made = self.of_member(cls, f"{attribute} =", (Parameter("value", "POSITIONAL_ONLY", False),), _set(attribute))
        recipe = self.recipe_of(cls)
        assert made is not None, "there is an instance"
        assert recipe is not None, "there is an instance"
        layout = lay_out((recipe,))
        step = _set(attribute)(layout.places[0], (made.parameters[0].sample,), ())
        (trial,) = self.probe([with_instances(layout.steps, step, self.recipes)])
        return made, trial.word == "returned"

    def does(self, cls: Class, specs: Sequence[StepSpec]) -> tuple[StepSpec, ...]:
        """Return those of some steps, each on the instance that a recipe makes, that are done without an error."""
        recipe = self.recipe_of(cls)
        assert recipe is not None, "there is an instance"
        layout = lay_out((recipe,))
        steps = [fixed_program((each,), self.surface.name).steps[0] for each in specs]
        trials = self.probe([with_instances(layout.steps, each, self.recipes) for each in steps])
        return tuple(spec for spec, trial in zip(specs, trials) if trial.word == "returned")

    def can_be_base(self, cls: Class) -> bool:
        """Say whether a subclass of a class can be made in Python."""
        (trial,) = self.probe([(Step("subclass", cls.name),)])
        return trial.word == "returned"

    # --- helpers ---

    def _of_call(self, name: str, parameters: tuple[Parameter, ...] | None, known: Mapping[int, Recipe]) -> Learnt:
        def call(positional: Arguments, keywords: Keywords) -> tuple[Step, ...]:
            return with_instances((), Step("call", name, positional, keywords), known)

        return self._learn(name, call, parameters, known)

    def _learn(
        self, name: str, make: Make, parameters: tuple[Parameter, ...] | None, known: Mapping[int, Recipe]
    ) -> Learnt:
        key = f"{name} with {len(known)}"
        if key not in self._learnt:
            instances = {recipe.name: instance_kind(recipe.name, number) for number, recipe in known.items()}
            target = Target(make, self.stubs.parameters(name) or parameters)
            hints = self.stubs.hints(name, instances)
            self._learnt[key] = learn(target, (*PLAIN, *instances.values()), self.probe, hints=hints)
        return self._learnt[key]

    def _recipe(self, cls: Class, known: Mapping[int, Recipe]) -> Recipe | None:
        constructors = [(cls.name, cls.parameters)]
        constructors += [(f"{cls.name}.{each.name}", each.parameters) for each in cls.methods if each.kind != "method"]
        constructors += [(each.name, each.parameters) for each in self.surface.functions]
        for name, parameters in constructors:
            learnt = self._of_call(name, parameters, dict(known))
            if learnt.works and learnt.type == cls.path:
                return with_needs(Recipe(cls.name, cls.path, name, learnt, {}), known)
        return self._attribute_recipe(cls)

    def _attribute_recipe(self, cls: Class) -> Recipe | None:
        owner = f"{self.surface.name}.{cls.name}"
        trials = self.probe([(Step("get", each, (Named(owner),)),) for each in cls.attributes])
        for attribute, trial in zip(cls.attributes, trials):
            if trial.word == "returned" and trial.type == cls.path:
                return Recipe(cls.name, cls.path, "", Learnt((), True), {}, attribute, owner)
        return None


def _set(attribute: str) -> MakeOn:
    return lambda place, positional, keywords: Step("set", attribute, (Result(place), *positional))
