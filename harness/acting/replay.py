"""A finding in one word: which item, and which program, so that it can be run again anywhere."""

from __future__ import annotations

import base64
import binascii
import zlib
from pathlib import Path
from typing import Any

import msgspec

from harness.acting.stored import NAME_BYTES, StoredFinding, find
from harness.errors import FindingError

ALONE, FORMAT = 1, 2
"""A program that comes after others is of the second format, which is all that is new in it."""
SIZE_LIMIT_BYTES = 16 * 2**20
REPLAYED = (".yaml", ".yml")
"""What the files of items end with whose programs can be run without them."""


class Replay(msgspec.Struct, frozen=True, array_like=True):
    """What is run again: a program as it is stored, in an item, on a backend, against a reference."""

    format: int
    item: str
    backend: str
    reference: str
    program: Any


def replay_of(found: StoredFinding) -> Replay:
    """Return what runs a finding's smallest program again."""
    kind = FORMAT if found.program.after else ALONE
    return Replay(kind, found.event.item, found.event.backend, found.header.reference, found.record.program)


def in_one_word(replay: Replay) -> str:
    """Return a replay as text for a command line; :func:`out_of_one_word` reads it."""
    packed = zlib.compress(msgspec.json.encode(replay), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def out_of_one_word(word: str) -> Replay:
    """Return what :func:`in_one_word` packed.

    Raises: FindingError -- it is none, is cut, or is of another version of this format.
    """
    try:
        packed = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
        # The word may come from anywhere, and a few bytes can unpack to gigabytes.
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(packed, SIZE_LIMIT_BYTES)
        if not unpacking.eof:
            raise ValueError("it is cut")
        replay = msgspec.json.decode(data, type=Replay)
    except (binascii.Error, zlib.error, msgspec.DecodeError, ValueError) as error:
        raise FindingError(
            f"--replay {word:.20}{'...' * (len(word) > 20)}: is neither a finding's name nor what a reproducer "
            f"says after --replay= ({error})"
        ) from None
    if replay.format not in (ALONE, FORMAT):
        raise FindingError(f"--replay: of format {replay.format}, and this version knows {ALONE} and {FORMAT}")
    return replay


def can_replay(item: str) -> bool:
    """Say whether an item's programs can be run without it: those of a case file can."""
    return item.partition("::")[0].endswith(REPLAYED)


def replay_named(word: str, log: Path) -> Replay:
    """Return the replay of a finding of the log, if it is the name of one, or what the word itself holds.

    Raises: FindingError -- it is neither, or is about an item that cannot be replayed.
    """
    is_name = len(word) <= 2 * NAME_BYTES and not set(word) - set("0123456789abcdef")
    replay = replay_of(find(word, log)) if is_name else out_of_one_word(word)
    if not can_replay(replay.item):
        with_auto = " with the same --auto" if replay.item.startswith("auto:") else ""
        raise FindingError(
            f"--replay {word:.20}: {replay.item} is no case of a case file; run all of it again{with_auto}: "
            f"pytest --backend-matrix --backends={replay.backend} {replay.item}"
        )
    return replay
