"""The parts that several of our backends are made of, by which a divergence is blamed."""

from __future__ import annotations

from harness.blame import Part

CPYTHON = Part("interpreter", "CPython")
LIMITED_API = Part("binding", "PyO3's code for the limited API")
STABLE_ABI = Part("ABI", "abi3t")
"""The stable ABI of free-threaded Python, which RustPython has too (PEP 803)."""

OLDER_STABLE_ABI = Part("ABI", "abi3")
