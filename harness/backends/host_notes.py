"""The notes that our host takes of the functions of the C-API that extensions call.

Source: ``host/runtime/src/watch/mod.rs``, which describes the file.
"""

from __future__ import annotations

from pathlib import Path

from harness.backends.base import Calls

VARIABLE = "BACKEND_MATRIX_CALLS"
RECORD_BYTES = 128
RECORDS = 8192
"""The whole C-API for several extensions; the file has holes, so it costs what is used."""

_WATCHED, _INCOMPLETE, _BY_ITSELF = 0, 1, 2
_RETURNED, _PASSED_ON, _NAME = 0, 1, 2


class HostNotes:
    """A file of notes that workers of the host write into while they run."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "calls"
        with self._path.open("wb") as stream:
            stream.truncate(RECORD_BYTES * RECORDS)

    @property
    def variables(self) -> tuple[tuple[str, str], ...]:
        """What tells a worker where to write."""
        return ((VARIABLE, str(self._path)),)

    def take(self) -> Calls | None:
        """Return what was noted since the last time; None if this machine's host takes no notes, or not of all."""
        # Unbuffered: what is written back is a byte or two among those that a worker may write meanwhile.
        with self._path.open("r+b", buffering=0) as stream:
            noted = stream.read()
            head, records = noted[:RECORD_BYTES], _records(noted)
            if not head[_WATCHED] or head[_INCOMPLETE]:
                return None
            notes = [place + which for place, *_ in records for which in (_RETURNED, _PASSED_ON)]
            for each in (_BY_ITSELF, *notes):
                if noted[each]:
                    stream.seek(each)
                    stream.write(b"\0")
        return Calls(
            frozenset(name for _, name, flags in records if flags[_RETURNED]),
            frozenset(name for _, name, flags in records if flags[_PASSED_ON]),
            bool(head[_BY_ITSELF]),
        )


def _records(noted: bytes) -> list[tuple[int, str, bytes]]:
    """Return of each function its record's place, its name and its notes."""
    found = []
    for place in range(RECORD_BYTES, len(noted), RECORD_BYTES):
        name = noted[place + _NAME : place + RECORD_BYTES].partition(b"\0")[0]
        if name:
            found.append((place, name.decode("ascii", "replace"), noted[place : place + _NAME]))
    return found
