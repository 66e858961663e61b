"""What to do about what a build tool says: one line for each cause that a user can mend.  Pure."""

from __future__ import annotations

import re

# The tools' own words, and what is wrong and what to do, with the groups of the pattern at their places.
_CAUSES: tuple[tuple[str, str], ...] = (
    # cargo without a network, and crates that it has never fetched.
    (
        r"attempting to make an HTTP request, but --offline was specified|you are in the offline mode"
        r"|no matching package named `(?P<package>[^`]+)` found(?=[\s\S]*offline)",
        "crates are missing and cargo is offline; run 'cargo fetch' once with a network",
    ),
    (
        r"Could(?:n't| not) resolve host|failed to (?:download|fetch|query replaced source|get `[^`]+` as a dependency)"
        r"|spurious network error|error sending request for url",
        "crates could not be fetched; run 'cargo fetch' once with a network, or name a mirror in .cargo/config.toml",
    ),
    # rustc and its linker.
    (
        r"linker `(?P<linker>[^`]+)` not found",
        "there is no linker {linker!r}; install a C compiler, such as gcc, and put it on PATH",
    ),
    (
        r"requires? rustc [\d.]+|rustc [\d.]+ is not supported by the following package"
        r"|feature `edition20\d\d` is required",
        "this Rust is too old for the crate; run 'rustup update stable'",
    ),
    (
        r"rustup could not choose a version of (?:rustc|cargo)|no override and no default toolchain set",
        "rustup has no default Rust; run 'rustup default stable'",
    ),
    (
        r"can't find crate for `(?:core|std)`",
        "the standard library of the target is missing; run 'rustup target add' for CARGO_BUILD_TARGET, or unset it",
    ),
    # PyO3 and its interpreter.
    (
        r"Python interpreter version \((?P<version>[\d.]+)\) is newer than PyO3's maximum supported version "
        r"\((?P<most>[\d.]+)\)",
        "this PyO3 supports Python up to {most} and the backend is Python {version}; take a newer pyo3, or name an "
        "older interpreter with --backend NAME=PATH",
    ),
    (
        r"Python interpreter version \((?P<version>[\d.]+)\) is lower than PyO3's minimum supported version "
        r"\((?P<least>[\d.]+)\)",
        "this PyO3 needs Python {least} or newer and the backend is Python {version}; name a newer interpreter with "
        "--backend NAME=PATH",
    ),
    (
        r"(?:with features?: ?`|with feature `|include a feature named `)(?P<feature>abi3t)`"
        r"|`pyo3` does not (?:contain this|have (?:these|that)) features?",
        'PyO3 is too old for this backend; write pyo3 = "0.29" or newer under [dependencies]',
    ),
    (
        r"unknown (?:implementation|field|target_abi)[^\n]*RustPython|(?:invalid|unsupported) implementation[^\n]*",
        'PyO3 is too old for this backend; write pyo3 = "0.29" or newer under [dependencies]',
    ),
    (
        r"no library targets found in package `(?P<package>[^`]+)`",
        'the crate {package!r} has no library; add src/lib.rs, and crate-type = ["cdylib"] under [lib]',
    ),
    # maturin.
    (
        r"Cargo metadata failed|failed to parse manifest at `(?P<manifest>[^`]+)`",
        "the crate's Cargo.toml is not one that cargo reads; its own message follows",
    ),
    (r"No module named maturin", "maturin is missing from this environment; run 'pip install maturin'"),
    (
        r"Couldn't find the symbol `PyInit_(?P<module>\w+)`|doesn't contain the PyInit_(?P<other>\w+)",
        "the library makes no module of that name; the function under #[pymodule] must be called as the module is",
    ),
    # cargo and its surroundings.
    (
        r"lock file .* needs to be updated but --locked",
        "Cargo.lock is behind Cargo.toml; run 'cargo update --workspace'",
    ),
    (r"No space left on device", "the disk is full; make room, or put the cache elsewhere with BACKEND_MATRIX_CACHE"),
    (
        r"(?:could not|couldn't|failed to) (?:create|write|open)[^\n]*(?:\n[^\n]*){0,3}Permission denied",
        "a file of the build cannot be written; put the cache elsewhere with BACKEND_MATRIX_CACHE",
    ),
    (r"signal: 9, SIGKILL", "a compiler was killed, most likely for want of memory; set CARGO_BUILD_JOBS=1"),
)


def advice_on(output: str) -> str:
    """Return what is wrong and what to do, in one line; empty if nothing but the tool's own words is known."""
    for pattern, told in _CAUSES:
        found = re.search(pattern, output)
        if found is not None:
            return told.format(**{name: text or "" for name, text in found.groupdict().items()})
    return ""
