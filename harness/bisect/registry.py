"""The released versions of a crate, as Cargo knows them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from harness.builds import Progress, run_tool
from harness.errors import BuildError, FindingError


def released_versions(crate: str, progress: Progress) -> list[str]:
    """Return the released versions of a crate that were not withdrawn, oldest first.

    Cargo is asked for the crate, which brings its own copy of the index up to date; without a network the copy is read
    as it is.

    Raises: FindingError -- Cargo has never heard of the crate.
    """
    try:
        run_tool(["cargo", "info", "--quiet", crate], what=f"cargo info {crate}", environment={}, progress=progress)
    except BuildError:
        progress(f"cargo cannot be asked for {crate} now; what it knew last is used")
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    copies = sorted(home.glob(f"registry/index/*/.cache/{index_path(crate)}"), key=lambda path: path.stat().st_mtime)
    if not copies:
        raise FindingError(f"Cargo knows no releases of {crate}; is there a network?")
    return list(versions_in(copies[-1].read_bytes()))


def index_path(crate: str) -> str:
    """Return where an index has a crate.  Source: the Cargo book, "Registry index", "Index files"."""
    name = crate.lower()
    if len(name) <= 2:
        return f"{len(name)}/{name}"
    return f"3/{name[0]}/{name}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}/{name}"


def versions_in(copy: bytes) -> Iterator[str]:
    """Yield the versions in a file of Cargo's own copy of an index, without those that were withdrawn.

    Behind a head, and between zero bytes, it has the JSON documents of the index.
    Source: cargo, src/cargo/sources/registry/index/cache.rs.
    """
    for part in copy.split(b"\0"):
        try:
            entry = json.loads(part)
        except ValueError:
            continue
        if isinstance(entry, dict) and "vers" in entry and not entry.get("yanked"):
            yield str(entry["vers"])
