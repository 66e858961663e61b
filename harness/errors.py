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


class UnsendableValueError(CaseFileError, TypeError):
    """An expression draws something that no worker can build, such as ``absent()`` inside a list."""


class SettingsError(HarnessError):
    """An option or a setting in ``pyproject.toml`` has no meaning."""

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


class WorkerProtocolError(HarnessError):
    """A worker answered something that is no whole frame: our bug or the backend's, not the extension's."""


class WorkerStartError(HarnessError):
    """A worker did not get as far as its handshake."""

    exit_code = 8
