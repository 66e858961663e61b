"""Stands where a suite imports numpy at the top of a file: the tests that use it are skipped, the others run.

numpy is itself an extension, written in C for CPython's own ABI, so no other interpreter can have it.
"""

import pytest


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)  # asked for by whoever looks at a module, such as pytest's own collection
    pytest.skip(f"needs numpy.{name}, and a stand-in is installed")
