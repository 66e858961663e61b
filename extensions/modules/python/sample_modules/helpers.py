"""Python that stands between its package and the native module."""

import sample_modules

from . import _native
from ._native import double


def quadruple(value):
    """Four times a value, by the native module."""
    return double(double(value))


def names():
    """What the package offers; asked for late, because the package imports this module."""
    return list(sample_modules.__all__)


class Labelled(_native.Shelf):
    """A native class, extended beside it."""

    def __init__(self, label):
        super().__init__()
        self.text = f"{label} ({type(self).__module__})"

    def describe(self):
        return f"{self.text}: {self.label}"
