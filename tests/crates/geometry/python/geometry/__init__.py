"""A package around its native module."""

from geometry.geometry_native import area

__all__ = ["area"]
