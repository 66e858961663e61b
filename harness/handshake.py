"""What an interpreter says of itself when a worker starts."""

from __future__ import annotations

import msgspec

from harness.program import CONTEXTS

PROTOCOL = 2


class Capabilities(msgspec.Struct, frozen=True):
    """What an interpreter can do; strategies are narrowed by these before anything is drawn.

    ``traces`` is the signal at which it writes what its threads do, or 0.
    """

    surrogate_pairs: bool = True
    free_threaded: bool = False
    exception_notes: bool = True
    traces: int = 0
    contexts: tuple[str, ...] = tuple(CONTEXTS)


class Hello(msgspec.Struct, frozen=True):
    """A worker's first message.  ``worker`` is the digest of the worker file that it runs."""

    protocol: int
    worker: str
    implementation: str
    implementation_version: str
    language_version: str
    version: str
    pid: int
    capabilities: Capabilities


def common(hellos: list[Hello]) -> Capabilities:
    """Return what all of these interpreters can do."""
    each = [hello.capabilities for hello in hellos]
    return Capabilities(
        surrogate_pairs=all(one.surrogate_pairs for one in each),
        free_threaded=all(one.free_threaded for one in each),
        exception_notes=all(one.exception_notes for one in each),
        contexts=tuple(name for name in CONTEXTS if all(name in one.contexts for one in each)),
    )
