"""Learn what each parameter of a callable accepts, by trying it on the reference."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from harness.auto.kinds import (
    ANYTHING,
    CHARACTER,
    INTEGER,
    LIKELY_TEXTS,
    LIMITS,
    TEXT,
    Kind,
    integers_between,
)
from harness.auto.probing import Probe, Trial
from harness.auto.surface import Parameter
from harness.program import Step
from harness.values import Value

KINDS_LIMIT = 8
"""Kinds that one expression mixes: more would make each of them rare."""

INSTANCES_LIMIT = 2
"""Instances of own classes that are passed where anything is taken."""

SEARCH_LIMIT = 1600
"""Combinations that are tried where a refusal does not say which argument it is about: every one of two kinds."""

DOMAIN_LIMIT = 260
"""An integer parameter with no more values than this is called with every one of them."""

ARITY_LIMIT = 3
"""Arguments that are tried where there is no signature."""

SUBSUMED = {
    "list of anything": ("list of int", "list of float", "list of str", "list of list", "list of pairs"),
    "dict": ("dict of int", "dict of str", "dict by int"),
    "list of float": ("list of int",),
    "pair of float": ("pair of int",),
    "tuple": ("pair of int", "pair of str and int", "pair of float"),
    "int": ("bool",),
}
"""Kinds that another one draws as well."""

Make = Callable[[tuple[Value, ...], tuple[tuple[str, Value], ...]], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Target:
    """Something to call: the program for given arguments, whose last step it is, and its parameters."""

    make: Make
    parameters: tuple[Parameter, ...] | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one parameter accepts.

    ``expressions`` draw it, ``instances`` are those of the extension's own classes that it takes too, ``sample`` is
    one value that works.  ``domain`` holds every integer that it takes, if they are few.  ``careful`` says that some
    value ended the worker, so that nothing is drawn beyond what works.
    """

    parameter: Parameter
    expressions: tuple[str, ...]
    sample: Value
    instances: tuple[int, ...] = ()
    domain: tuple[int, int] | None = None
    careful: bool = False


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a callable accepts; ``works`` says whether any call got past the checks, ``type`` what it returns then."""

    parameters: tuple[Accepted, ...]
    works: bool
    type: str = ""
    trials: int = 0


def learn(
    target: Target,
    kinds: Sequence[Kind],
    probe: Probe,
    *,
    hints: dict[str, Kind] | None = None,
    seed: int = 0,
) -> Learnt:
    """Return what a callable accepts.

    ``hints`` are kinds by parameter, from annotations; they are tried first.  The calls that are tried depend on
    nothing but the arguments, ``seed``, and the answers.
    """
    if target.parameters is not None:
        return _Learner(target, kinds, probe, hints or {}, seed).learn()
    best = Learnt((), False)
    for arity in range(ARITY_LIMIT + 1):
        unnamed = tuple(Parameter(f"a{number}", "POSITIONAL_ONLY", False) for number in range(arity))
        found = _Learner(replace(target, parameters=unnamed), kinds, probe, {}, seed).learn()
        if found.works:
            return found
        best = best if best.parameters else found
    return best


@dataclass(slots=True)
class _Learner:
    target: Target
    kinds: Sequence[Kind]
    probe: Probe
    hints: dict[str, Kind]
    seed: int
    trials: int = 0
    chosen: dict[str, Value] = field(default_factory=dict)

    def learn(self) -> Learnt:
        parameters = self.target.parameters or ()
        required = [each for each in parameters if not each.optional and not each.kind.startswith("VAR_")]
        works = self._find_base(required)
        accepted = {}
        for parameter in (*required, *(each for each in parameters if each not in required)):
            accepted[parameter.name] = self._accepted(parameter, works)
            if works and not parameter.kind.startswith("VAR_") and parameter.kind != "KEYWORD_ONLY":
                # What comes after it among the positional ones can then be given.
                self.chosen[parameter.name] = accepted[parameter.name].sample
        self.chosen = {name: self.chosen[name] for name in self.chosen if name in {each.name for each in required}}
        (base,) = self._try([self.chosen])
        return Learnt(tuple(accepted[each.name] for each in parameters), works, base.type, self.trials)

    def _find_base(self, required: list[Parameter]) -> bool:
        """Choose a value for every required parameter; say whether a call with them gets past the checks."""
        for parameter in required:
            self.chosen[parameter.name] = self._kinds_for(parameter)[0].samples[0]
        for parameter in required:
            self._choose(parameter)
        (trial,) = self._try([self.chosen])
        if trial.word in ("returned", "raised") or not required:
            return trial.word != "refused"
        return self._search(required)

    def _choose(self, parameter: Parameter) -> None:
        """Choose a value that a parameter takes, whatever the others are."""
        values = [kind.samples[0] for kind in self._kinds_for(parameter)]
        trials = self._try([self.chosen | {parameter.name: value} for value in values])

        others = {each.name for each in self.target.parameters or ()} - {parameter.name}

        def rank(trial: Trial) -> int:
            if trial.word == "refused":
                return 2 if trial.blamed in others else 3
            return {"returned": 0, "raised": 1, "ended": 4}[trial.word]

        best = min(range(len(values)), key=lambda index: rank(trials[index]))
        self.chosen[parameter.name] = values[best]

    def _search(self, required: list[Parameter]) -> bool:
        """Try combinations at random: a refusal that names no parameter says nothing of any one of them."""
        chance = random.Random(self.seed)
        samples = {each.name: [kind.samples[0] for kind in self._kinds_for(each)] for each in required}
        every = len(next(iter(samples.values()))) ** len(required)
        if every <= SEARCH_LIMIT:
            combinations = [dict(zip(samples, values)) for values in product(*samples.values())]
        else:
            combinations = [
                {name: chance.choice(values) for name, values in samples.items()} for _ in range(SEARCH_LIMIT)
            ]
        trials = self._try(combinations)
        for word in ("returned", "raised"):
            for combination, trial in zip(combinations, trials):
                if trial.word == word:
                    self.chosen = combination
                    return True
        return False

    # --- one parameter ---

    def _accepted(self, parameter: Parameter, works: bool) -> Accepted:
        if not works:
            return Accepted(parameter, (ANYTHING.expression,), self.chosen.get(parameter.name))
        attempts = [(kind, value) for kind in (*self._kinds_for(parameter), ANYTHING) for value in kind.samples]
        trials = self._try([self._given(parameter, value) for _, value in attempts])
        past = [pair for pair, trial in zip(attempts, trials) if trial.word in ("returned", "raised")]
        # An empty list passes for a list of anything; a kind is taken by its first value.
        taken = {kind for kind, value in past if value is kind.samples[0]}
        good = [pair for pair in past if pair[0] in taken]
        returned = [pair for pair, trial in zip(attempts, trials) if trial.word == "returned" and pair in good]
        ended = any(trial.word == "ended" for trial in trials)
        names = list(dict.fromkeys(kind.name for kind, _ in good))
        if not names:
            return Accepted(parameter, (ANYTHING.expression,), self.chosen.get(parameter.name), careful=ended)
        sample = (returned or good)[0][1]
        if ANYTHING.name in names and not ended:
            instances = tuple(kind.instance for kind, _ in good if kind.instance is not None)
            return Accepted(
                parameter, (ANYTHING.expression,), sample, tuple(dict.fromkeys(instances))[:INSTANCES_LIMIT]
            )
        return self._mixed(parameter, good, returned, ended=ended)

    def _mixed(
        self,
        parameter: Parameter,
        good: list[tuple[Kind, Value]],
        returned: list[tuple[Kind, Value]],
        *,
        ended: bool,
    ) -> Accepted:
        kinds = list(dict.fromkeys(kind for kind, _ in good if kind is not ANYTHING))
        covered = {name for kind in kinds for name in SUBSUMED.get(kind.name, ())}
        kinds = [kind for kind in kinds if kind.name not in covered][:KINDS_LIMIT]
        expressions, domain = [], None
        for kind in kinds:
            if kind.instance is not None:
                continue
            if kind is INTEGER:
                low, high, hung = self._limits(parameter)
                ended = ended or hung
                expressions.append(integers_between(low, high, beyond=not ended))
                domain = (low, high) if high - low < DOMAIN_LIMIT else None
            elif kind is TEXT:
                expressions.append(self._text(parameter, good, returned))
            else:
                expressions.append(kind.expression)
        sample = (returned or good)[0][1]
        instances = tuple(kind.instance for kind in kinds if kind.instance is not None)
        return Accepted(parameter, tuple(expressions), sample, instances, domain, careful=ended)

    def _limits(self, parameter: Parameter) -> tuple[int, int, bool]:
        """Return the least and the greatest integer that are taken, and whether one ended the worker."""
        trials = self._try([self._given(parameter, value) for value in LIMITS])
        taken = [trial.word in ("returned", "raised") for trial in trials]
        start = min((index for index, each in enumerate(taken) if each), key=lambda index: abs(LIMITS[index]))
        low = high = start
        while low > 0 and taken[low - 1]:
            low -= 1
        while high < len(LIMITS) - 1 and taken[high + 1]:
            high += 1
        return LIMITS[low], LIMITS[high], any(trial.word == "ended" for trial in trials)

    def _text(self, parameter: Parameter, good: list[tuple[Kind, Value]], returned: list[tuple[Kind, Value]]) -> str:
        if [value for kind, value in good if kind is TEXT] == list(CHARACTER.samples):
            return CHARACTER.expression
        if any(kind is TEXT for kind, _ in returned):
            return TEXT.expression
        trials = self._try([self._given(parameter, value) for value in LIKELY_TEXTS])
        liked = [value for value, trial in zip(LIKELY_TEXTS, trials) if trial.word == "returned"]
        return f"one_of(sampled_from({liked!r}), {TEXT.expression})" if liked else TEXT.expression

    # --- calls ---

    def _kinds_for(self, parameter: Parameter) -> list[Kind]:
        hint = self.hints.get(parameter.name)
        return [*([hint] if hint else []), *(kind for kind in self.kinds if kind.samples)]

    def _given(self, parameter: Parameter, value: Value) -> dict[str, Value]:
        return {**self.chosen, parameter.name: value}

    def _try(self, attempts: list[dict[str, Value]]) -> list[Trial]:
        self.trials += len(attempts)
        return self.probe([self.target.make(*self._laid_out(each)) for each in attempts])

    def _laid_out(self, given: dict[str, Value]) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]:
        """Return positional and keyword arguments; what no position can reach is given by its name."""
        positional: list[Value] = []
        keywords: list[tuple[str, Value]] = []
        gap = False
        for parameter in self.target.parameters or ():
            present = parameter.name in given
            if parameter.kind == "VAR_POSITIONAL":
                positional += [given[parameter.name]] if present and not gap else []
            elif parameter.kind == "VAR_KEYWORD":
                keywords += [("extra", given[parameter.name])] if present else []
            elif parameter.kind == "KEYWORD_ONLY" or (gap and parameter.kind != "POSITIONAL_ONLY"):
                keywords += [(parameter.name, given[parameter.name])] if present else []
            elif present and not gap:
                positional.append(given[parameter.name])
            else:
                gap = True
        return tuple(positional), tuple(keywords)
