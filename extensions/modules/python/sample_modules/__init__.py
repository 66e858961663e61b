"""A package around a native module."""

from . import _native, helpers
from ._native import VERSION, double, inner
from .helpers import quadruple

__all__ = ["VERSION", "double", "helpers", "inner", "quadruple"]

answer = _native.Shelf("answer")
