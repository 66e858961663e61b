"""From a case to the strategy that draws its programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness import vocabulary
from harness.case_specs import EarlierSpec, Expression, StepSpec, source_of
from harness.cases import Case
from harness.handshake import Capabilities
from harness.program import PLAIN, Context, Observe, Program, Step
from harness.values import Absent, Result, Value

Programs = SearchStrategy[Program]
DrawStep = SearchStrategy[Step]


def programs_of(case: Case, module: str, capabilities: Capabilities) -> Programs:
    """Return the strategy for a case's programs.

    ``capabilities`` are those that all backends of the run have: what one lacks is never drawn.
    """
    spec = case.spec
    contexts = DRAWN_CONTEXTS if spec.contexts is None else _weighed(spec.contexts)
    contexts = tuple(each for each in contexts if each in capabilities.contexts)
    if not contexts or set(contexts) == {PLAIN}:
        programs = _plain_programs(case, module)
        if spec.observe:
            programs = programs.map(lambda program: replace(program, observe=spec.observe))
    else:
        # The context first, so that what is shrunk first is where the calls are made.
        programs = st.tuples(st.sampled_from(contexts), _plain_programs(case, module)).map(
            lambda drawn: replace(drawn[1], context=drawn[0], observe=spec.observe)
        )
    return _supported(programs, capabilities)


def _weighed(contexts: Sequence[Context]) -> tuple[Context, ...]:
    """Return what to sample a context from: plain first, which is what shrinking goes for."""
    return (PLAIN,) * (PLAIN_SHARE * len(contexts)) + tuple(each for each in contexts if each != PLAIN)


PLAIN_SHARE = 3
"""How many examples are plain for each that is not, where a case names its contexts."""

# One example in five is in a context, and few are in those that cost as much as many examples do.
_CHEAP: tuple[Context, ...] = (
    *("except", "finally", "generator", "comprehension", "class", "callback", "del"),
    *("settrace", "setprofile", "recursion", "optimised", "warnings", "twice"),
)
DRAWN_CONTEXTS: tuple[Context, ...] = (PLAIN,) * 160 + _CHEAP * 3 + ("thread", "executor", "gc", "task")


def _plain_programs(case: Case, module: str) -> Programs:
    spec = case.spec
    if spec.program is None:
        name = spec.call or case.name
        return _arguments(spec.args, spec.kwargs, spec.extra_args, spec.extra_kwargs).map(
            lambda drawn: Program(module, (Step("call", name, *drawn),))
        )
    start = [step_strategy(each) for each in spec.program.start]
    if not spec.program.steps:
        return st.tuples(*start).map(lambda steps: Program(module, _linked(steps)))
    then = st.lists(st.one_of([step_strategy(each) for each in spec.program.steps]), max_size=spec.program.max_steps)
    drawn = st.tuples(st.tuples(*start), then)
    return drawn.map(lambda parts: Program(module, _linked((*parts[0], *parts[1]))))


def fixed_program(
    steps: tuple[StepSpec, ...],
    module: str,
    *,
    context: Context = PLAIN,
    observe: tuple[Observe, ...] = (),
    after: tuple[EarlierSpec, ...] = (),
) -> Program:
    """Return the program that a known divergence stores: its expressions are values, nothing is drawn."""
    before = tuple(
        fixed_program(
            each.program, module, context=each.context, observe=observe if each.observe is None else each.observe
        )
        for each in after
    )
    return Program(module, tuple(_fixed_step(each) for each in steps), context, observe, before)


def example_programs(case: Case, module: str) -> tuple[Program, ...]:
    """Return the programs of a case's fixed examples."""
    spec = case.spec
    return tuple(
        fixed_program(
            each.program or (StepSpec(call=spec.call or case.name, args=each.args, kwargs=each.kwargs),),
            module,
            context=each.context,
            observe=spec.observe,
            after=each.after,
        )
        for each in spec.examples
    )


def executable(programs: Iterable[Program], capabilities: Capabilities) -> tuple[Program, ...]:
    """Return those programs that every backend of the run can execute."""
    return tuple(
        program
        for program in programs
        if all(each.context in (PLAIN, *capabilities.contexts) for each in (program, *program.after))
        and (capabilities.surrogate_pairs or not _has_surrogate_pair(program))
    )


def step_strategy(spec: StepSpec) -> DrawStep:
    """Return the strategy for one step of a case file."""
    target = _target(spec)
    kind = spec.kind
    count, name = _count_and_name(spec)
    if kind in ("forget", "collect"):
        return st.just(Step(kind, count=count))
    if kind in ("iterate", "pickle"):
        return target.map(lambda on: Step(kind, "", (on,), count=count))
    arguments = _arguments(spec.args, spec.kwargs, spec.extra_args, spec.extra_kwargs)
    if kind in ("call", "subclass", "surface"):
        return arguments.map(lambda drawn: Step(kind, name, *drawn))
    if kind == "set":
        value = vocabulary.evaluate_strategy(source_of(spec.value))
        return st.tuples(target, value).map(lambda drawn: Step("set", name, drawn))
    return st.tuples(target, arguments).map(lambda drawn: _operation(spec, name, drawn[0], *drawn[1]))


