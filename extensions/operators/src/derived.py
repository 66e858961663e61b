"""Classes that extend those of Rust; `lib.rs` runs this file among the names of its module."""

# ruff: noqa: F821, PLW1641 -- the classes of Rust are among the globals; some have no hash

import math


class Plain(Trace):
    """Overrides nothing, so that both operands have the same functions."""


class Reflected(Trace):
    """Overrides reflected operators: on the right of a `Trace` its turn comes first."""

    def __radd__(self, other):
        return ("Reflected.__radd__", other)

    def __rsub__(self, other):
        return ("Reflected.__rsub__", super().__rsub__(other))

    def __rmul__(self, other):
        return NotImplemented

    def __rpow__(self, other, modulus=None):
        return ("Reflected.__rpow__", other, modulus)

    def __rdivmod__(self, other):
        raise ZeroDivisionError("in Python")


class Overriding(Trace):
    """Overrides the operators themselves."""

    def __add__(self, other):
        return ("Overriding.__add__", super().__add__(other))

    def __sub__(self, other):
        return NotImplemented

    def __iadd__(self, other):
        return ("Overriding.__iadd__", other)

    def __pow__(self, other, modulus=None):
        return ("Overriding.__pow__", super().__pow__(other, modulus))

    def __neg__(self):
        return ("Overriding.__neg__", super().__neg__())

    def __matmul__(self, other):
        return ("Overriding.__matmul__", Trace.__matmul__(self, other))


class Without(Trace):
    """Takes operators away."""

    __add__ = None
    __rsub__ = None
    __iadd__ = None
    __neg__ = None


class Written(Tally):
    """Overrides operators in place."""

    def __iadd__(self, other):
        super().__iadd__(other)
        return ("Written.__iadd__", self)

    def __isub__(self, other):
        return super().__isub__(other)

    def __imul__(self, other):
        return NotImplemented

    def __ipow__(self, other):
        return super().__ipow__(other)


class Whole(int):
    """An integer of Python that knows more about the right side than `Modular` does."""

    def __radd__(self, other):
        return ("Whole.__radd__", other)

    def __add__(self, other):
        return NotImplemented

    def __rpow__(self, other, modulus=None):
        return ("Whole.__rpow__", other, modulus)


class Renamed(Modular):
    """A subclass of a class with a generated equality."""

    def __eq__(self, other):
        return ("Renamed.__eq__", super().__eq__(other))

    __hash__ = Modular.__hash__


class Lower(Threshold):
    """Overrides one comparison and inherits the other, and so has no hash."""

    def __eq__(self, other):
        return super().__eq__(other)

    def __gt__(self, other):
        return ("Lower.__gt__", other)


class Silent(Answer):
    """Overrides equality only; the other comparisons are Rust's."""

    def __eq__(self, other):
        return NotImplemented


class Numeric(Convertible):
    """Overrides one conversion."""

    def __int__(self):
        return super().__int__()

    def __index__(self):
        return 3


def by_math(name, number):
    """A function of the module `math`, most of which convert their argument."""
    return getattr(math, name)(number)


def add_in_place(left, right):
    """`left += right`, and what became of the name."""
    left += right
    return left


def power_in_place(left, right):
    left **= right
    return left


def chained(first, second, third):
    """A comparison of three."""
    return first < second <= third
