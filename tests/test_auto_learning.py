"""What --auto learns of a callable by trying it, with functions that check their arguments in known ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from harness.auto.kinds import FIRST_INSTANCE, LIMITS, PLAIN, instance_kind, integers_between
from harness.auto.learning import Learnt, Target, learn
from harness.auto.probing import Trial, refusal_of, trial_of
from harness.auto.surface import Parameter
from harness.observation import Crashed, Observation, Raised, Returned
from harness.program import Step
from harness.values import Callback, Result
from harness.vocabulary import evaluate_strategy


def parameters(*names: str, kind: str = "POSITIONAL_OR_KEYWORD", optional: bool = False) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, kind, optional) for name in names)  # type: ignore[arg-type]


class Function:
    """Answers trials as a worker would, from a Python function; ``Hang`` ends the worker."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.calls: list[Step] = []

    def __call__(self, attempts: Sequence[tuple[Step, ...]]) -> list[Trial]:
        return [self.one(steps[-1]) for steps in attempts]

    def one(self, step: Step) -> Trial:
        self.calls.append(step)
        try:
            value = self.function(*step.arguments, **dict(step.keywords))
        except Hang:
            return Trial("ended")
        except Exception as error:
            wire = ["e", f"builtins.{type(error).__name__}", [], {"str": str(error)}]
            return refusal_of(wire) or Trial("raised")
        return Trial("returned", type=value if isinstance(value, str) and value.startswith("type:") else "")


class Hang(BaseException):
    """Stands for what does not end."""


def learnt(function: Callable[..., Any], told: tuple[Parameter, ...] | None, **more: Any) -> Learnt:
    target = Target(lambda positional, keywords: (Step("call", "f", positional, keywords),), told)
    return learn(target, more.pop("kinds", PLAIN), Function(function), **more)


def need(name: str, value: Any, kind: type | tuple[type, ...]) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"argument '{name}': no")


def expressions(found: Learnt) -> list[tuple[str, ...]]:
    for accepted in found.parameters:
        for each in accepted.expressions:
            evaluate_strategy(each)
    return [each.expressions for each in found.parameters]


def test_each_parameter_is_learnt_from_what_names_it() -> None:
    def function(text: Any, size: Any, items: Any) -> None:
        need("text", text, str)
        need("size", size, int)
        need("items", items, list)

    found = learnt(function, parameters("text", "size", "items"))
    assert found.works
    text, size, items = expressions(found)
    assert text == ("any_text()",)
    assert size == ("any_int()",)
    assert "lists(scalar(), max_size=4)" in items


def test_a_refusal_that_names_nobody_is_searched_out() -> None:
    def function(a: Any, b: Any) -> None:
        if not (isinstance(a, bytes) and isinstance(b, float)):
            raise TypeError("bad operand")

    assert expressions(learnt(function, parameters("a", "b"))) == [("any_bytes()",), ("any_float()",)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 255, "integers(-1, 256)"),
        (-(2**31), 2**31 - 1, "-2**31, 2**31 - 1]), sampled_from([-2**31 - 1, 2**31]), integers(-2**31, 2**31 - 1))"),
        (0, 2**64 - 1, "0, 2**64 - 1]), sampled_from([-1, 2**64, 2**31, 2**32, 2**53 + 1]), integers(0, 2**64 - 1))"),
        (
            *(-(2**63), 2**63 - 1),
            "-2**63, 2**63 - 1]), sampled_from([-2**63 - 1, 2**63, -2**31 - 1, 2**31, 2**32, 2**53 + 1]), "
            "integers(-2**63, 2**63 - 1))",
        ),
    ],
)
def test_the_width_of_an_integer_is_learnt(low: int, high: int, expected: str) -> None:
    def function(value: Any) -> None:
        need("value", value, int)
        if not low <= value <= high:
            raise OverflowError("out of range integral type conversion attempted")

    found = learnt(function, parameters("value"))
    if high > 300:
        least = max(low, -3), max(low, -300)
        expected = f"one_of(integers({least[0]}, 3), integers({least[1]}, 300), sampled_from([{expected}"
    assert expressions(found) == [(expected,)]
    assert found.parameters[0].domain == ((0, 255) if high == 255 else None)


def test_limits_beside_limits_are_told_as_powers() -> None:
    for low, high in [(LIMITS[0], LIMITS[-1]), (0, 1), (-129, 2**127)]:
        evaluate_strategy(integers_between(low, high))


def test_what_hangs_for_large_integers_is_not_drawn_there() -> None:
    def function(count: Any) -> None:
        need("count", count, int)
        if count > 70000:
            raise Hang

    (count,) = learnt(function, parameters("count")).parameters
    assert count.careful
    assert count.expressions[-1].endswith(", 65536))")