def _operation(
    spec: StepSpec, name: str, target: Value, arguments: tuple[Value, ...], keywords: tuple[tuple[str, Value], ...]
) -> Step:
    operands = (target, *arguments)
    if spec.reflected and len(operands) > 1:
        operands = (operands[1], operands[0], *operands[2:])
    return Step(spec.kind, name, operands, keywords)


def _target(spec: StepSpec) -> SearchStrategy[Value]:
    on = spec.on if spec.apply is None else spec.apply
    return st.just(Result(on)) if isinstance(on, int) else vocabulary.evaluate_strategy(on)


def _count_and_name(spec: StepSpec) -> tuple[int, str]:
    """Return what the step's own field says: a number, or a name."""
    given = spec.given(spec.kind)
    if spec.kind == "apply":
        return 0, ""
    return (given, "") if isinstance(given, int) else (0, str(given))


def _arguments(
    args: tuple[Expression, ...], kwargs: dict[str, Expression], extra_args: Expression, extra_kwargs: Expression
) -> SearchStrategy[tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]]:
    """Draw positional and keyword arguments; an absent positional ends the positionals."""
    positional = st.tuples(*(vocabulary.evaluate_strategy(source_of(each)) for each in args))
    if not kwargs and extra_args is None and extra_kwargs is None:
        if not any("absent" in source_of(each) for each in args):
            return positional.map(lambda drawn: (drawn, ()))
        return positional.map(lambda drawn: (_present(drawn), ()))
    named = [vocabulary.evaluate_strategy(source_of(each)) for each in kwargs.values()]
    more = vocabulary.evaluate_strategy("()" if extra_args is None else source_of(extra_args))
    others = vocabulary.evaluate_strategy("{}" if extra_kwargs is None else source_of(extra_kwargs))
    names = tuple(kwargs)

    def assemble(drawn: tuple[Any, ...]) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]:
        first, rest, values, extra = drawn
        keywords = {name: value for name, value in zip(names, values) if not isinstance(value, Absent)}
        return (*_present(first), *rest), tuple((extra | keywords).items())

    return st.tuples(positional, more, st.tuples(*named), others).map(assemble)


def _present(drawn: tuple[Value, ...]) -> tuple[Value, ...]:
    for index, value in enumerate(drawn):
        if isinstance(value, Absent):
            return drawn[:index]
    return drawn


def _linked(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Point every ``result()`` that was drawn freely at a step that comes before its own."""
    return tuple(
        _relinked(step, number) if number and _mentions_result(step) else step for number, step in enumerate(steps)
    )


def _mentions_result(value: Value) -> bool:
    return isinstance(value, Result) or any(map(_mentions_result, _parts(value)))


def _relinked(value: Any, number: int) -> Any:
    match value:
        case Result(step=drawn):
            return Result(drawn % number)
        case list() | tuple() | set() | frozenset():
            return type(value)([_relinked(each, number) for each in value])
        case dict():
            return {_relinked(key, number): _relinked(each, number) for key, each in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{each.name: _relinked(getattr(value, each.name), number) for each in fields(value)})
    return value


def _parts(value: Any) -> Iterable[Any]:
    """Return what is directly inside a value, a description, or a step."""
    match value:
        case list() | tuple() | set() | frozenset():
            return value
        case dict():
            return (*value, *value.values())
        case _ if is_dataclass(value):
            return [getattr(value, each.name) for each in fields(value)]
    return ()


def _supported(programs: Programs, capabilities: Capabilities) -> Programs:
    if capabilities.surrogate_pairs:
        return programs
    return programs.filter(lambda program: not _has_surrogate_pair(program))


def _has_surrogate_pair(value: Any) -> bool:
    if isinstance(value, str):
        return not value.isascii() and any(
            "\ud800" <= high <= "\udbff" and "\udc00" <= low <= "\udfff" for high, low in pairwise(value)
        )
    return any(map(_has_surrogate_pair, _parts(value)))


def _fixed_step(spec: StepSpec) -> Step:
    def value(expression: Expression) -> Value:
        return vocabulary.evaluate_value(source_of(expression))

    count, name = _count_and_name(spec)
    if spec.kind in ("forget", "collect"):
        return Step(spec.kind, count=count)
    on = spec.on if spec.apply is None else spec.apply
    target = Result(on) if isinstance(on, int) else value(on)
    if spec.kind in ("iterate", "pickle"):
        return Step(spec.kind, "", (target,), count=count)
    extra = () if spec.extra_args is None else tuple(value(spec.extra_args))
    arguments = (*(value(each) for each in spec.args), *extra)
    named = {} if spec.extra_kwargs is None else value(spec.extra_kwargs)
    keywords = (*((key, value(each)) for key, each in spec.kwargs.items()), *named.items())
    if spec.kind in ("call", "subclass", "surface"):
        return Step(spec.kind, name, arguments, keywords)
    if spec.kind == "set":
        return Step("set", name, (target, value(spec.value)))
    return _operation(spec, name, target, arguments, keywords)
