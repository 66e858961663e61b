"""Symbol tables of what was built: which C-API functions an extension wants, which a library offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_PREFIXES = ("Py", "_Py")


def wanted_functions(library: Path) -> frozenset[str]:
    """Return the C-API symbols that a shared library expects its interpreter to define.

    Raises: ValueError -- the file is no shared library.
    """
    return _names(library, defined=False)


def offered_functions(library: Path) -> frozenset[str]:
    """Return the C-API symbols that a shared library or executable defines for others.

    Raises: ValueError -- the file is no shared library or executable.
    """
    return _names(library, defined=True)


def _names(library: Path, *, defined: bool) -> frozenset[str]:
    # The section index is what the dynamic linker goes by (System V ABI, "Symbol Table": SHN_UNDEF is 0);
    # lief's own notion of an import wants a type, which undefined symbols of Rust libraries do not have.
    # The binary is named, for its symbols do not keep it alive.
    binary = _parse(library)
    names = [str(symbol.name) for symbol in binary.dynamic_symbols if (symbol.shndx != 0) is defined]
    return frozenset(name for name in names if name.startswith(_PREFIXES))


def _parse(library: Path) -> Any:
    # Imported here: symbols are read when something was built, and a warm run should not pay for it.
    import lief

    binary = lief.parse(str(library))
    if binary is None:
        raise ValueError(f"{library} is no shared library that can be read")
    return binary