def test_a_character_is_told_from_a_text() -> None:
    def function(value: Any) -> None:
        need("value", value, str)
        if len(value) != 1:
            raise ValueError("expected a string of length 1")

    assert expressions(learnt(function, parameters("value"))) == [("characters()",)]


def test_a_text_that_is_parsed_is_tried_with_likely_ones() -> None:
    def function(text: Any) -> int:
        need("text", text, str)
        return int(text)

    (expression,) = expressions(learnt(function, parameters("text")))[0]
    assert expression == "one_of(sampled_from(['1', '+1']), any_text())"


def test_what_takes_anything_is_given_anything() -> None:
    assert expressions(learnt(lambda value: None, parameters("value"))) == [("anything()",)]


def test_what_calls_its_argument_is_given_callables() -> None:
    def function(call: Any) -> None:
        if not isinstance(call, Callback):
            raise TypeError("object is not callable")

    assert expressions(learnt(function, parameters("call"))) == [("callback(scalar(), scalar())",)]


def test_optional_and_keyword_only_parameters_are_learnt_one_by_one() -> None:
    def function(first: Any, second: Any = "", *, third: Any = None) -> None:
        need("first", first, int)
        need("second", second, str)
        need("third", third, (bytes, type(None)))

    told = (
        *parameters("first"),
        *parameters("second", optional=True),
        *parameters("third", kind="KEYWORD_ONLY", optional=True),
    )
    assert expressions(learnt(function, told)) == [("any_int()",), ("any_text()",), ("any_bytes()", "none()")]


def test_without_a_signature_the_number_of_arguments_is_found() -> None:
    def function(*arguments: Any) -> None:
        if len(arguments) != 2:
            raise TypeError("function takes exactly 2 arguments")
        need("a", arguments[0], str)
        need("b", arguments[1], complex)

    found = learnt(function, None)
    assert [each.parameter.name for each in found.parameters] == ["a0", "a1"]
    assert expressions(found) == [("any_text()",), ("any_complex()",)]


def test_an_instance_of_an_own_class_is_one_kind_more() -> None:
    def function(account: Any) -> None:
        need("account", account, Result)

    found = learnt(function, parameters("account"), kinds=(*PLAIN, instance_kind("Account", FIRST_INSTANCE + 3)))
    assert found.parameters[0].instances == (FIRST_INSTANCE + 3,)
    assert found.parameters[0].expressions == ()


def test_what_refuses_everything_is_probed_with_everything() -> None:
    def function(value: Any) -> None:
        raise TypeError("argument 'value': never")

    found = learnt(function, parameters("value"))
    assert not found.works
    assert expressions(found) == [("anything()",)]


def test_the_type_of_what_is_returned_is_kept() -> None:
    assert learnt(lambda: "type:mod.Class", ()).type == "type:mod.Class"


def test_learning_is_the_same_each_time() -> None:
    def function(a: Any, b: Any, c: Any) -> None:
        if not (isinstance(a, bytes) and isinstance(b, dict) and isinstance(c, float)):
            raise TypeError("no")

    first, second = Function(function), Function(function)
    for each in (first, second):
        target = Target(lambda positional, keywords: (Step("call", "f", positional, keywords),), parameters(*"abc"))
        learn(target, PLAIN, each, seed=4)
    assert repr(first.calls) == repr(second.calls)


# --- what counts as a refusal ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exception", "text", "expected"),
    [
        ("TypeError", "argument 'width': must be real number, not str", Trial("refused", "width")),
        ("TypeError", "f() missing 1 required positional argument: 'x'", Trial("refused")),
        ("OverflowError", "Python int too large to convert to C long", Trial("refused")),
        ("OverflowError", "math range error", None),
        ("ValueError", "expected a string of length 1", Trial("refused")),
        ("ValueError", "a side is negative", None),
        ("KeyError", "'a'", None),
    ],
)
def test_a_refusal_is_told_by_type_and_text(exception: str, text: str, expected: Trial | None) -> None:
    assert refusal_of(["e", f"builtins.{exception}", [], {"str": text}]) == expected


def test_trials_tell_outcomes_apart() -> None:
    assert trial_of(Observation(Returned(["o", "mod.C", "<C>"]))) == Trial("returned", type="mod.C")
    assert trial_of(Observation(Returned(5))) == Trial("returned")
    assert trial_of(Observation(Raised(["e", "builtins.KeyError", [], {"str": ""}]))) == Trial("raised")
    assert trial_of(Observation(Crashed("died with SIGSEGV"))) == Trial("ended")
