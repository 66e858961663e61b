"""A finding in one word: which item, and which program, so that it can be run again anywhere."""

from __future__ import annotations

import base64
import binascii
import zlib
from pathlib import Path, PurePath
from typing import Any

import msgspec

from harness.acting.stored import NAME_BYTES, StoredFinding, find
from harness.errors import FindingError

ALONE, FORMAT = 1, 2
"""A program that comes after others is of the second format, which is all that is new in it."""
SIZE_LIMIT_BYTES = 16 * 2**20
AUTOMATIC = "auto:"
"""How the items begin whose cases are made from what an extension shows."""


class Replay(msgspec.Struct, frozen=True, array_like=True):
    """What is run again: a program as it is stored, in an item, on a backend, against a reference.

    ``extension`` is what it is about, as the item's file names it; it is empty where the item says it.  Of an item of
    ``--auto`` it is a path from the project's directory, and empty if it leads out of that.
    """

    format: int
    item: str
    backend: str
    reference: str
    program: Any
    extension: str = ""

    @property
    def is_automatic(self) -> bool:
        """Whether the item's cases were made, and stand in no file."""
        return self.item.startswith(AUTOMATIC)

    @property
    def source(self) -> str:
        """What an automatic item calls its extension."""
        return self.item.partition("::")[0].removeprefix(AUTOMATIC)


def replay_of(found: StoredFinding, *, anywhere: bool = False) -> Replay:
    """Return what runs a finding's smallest program again; ``anywhere`` names no place that only this machine has."""
    event = found.event
    kind = FORMAT if found.program.after else ALONE
    extension = found.extension
    if event.item.startswith(AUTOMATIC):
        extension = "" if anywhere and PurePath(event.file).is_absolute() else event.file
    elif is_case_of_a_file(event.item):
        extension = ""
    return Replay(kind, event.item, event.backend, found.header.reference, found.record.program, extension)


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
    if not (replay.extension or replay.is_automatic or is_case_of_a_file(replay.item)):
        raise FindingError(f"--replay: says not which extension {replay.item} is about; run that again")
    return replay


def is_case_of_a_file(item: str) -> bool:
    """Say whether an item is one of a case file, which says what extension it is about."""
    return item.partition("::")[0].endswith((".yaml", ".yml"))


def replay_named(word: str, log: Path) -> Replay:
    """Return the replay of a finding of the log, if it is the name of one, or what the word itself holds.

    Raises: FindingError -- it is neither.
    """
    is_name = len(word) <= 2 * NAME_BYTES and not set(word) - set("0123456789abcdef")
    return replay_of(find(word, log)) if is_name else out_of_one_word(word)
