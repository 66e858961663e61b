"""A package inside the package, with the same native module."""

from .. import _native
from .._native import inner as native_inner

same = native_inner is _native.inner


def deep(value):
    return native_inner.deepest.triple(value)
