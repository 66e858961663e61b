"""Keep the CPythons that were got in the cache: get one that the machine lacks, list them, remove them.

What was got lies in ``python/cpython-X.Y`` in the cache.  A marker is written last, after the interpreter was checked,
so that a directory without a marker is a half-finished one: the next run that gets this version removes it.  All this
happens under a lock, so that two runs at once get an interpreter once.
"""

from __future__ import annotations

import datetime
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from harness.backends.interpreters import MARKER, Interpreter, probe, provided_directory
from harness.backends.providers import PROVIDERS, Provider, ProviderError, Version, dotted, run
from harness.builds import Progress, cache_directory, locked, write_atomically
from harness.errors import BackendUnavailableError, HarnessError
from harness.process import WorkerCommand, WorkerProcess

OFFLINE_VARIABLE = "BACKEND_MATRIX_OFFLINE"
FAILURE_KEPT_S = 3600
"""How long a failed attempt keeps other runs from trying again; ``backend-matrix prepare`` tries at once."""

CHECK = "import ssl, ctypes, sqlite3"


class Got(msgspec.Struct, frozen=True):
    """What the marker says of an interpreter in the cache."""

    version: str
    provider: str
    executable: str
    when: str
    size_bytes: int


def place_of(version: Version) -> Path:
    """Return the directory of an interpreter in the cache."""
    return provided_directory() / f"cpython-{dotted(version)}"


def got(version: Version) -> Got | None:
    """Return what the cache holds of a language version; None if nothing, or nothing whole."""
    try:
        kept = msgspec.json.decode((place_of(version) / MARKER).read_bytes(), type=Got)
    except (OSError, msgspec.DecodeError):
        return None
    return kept if Path(kept.executable).exists() else None


def all_got() -> dict[Version, Got]:
    """Return every interpreter that was got, by language version, oldest first."""
    found = {}
    for path in provided_directory().glob(f"cpython-*/{MARKER}"):
        major, _, minor = path.parent.name.removeprefix("cpython-").partition(".")
        if major.isdecimal() and minor.isdecimal() and (kept := got((int(major), int(minor)))) is not None:
            found[int(major), int(minor)] = kept
    return dict(sorted(found.items()))


def origin_of(executable: str) -> str:
    """Return where an interpreter was got from; empty if it was found on the machine."""
    return next((kept.provider for kept in all_got().values() if kept.executable == executable), "")


def is_offline(asked: bool) -> bool:
    """Say whether getting is forbidden: by the caller, or by ``BACKEND_MATRIX_OFFLINE``."""
    return asked or os.environ.get(OFFLINE_VARIABLE, "") not in ("", "0")


def ensure(
    version: Version,
    progress: Progress,
    *,
    offline: bool = False,
    providers: Sequence[Provider] | None = None,
) -> Interpreter:
    """Return a CPython of a language version from the cache, and get it first if it is not there.

    Raises: BackendUnavailableError -- getting is forbidden, or no provider could; the text says why for each.
    """
    kept = got(version)
    if kept is None:
        if is_offline(offline):
            raise BackendUnavailableError("getting one is forbidden (--offline)")
        note = provided_directory() / f"failed-{dotted(version)}"
        if failed := _recent(note):
            raise BackendUnavailableError(failed)
        try:
            with locked(f"python-{dotted(version)}", progress):
                kept = got(version) or _get(version, progress, PROVIDERS if providers is None else providers)
            note.unlink(missing_ok=True)
        except BackendUnavailableError as error:
            _keep_note(note, str(error))
            raise
        except OSError as error:
            raise BackendUnavailableError(f"the cache cannot be written: {error.strerror}") from None
    return probe(Path(kept.executable))


def _recent(note: Path) -> str:
    try:
        return note.read_text(encoding="utf-8") if time.time() - note.stat().st_mtime < FAILURE_KEPT_S else ""
    except OSError:
        return ""


def _keep_note(note: Path, text: str) -> None:
    try:
        write_atomically(note, text.encode())
    except OSError:
        return  # A full disk: the next run tries again, which is all that the note is to spare it.


def _get(version: Version, progress: Progress, providers: Sequence[Provider]) -> Got:
    """Try every provider in turn; the caller holds the lock."""
    failed = []
    for provider in providers:
        reason = provider.unable()
        if reason is None:
            try:
                return _got_from(provider, version, progress)
            except ProviderError as error:
                reason = str(error)
            except OSError as error:
                reason = "the disk is full" if error.errno == errno.ENOSPC else str(error.strerror)
        failed.append(f"{provider.name}: {reason}")
    raise BackendUnavailableError("; ".join(failed))


def _got_from(provider: Provider, version: Version, progress: Progress) -> Got:
    place = place_of(version)
    place.parent.mkdir(parents=True, exist_ok=True)
    # What is here without a marker is of a run that was killed: whoever gets it holds the lock.
    for left_over in (place, *place.parent.glob(f".getting-{dotted(version)}-*")):
        shutil.rmtree(left_over, ignore_errors=True)
    progress(f"getting CPython {dotted(version)} from {provider.name}")
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".getting-{dotted(version)}-") as work:
        try:
            executable = provider.get(version, place, Path(work), progress)
            # Workers may write no compiled files, and would compile what they import anew each time.
            run([str(executable), "-m", "compileall", "-q", "-j", "0", str(place)], "compileall", may_fail=True)
            exact = _checked(executable, version)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    size = sum(path.lstat().st_size for path in place.rglob("*"))
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    kept = Got(exact, provider.name, str(executable), now, size)
    write_atomically(place / MARKER, msgspec.json.encode(kept))
    progress(f"getting CPython {dotted(version)}: {exact} is there")
    return kept


def _checked(executable: Path, version: Version) -> str:
    """Return the exact version of an interpreter that works.  Raises: ProviderError -- it does not, or is another."""
    try:
        found = probe(executable)
    except BackendUnavailableError as error:
        raise ProviderError(f"what was got does not run: {error}") from None
    if found.implementation != "cpython" or found.language_version != version:
        raise ProviderError(f"what was got is {found.implementation} {found.version}")
    run([str(executable), "-c", CHECK], f"{CHECK!r} in what was got")
    try:
        WorkerProcess.start(f"cpython-{dotted(version)}", WorkerCommand((str(executable),))).kill()
    except HarnessError as error:
        raise ProviderError(f"what was got runs no worker: {str(error).partition(chr(10))[0]}") from None
    return found.version


def forget_failures() -> None:
    """Let the next run try again to get what could not be had a short while ago."""
    for note in provided_directory().glob("failed-*"):
        note.unlink(missing_ok=True)


def remove(version: Version, progress: Progress) -> bool:
    """Remove an interpreter from the cache; return whether there was one."""
    with locked(f"python-{dotted(version)}", progress):
        there = place_of(version).exists()
        (place_of(version) / MARKER).unlink(missing_ok=True)
        shutil.rmtree(place_of(version), ignore_errors=True)
        (provided_directory() / f"failed-{dotted(version)}").unlink(missing_ok=True)
    return there


Reporter = Callable[[str], None]


def tell_all(say: Reporter) -> None:
    """Say what was got, a line for each interpreter: version, from where, when, size, path."""
    kept = all_got()
    for each in kept.values():
        megabytes = each.size_bytes / 2**20
        say(f"CPython {each.version}, from {each.provider}, {each.when[:10]}, {megabytes:.0f} MiB: {each.executable}")
    if not kept:
        say(f"no CPython was got yet; {cache_directory()} holds what is")
