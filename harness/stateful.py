"""A base class for Hypothesis's stateful tests that run on every backend."""

from __future__ import annotations

from typing import Any

import hypothesis
from hypothesis import HealthCheck
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from harness.fixture.matrix import MatrixFixture

__all__ = ["MatrixMachine"]


class _TestCaseOfMachine:
    """The attribute ``TestCase`` of a machine: one class of tests for each class of machines."""

    def __get__(self, instance: object, machine: type[MatrixMachine]) -> type:
        if "_test_case" not in vars(machine):
            machine._test_case = _test_case_of(machine)
        return machine._test_case


def _test_case_of(machine: type[MatrixMachine]) -> type:
    def test_machine(self: Any, matrix: MatrixFixture) -> None:
        """Run the machine on the reference and another backend."""
        own = type(self).settings
        # The first step starts the workers, and a hang is the harness's to notice.
        wanted = hypothesis.settings(own, deadline=None, max_examples=matrix.examples or own.max_examples)

        def factory() -> MatrixMachine:
            made = machine.__new__(machine)
            made.matrix = matrix
            made.__init__()  # type: ignore[misc]
            return made

        name = f"{machine.__module__}.{machine.__qualname__}"
        # What Hypothesis tells machines apart by in its database, and draws from.
        factory._hypothesis_internal_add_digest = f"{name} {matrix.backend}".encode()  # type: ignore[attr-defined]
        factory._hypothesis_internal_use_seed = f"{name} {matrix.seed}"  # type: ignore[attr-defined]
        run_state_machine_as_test(factory, settings=wanted)  # type: ignore[arg-type]

    settings = hypothesis.settings(deadline=None, suppress_health_check=list(HealthCheck))
    members = {"test_machine": test_machine, "settings": settings, "__module__": machine.__module__}
    return type(f"{machine.__name__}TestCase", (), members)


class MatrixMachine(RuleBasedStateMachine):
    """A state machine whose rules use ``self.matrix``, which is the fixture of the same name.

    As with Hypothesis's own class, ``TestAccounts = Accounts.TestCase`` is what pytest collects, and
    ``Accounts.TestCase.settings`` are its settings.  It is a plain class, not a ``unittest.TestCase``, for only so
    does each backend have an item.
    """

    matrix: MatrixFixture
    _test_case: type
    TestCase = _TestCaseOfMachine()
