"""Symbol tables of what was built: which C-API functions an extension wants, which a library offers."""

from __future__ import annotations

from pathlib import Path

_PREFIXES = ("Py", "_Py")


def wanted_functions(library: Path) -> frozenset[str]:
    """Return the C-API symbols that a shared library expects its interpreter to define."""
    return frozenset(
        symbol.name
        for symbol in _parse(library).imported_symbols
        if str(symbol.name).startswith(_PREFIXES) and not symbol.is_function_weak
    )


def offered_functions(library: Path) -> frozenset[str]:
    """Return the C-API symbols that a shared library or executable defines for others."""
    return frozenset(
        str(symbol.name) for symbol in _parse(library).exported_symbols if str(symbol.name).startswith(_PREFIXES)
    )


class _Binary:
    """The symbols of one file, whatever its format."""


def _parse(library: Path):  # type: ignore[no-untyped-def]  # lief's binaries have no common type
    # Imported here: reading symbols is for fresh builds only, and a warm run should not pay for it.
    import lief

    binary = lief.parse(str(library))
    if binary is None:
        raise ValueError(f"{library} is no shared library that can be read")
    return binary
