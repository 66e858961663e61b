"""Legal differences: each applies to just what its page says, and to nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import pytest

from harness.codec import encode
from harness.compare import compare
from harness.observation import Observation, Raised, Returned
from harness.program import PLAIN, Context, Program, Step
from harness.rules import DEFAULT_RULES, RULES

DOCS = Path(__file__).parents[1] / "docs"


def raised(path: str, message: str, *arguments: Any, **details: Any) -> Observation:
    parts = {"str": message, **details}
    return Observation(Raised(["e", f"builtins.{path}", [encode(each) for each in arguments or (message,)], parts]))


def returned(value: Any = None, **effects: Any) -> Observation:
    return Observation(Returned(encode(value)), effects)


def step(kind: Literal["builtin", "method", "call", "get"], name: str) -> Step:
    return Step(kind, name, (1,))


def result(
    rule: str,
    left: list[Observation] | Observation,
    right: list[Observation] | Observation,
    steps: list[Step] | Step | None = None,
    context: Context = PLAIN,
) -> str | None:
    """Return the kind of the divergence under one rule; None if the rule made it legal, and was counted."""
    reference = left if isinstance(left, list) else [left]
    other = right if isinstance(right, list) else [right]
    operations = steps if isinstance(steps, list) else [steps or step("call", "f")] * len(reference)
    program = Program("m", tuple(operations), context)
    plain = compare(frozenset(), reference=reference, other=other, program=program)
    assert plain.divergence is not None, "without the rule there must be a difference"
    found = compare(frozenset({rule}), reference=reference, other=other, program=program)
    back = compare(frozenset({rule}), reference=other, other=reference, program=program)
    assert (found.divergence is None) == (back.divergence is None), "a rule must not depend on the side"
    if found.divergence is None:
        assert found.rules_applied == {rule}
        return None
    return found.divergence.kind


HASH = step("builtin", "hash")


def test_hash_values() -> None:
    rule = "hash-values"
    assert result(rule, returned(1), returned(2), HASH) is None
    assert result(rule, returned(1), returned(2**70), step("method", "__hash__")) is None
    assert result(rule, returned(1), returned(2), step("builtin", "len")) == "value"
    assert result(rule, returned(1), returned(2), step("call", "hash")) == "value"
    assert result(rule, returned(1), returned("x"), HASH) == "type"
    assert result(rule, returned([1]), returned([2]), HASH) == "value"
    assert result(rule, returned(1), raised("TypeError", "unhashable"), HASH) == "outcome"
    assert result(
        rule, returned(1, equality={"0": [True, True]}), returned(1, equality={"0": [True, False]}), HASH
    ) == ("equality")


@pytest.mark.parametrize("name", ["clears", "Node.clears", "cleared_count", "traverse_calls", "traversals"])
def test_clear_counts(name: str) -> None:
    assert result("clear-counts", returned(1), returned(3), step("get", name)) is None
    assert result("clear-counts", returned(1), returned(3), step("call", name)) is None
    assert result("clear-counts", returned(0), returned(3), step("get", name)) == "value", "whether at all is no count"
    assert result("clear-counts", returned(1), returned(None), step("get", name)) == "type"


@pytest.mark.parametrize("name", ["clear", "count", "clear_all", "nuclear_count", "cleared"])
def test_other_integers_are_no_clear_counts(name: str) -> None:
    assert result("clear-counts", returned(1), returned(3), step("get", name)) == "value"


def test_finaliser_time() -> None:
    rule = "finaliser-time"
    early, late = [returned(died=["object 0"]), returned()], [returned(), returned(died=["object 0"])]
    assert result(rule, early, late) is None
    assert result(rule, returned(died=["object 0", "result 1"]), returned(died=["result 1", "object 0"])) is None
    assert result(rule, early, [returned(), returned()]) == "died", "what never died is no matter of time"
    assert result(rule, returned(leaked=["result 0"]), returned()) == "leaked"
    called = ["__del__", 0]
    assert result(rule, [returned(calls=[called]), returned()], [returned(), returned(calls=[called])]) is None
    assert result(rule, returned(calls=[called]), returned()) == "calls"
    assert result(rule, returned(calls=[["__len__", 0]]), returned()) == "calls"


DEEP = raised("RecursionError", "maximum recursion depth exceeded")


def test_recursion_depth() -> None:
    rule = "recursion-depth"
    calls = [["__eq__", ["t", 1]]]
    deep, deeper = (Observation(DEEP.outcome, {"calls": calls * times}) for times in (3, 5))
    assert result(rule, deep, deeper) is None
    assert result(rule, deep, Observation(DEEP.outcome, {"calls": [["__ne__", 0]] * 5})) == "calls"
    assert result(rule, returned(1, calls=calls), returned(1, calls=calls * 2)) == "calls"
    assert result(rule, DEEP, returned(1), context="recursion") is None
    assert result(rule, DEEP, returned(1)) == "outcome"
    assert result(rule, raised("ValueError", "no"), returned(1), context="recursion") == "outcome"


def test_what_follows_a_legal_end_of_a_recursion_is_not_judged() -> None:
    program = Program("m", (step("call", "f"),) * 2, "recursion")
    left, right = [DEEP, returned(1)], [returned(1), returned(2)]
    found = compare(frozenset({"recursion-depth"}), reference=left, other=right, program=program)
    assert (found.divergence, found.unjudged) == (None, 1)


def test_addresses() -> None:
    rule = "addresses"
    assert result(rule, returned("<X 0x7f123456>"), returned("<X 0x5601abcd>")) is None
    assert result(rule, raised("E", "in 0x7f123456"), raised("E", "in 0x5601abcd")) is None
    assert result(rule, returned(stdout="0x7f123456"), returned(stdout="0x5601abcd")) is None
    assert result(rule, returned(4711), returned(815), step("builtin", "id")) is None
    assert result(rule, returned(4711), returned(815)) == "value"
    assert result(rule, returned("0xff"), returned("0xfe")) == "value", "too short for an address"
    assert result(rule, returned("a 0x7f123456"), returned("b 0x7f123456")) == "value"
    assert result(rule, returned("a"), returned("b")) == "value"


def test_builtin_error_text() -> None:
    rule = "builtin-error-text"
    assert result(rule, raised("TypeError", "must be int"), raised("TypeError", "expected int")) is None
    assert result(rule, raised("TypeError", "a"), raised("ValueError", "a")) == "exception-type"
    assert result(rule, raised("KeyError", "'a'", "a"), raised("KeyError", "'b'", "b")) == "exception-message"
    assert result(rule, raised("OSError", "[Errno 2] a", 2, "a"), raised("OSError", "[Errno 3] b", 3, "b")) == (
        "exception-message"
    )
    own = [
        Observation(Raised(["e", "geo.Error", [text], {"str": text, "bases": ["builtins.Exception"]}])) for text in "ab"
    ]
    assert result(rule, *own) == "exception-message", "what an extension's own class says is the extension's"
    assert result(rule, raised("E", "a", notes=["x"]), raised("E", "b", notes=["y"])) == "exception-notes"
    assert result(rule, returned("a"), returned("b")) == "value"


def test_a_rule_does_not_hide_what_else_differs_in_the_step() -> None:
    assert result("hash-values", returned(1, stdout="a"), returned(2, stdout="b"), HASH) == "stdout"


def test_no_new_rule_is_on_unless_somebody_asks() -> None:
    assert set(DEFAULT_RULES) == {"panic-thread-id", "panic-backtrace-note"}


def test_every_rule_says_why_and_where() -> None:
    for rule in RULES.values():
        assert rule.reason.endswith(".")
        assert rule.where
        assert not rule.where.endswith(".")


def test_the_page_is_made_from_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(DOCS)
    import make_legal_differences

    text = make_legal_differences.PAGE.read_text(encoding="utf-8")
    assert text == make_legal_differences.page(), "run python docs/make_legal_differences.py"
    assert all(f"`{name}`" in text for name in RULES)
    del sys.modules["make_legal_differences"]
