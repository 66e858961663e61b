"""One worker process: started, fed, read and killed.  Nothing else in the harness touches a process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

from harness import protocol, worker
from harness.errors import WorkerStartError
from harness.handshake import Hello
from harness.observation import Wire

START_TIMEOUT_S = 60.0
STDERR_PART_BYTES = 2000


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """How a backend runs a Python script: the arguments before its path, and variables to set."""

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended, and whether it was we who ended it."""

    description: str
    stderr: str
    killed: bool = False


@dataclass(slots=True)
class WorkerProcess:
    """A running worker.  ``incoming`` holds bytes that are no whole line yet."""

    backend: str
    process: subprocess.Popen[bytes]
    request_fd: int
    reply_fd: int
    directory: Path
    hello: Hello | None = None
    incoming: bytearray = field(default_factory=bytearray)

    @classmethod
    def start(cls, backend: str, command: WorkerCommand) -> WorkerProcess:
        """Start a worker in a directory and session of its own, and wait for its handshake.

        Raises: WorkerStartError -- it ended or stayed silent; WorkerProtocolError -- it said no hello.
        """
        directory = Path(tempfile.mkdtemp(prefix="backend-matrix-worker-"))
        streams = [directory / "stdout", directory / "stderr"]
        home = directory / "home"
        home.mkdir()
        child_in, request_fd = os.pipe()
        reply_fd, child_out = os.pipe()
        argv = [*command.argv, worker.__file__, str(child_in), str(child_out), *map(str, streams)]
        try:
            # Append mode: the worker truncates what it has taken, and the next write begins the file anew.
            with open(streams[0], "ab") as stdout, open(streams[1], "ab") as stderr:
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    pass_fds=(child_in, child_out),
                    cwd=home,
                    env=environment_of(home, command),
                    start_new_session=True,
                )
        except OSError as error:
            os.close(request_fd)
            os.close(reply_fd)
            shutil.rmtree(directory, ignore_errors=True)
            raise WorkerStartError(f"{backend}: cannot start {argv[0]}: {error.strerror}") from None
        finally:
            os.close(child_in)
            os.close(child_out)
        os.set_blocking(request_fd, False)
        os.set_blocking(reply_fd, False)
        started = cls(backend, process, request_fd, reply_fd, directory)
        try:
            started.hello = protocol.parse_hello(started._read_line(START_TIMEOUT_S), backend)
        except BaseException:
            started.kill()
            raise
        return started

    def load(self, module: str, paths: list[str], caller: str | None = None) -> Wire:
        """Import a module in the worker; return the exception that it raised in wire form, or None.

        ``caller`` names what calls callbacks, see :func:`harness.protocol.load_frame`.

        Raises: WorkerStartError -- the import killed the worker or did not end.
        """
        os.set_blocking(self.request_fd, True)
        with contextlib.suppress(BrokenPipeError):
            os.write(self.request_fd, protocol.load_frame(module, paths, caller))
        os.set_blocking(self.request_fd, False)
        return protocol.parse_load(self._read_line(START_TIMEOUT_S), module, self.backend).failed

    def has_ended(self) -> bool:
        """Whether the process is gone, without waiting."""
        return self.process.poll() is not None

    def read_available(self) -> bool:
        """Read what has arrived without waiting; return False at the end of the stream."""
        try:
            while chunk := os.read(self.reply_fd, 2**16):
                self.incoming += chunk
                protocol.check_size(self.incoming, self.backend)
                if len(chunk) < 2**16:
                    return True
        except BlockingIOError:
            return True
        return False

    def take_lines(self) -> list[bytes]:
        """Return the whole lines that have arrived, without their ends."""
        end = self.incoming.rfind(b"\n")
        if end < 0:
            return []
        lines = bytes(self.incoming[:end]).split(b"\n")
        del self.incoming[: end + 1]
        return lines

    def kill(self) -> Exit:
        """End the worker and its children, free what it held, and say how it ended."""
        # An exit that has already happened keeps its own status.
        alive = self.process.poll() is None
        if alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        return replace(self.reap(), killed=alive)

    def reap(self) -> Exit:
        """Wait for a worker that has closed its pipe; kill it if it lives on without one."""
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        ended = Exit(describe_exit(self.process.returncode), self._last_words())
        os.close(self.request_fd)
        os.close(self.reply_fd)
        shutil.rmtree(self.directory, ignore_errors=True)
        return ended

    def _last_words(self) -> str:
        """Return the beginning and the end of what is left on stderr: a panic's text stands before its trace."""
        with contextlib.suppress(OSError), open(self.directory / "stderr", "rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            said = stream.read(STDERR_PART_BYTES)
            if size > STDERR_PART_BYTES:
                stream.seek(max(STDERR_PART_BYTES, size - STDERR_PART_BYTES))
                cut = b"\n[...]\n" if size > 2 * STDERR_PART_BYTES else b""
                said += cut + stream.read(STDERR_PART_BYTES)
            return said.decode("utf-8", "backslashreplace")
        return ""

    def _read_line(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        with DefaultSelector() as selector:
            selector.register(self.reply_fd, EVENT_READ)
            while b"\n" not in self.incoming:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not selector.select(remaining):
                    raise WorkerStartError(f"{self.backend}: no answer within {timeout_s:g} s")
                if not self.read_available():
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        self.process.wait(timeout=2)
                    how = describe_exit(self.process.poll())
                    raise WorkerStartError(f"{self.backend}: the worker {how}\n{self._last_words()}".rstrip())
        line, _, rest = bytes(self.incoming).partition(b"\n")
        self.incoming = bytearray(rest)
        return line


def describe_exit(code: int | None) -> str:
    """Say in words how a process ended: ``died with SIGSEGV``, ``ended with exit code 3``."""
    if code is None:
        return "closed its pipe"
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"died with {signal.Signals(-code).name}"
    except ValueError:
        return f"died with signal {-code}"


def environment_of(home: Path, command: WorkerCommand) -> dict[str, str]:
    """Return the variables of a process of a backend, whose home is an empty directory; nothing else is passed on."""
    fixed = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # Held still, so that a difference is the extension's and not chance's.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "RUST_BACKTRACE": "0",
    }
    return fixed | dict(command.environment)
