"""The smallest programs of an item's findings, kept in Hypothesis's example database from run to run.

What Hypothesis itself keeps is bytes that a strategy makes an example of, which another strategy makes another example
of; a program is the same whatever becomes of the case.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from hypothesis.database import ExampleDatabase

from harness.codec import decode_program, encode_program
from harness.program import Program

FORMAT = 1
SIZE_LIMIT_BYTES = 16 * 2**20


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    format: int
    program: Any


def stored_witnesses(database: ExampleDatabase, item: str, module: str) -> tuple[Program, ...]:
    """Return the programs that are kept for an item, in an order of their own; what cannot be read is passed over."""
    programs = [program for value in sorted(database.fetch(_key(item))) for program in _read(value)]
    return tuple(program for program in programs if program.module == module)


def keep_witnesses(database: ExampleDatabase, item: str, programs: Iterable[Program]) -> None:
    """Keep these programs for an item, and no others; read-only copies keep what they have."""
    wanted = {_written(each) for each in programs}
    there = set(database.fetch(_key(item)))
    for value in there - wanted:
        database.delete(_key(item), value)
    # All of them: what another's copy has may not be there tomorrow.
    for value in sorted(wanted):
        database.save(_key(item), value)


def add_witness(database: ExampleDatabase, item: str, program: Program) -> None:
    """Keep a program for an item too, beside those that are kept."""
    database.save(_key(item), _written(program))


def _key(item: str) -> bytes:
    return b"backend-matrix witness " + item.encode("utf-8", "backslashreplace")


def _written(program: Program) -> bytes:
    return zlib.compress(msgspec.json.encode(_Stored(FORMAT, encode_program(program))), 9)


def _read(value: bytes) -> Iterator[Program]:
    """Yield the program of a value, if it is one: a shared database may hold anything."""
    try:
        unpacking = zlib.decompressobj()
        stored = msgspec.json.decode(unpacking.decompress(value, SIZE_LIMIT_BYTES), type=_Stored)
        if unpacking.eof and stored.format == FORMAT:
            yield decode_program(stored.program)
    except (zlib.error, msgspec.DecodeError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return
