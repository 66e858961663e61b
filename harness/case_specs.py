"""What a case file holds: the typed form of a case and its steps."""

from __future__ import annotations

import builtins
import operator
import re
from typing import Annotated, cast

import msgspec

from harness.program import PLAIN, STEP_KINDS, Context, Observe, StepKind

Expression = str | int | float | bool | None
"""A strategy expression; a plain scalar of YAML stands for itself."""

OPERATORS = frozenset(operator.__all__)
LIBRARY_FUNCTIONS = (
    *("copy.copy", "copy.deepcopy", "pickle.dumps", "pickle.loads", "weakref.ref", "weakref.proxy"),
    *("functools.partial", "functools.reduce", "inspect.signature", "math.fsum", "math.prod", "json.dumps"),
)
BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_")).union(LIBRARY_FUNCTIONS)
AWAIT_WAYS = frozenset({"run", "drive", "with", "for"})
# A name alone needs a comma, to be a list of targets; only one of them has a star.
UNPACK_TARGETS = re.compile(r"\*\*?|(?!.*\*.*\*)\*?[a-z]\w*(,|(, \*?[a-z]\w*)+,?)")


class StepSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step of a program as a case file writes it: exactly one of its kinds, the first fields, is given."""

    call: str | None = None
    method: str | None = None
    get: str | None = None
    set: str | None = None
    delete: str | None = None
    operator: str | None = None
    builtin: str | None = None
    iterate: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    forget: Annotated[int, msgspec.Meta(ge=0)] | None = None
    with_: str | None = msgspec.field(default=None, name="with")
    await_: str | None = msgspec.field(default=None, name="await")
    apply: int | str | None = None
    subclass: str | None = None
    unpack: str | None = None
    pickle: Annotated[int, msgspec.Meta(ge=-1, le=5)] | None = None
    collect: Annotated[int, msgspec.Meta(ge=0, le=2)] | None = None
    surface: str | None = None
    on: int | str = 0
    args: tuple[Expression, ...] = ()
    kwargs: dict[str, Expression] = {}
    extra_args: Expression = None
    extra_kwargs: Expression = None
    value: Expression = None
    reflected: bool = False

    @property
    def kind(self) -> StepKind:
        """Which kind of step it is."""
        return self.kinds[0]

    @property
    def kinds(self) -> list[StepKind]:
        """Every kind that is given; more or less than one is a mistake."""
        return [kind for kind in STEP_KINDS if self.given(kind) is not None]

    def given(self, kind: StepKind) -> str | int | None:
        """Return what the field of a kind holds; two kinds are words that Python keeps for itself."""
        return cast(str | int | None, getattr(self, f"{kind}_" if kind in ("with", "await") else kind))


class ProgramSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A program of several steps: ``start`` in order, then up to ``max_steps`` of ``steps`` in any order."""

    start: tuple[StepSpec, ...]
    steps: tuple[StepSpec, ...] = ()
    max_steps: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 8


class EarlierSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A program that the same process executes before another one; its expressions are values.

    ``observe`` is what is looked at meanwhile, which may run the extension's own code; that of the case if left out.
    """

    program: tuple[StepSpec, ...]
    context: Context = PLAIN
    observe: tuple[Observe, ...] | None = None


class ExampleSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fixed example, run before anything is drawn: arguments of the case's call, or a whole program.

    Its expressions are values; ``context`` is where its calls are made.  It is run in new workers that have executed
    the programs ``after`` which it comes, if there are any.
    """

    args: tuple[Expression, ...] = ()
    kwargs: dict[str, Expression] = {}
    program: tuple[StepSpec, ...] | None = None
    context: Context = PLAIN
    after: tuple[EarlierSpec, ...] = ()


class CaseSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One case as a case file writes it: a plain call, or a program."""

    call: str | None = None
    args: tuple[Expression, ...] = ()
    kwargs: dict[str, Expression] = {}
    extra_args: Expression = None
    extra_kwargs: Expression = None
    program: ProgramSpec | None = None
    examples: tuple[ExampleSpec, ...] = ()
    rules: tuple[str, ...] = ()
    observe: tuple[Observe, ...] = ()
    contexts: tuple[Context, ...] | None = None
    max_examples: Annotated[int, msgspec.Meta(ge=1)] | None = None
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] | None = None


class CaseFileSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole case file; ``rules`` hold for each of its cases."""

    extension: str
    cases: dict[str, CaseSpec]
    rules: tuple[str, ...] = ()


def source_of(expression: Expression) -> str:
    """Return the text of an expression; a scalar of YAML is written as Python writes it."""
    return expression if isinstance(expression, str) else repr(expression)
