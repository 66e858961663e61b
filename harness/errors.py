"""Every error that the harness raises for a reason that a user can act on.

Each carries its own exit code, used by the command line; under pytest all of them end as a usage error.
"""

from __future__ import annotations


class HarnessError(Exception):
    """Something is wrong that the user can mend; the text says what, where, and what to do next."""

    exit_code = 70


class CaseFileError(HarnessError):
    """A case file cannot be used.  The text begins with ``file:line:column``."""

    exit_code = 4


class BookError(HarnessError):
    """The book of known divergences cannot be used.  The text begins with ``file:line:column``, or ``file:line``."""

    exit_code = 4


class UnsendableValueError(CaseFileError, TypeError):
    """An expression draws something that no worker can build, such as ``absent()`` inside a list."""


class SettingsError(HarnessError):
    """An option or a setting in ``pyproject.toml`` has no meaning."""

    exit_code = 4


class FindingError(HarnessError):
    """A finding that was asked for is in no log, or cannot be used for what is wanted."""

    exit_code = 4


class ExtensionError(HarnessError):
    """A crate is not one that can be compiled as an extension module."""

    exit_code = 5


class BackendUnavailableError(HarnessError):
    """A backend was asked for whose interpreter is not on this machine."""

    exit_code = 6


class BuildError(HarnessError):
    """A compiler or build tool failed; the text holds its own message."""

    exit_code = 7


class NotCompiledError(BuildError):
    """An extension is not in the cache, and was not to be compiled."""


class WorkerProtocolError(HarnessError):
    """A worker broke the protocol: our bug or the backend's, not the extension's.

    The text begins with the backend's name and says what was seen.  What a worker can do wrong has an error each.
    """


class NoHandshakeError(WorkerProtocolError):
    """The first line was no handshake."""


class OtherProtocolError(WorkerProtocolError):
    """The handshake is of another version of the protocol."""


class OtherWorkerError(WorkerProtocolError):
    """The handshake is of another worker file than the harness's."""


class WrongSequenceError(WorkerProtocolError):
    """A reply answers another program than the one that is due."""


class RepeatedReplyError(WorkerProtocolError):
    """A reply answers a program that has been answered."""


class UnaskedReplyError(WorkerProtocolError):
    """A reply came when no program was on its way: it is late, or answers nothing."""


class ReplyAfterDeathError(WorkerProtocolError):
    """A program was answered that was sent when the worker was dead; something else holds its pipe."""


class WrongCountError(WorkerProtocolError):
    """A reply holds more or fewer observations than the program has steps."""


class MalformedReplyError(WorkerProtocolError):
    """A line is no JSON, or no UTF-8."""


class WrongShapeError(WorkerProtocolError):
    """A line is JSON, but not what the protocol has at this place."""


class OversizedReplyError(WorkerProtocolError):
    """A line is longer, or nested deeper, than any reply may be."""


class TruncatedReplyError(WorkerProtocolError):
    """A worker ended of its own accord, or closed its pipe, in the middle of a line."""


class WorkerStartError(HarnessError):
    """A worker did not get as far as its handshake."""

    exit_code = 8


class RestartsLimitError(HarnessError):
    """So many workers died or hung that the rest of a case, or of a run, would not be worth the time."""


class LogError(HarnessError):
    """A log cannot be used."""

    exit_code = 4


class ReportError(HarnessError):
    """What a run found could not be written; used for its exit code where nothing else failed."""

    exit_code = 9
