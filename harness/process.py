"""One worker process: started, fed, read and ended.  Nothing else in the harness touches a process."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

from harness import crashes, protocol, worker
from harness.errors import WorkerStartError
from harness.guarded import Ended, GuardedProcess
from harness.handshake import Hello
from harness.limits import CPU_RENEWAL_S, STACK_BYTES, USUAL, Limits, cpu_allowance_s, environment
from harness.observation import Wire
from harness.waits import Evidence, endless_waits
from harness.warden import REPLIES_FD, REQUESTS_FD

START_TIMEOUT_S = 60.0
STDERR_PART_BYTES = 2000
TRACES_BYTES = 64 * 1024
GRACE_S = 2.0
"""How long a worker that has closed its pipe is given to end by itself."""


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """How a backend runs a Python script: the arguments before its path, and variables to set.

    ``slowness`` says how many times longer than others its workers may take for a program.
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    slowness: float = 1.0
    limits: Limits = USUAL


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended, what it said last, and whether it was we who ended it.

    ``traces`` is what the interpreter wrote of its threads when the process hung or died, and ``traced`` says that
    it would have.  ``status`` is the exit code, or minus the signal.
    """

    description: str
    stderr: str
    killed: bool = False
    traces: str = ""
    traced: bool = False
    status: int | None = None


@dataclass(slots=True)
class WorkerProcess:
    """A running worker.  ``incoming`` holds bytes that are no whole line yet."""

    backend: str
    process: GuardedProcess
    request_fd: int
    reply_fd: int
    directory: Path
    hello: Hello | None = None
    incoming: bytearray = field(default_factory=bytearray)
    _cpu_renewed: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, backend: str, command: WorkerCommand) -> WorkerProcess:
        """Start a worker in a directory and session of its own, and wait for its handshake.

        Raises: WorkerStartError -- it ended or stayed silent; WorkerProtocolError -- it said no hello.
        """
        started = cls.launch(backend, command)
        try:
            started.greet()
        except BaseException:
            started.kill()
            raise
        return started

    @classmethod
    def launch(cls, backend: str, command: WorkerCommand) -> WorkerProcess:
        """Start a worker in a directory and session of its own; its handshake is for :meth:`greet`.

        Raises: WorkerStartError -- it cannot be started.
        """
        directory = Path(tempfile.mkdtemp(prefix="backend-matrix-worker-"))
        streams = [directory / "stdout", directory / "stderr"]
        home = directory / "home"
        home.mkdir()
        argv = [*command.argv, worker.__file__, str(REQUESTS_FD), str(REPLIES_FD), *map(str, streams)]
        child_in, request_fd = os.pipe()
        reply_fd, child_out = os.pipe()
        given = [os.open(os.devnull, os.O_RDONLY)]
        # Append mode: the worker truncates what it has taken, and the next write begins the file anew.
        given += [os.open(each, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) for each in streams]
        given += [child_in, child_out]
        try:
            process = GuardedProcess.start(
                argv,
                environment=environment_of(home, command),
                directory=home,
                limits=_resource_limits(command.limits),
                descriptors=given,
                network=command.limits.network,
            )
        except (OSError, WorkerStartError) as error:
            os.close(request_fd)
            os.close(reply_fd)
            shutil.rmtree(directory, ignore_errors=True)
            raise WorkerStartError(f"{backend}: cannot start {argv[0]}: {error}") from None
        finally:
            for each in given:
                os.close(each)
        os.set_blocking(request_fd, False)
        os.set_blocking(reply_fd, False)
        return cls(backend, process, request_fd, reply_fd, directory)

    def greet(self) -> None:
        """Wait for the handshake.  Raises: as :meth:`start`; the worker lives on."""
        line = self._read_line(START_TIMEOUT_S, "before its handshake")
        self.hello = protocol.parse_hello(line, self.backend)
        self.keep_traces()

    @property
    def traces(self) -> Path:
        """The file into which the interpreter writes what its threads were doing."""
        return self.directory / "traces"

    def load(self, module: str, paths: list[str], caller: str | None = None) -> Wire:
        """Import a module in the worker; return the exception that it raised in wire form, or None.

        ``caller`` names what calls callbacks, see :func:`harness.protocol.load_frame`.

        Raises: WorkerStartError -- the import killed the worker or did not end.
        """
        self.ask_to_load(module, paths, caller)
        return self.loaded(module)

    def ask_to_load(self, module: str, paths: list[str], caller: str | None = None) -> None:
        """Have the worker import a module; what came of it is for :meth:`loaded`."""
        self._tell(protocol.load_frame(module, paths, caller))

    def loaded(self, module: str) -> Wire:
        """Wait for an import that was asked for; return and raise as :meth:`load`."""
        line = self._read_line(START_TIMEOUT_S, f"while it imported {module}")
        return protocol.parse_load(line, module, self.backend).failed

    @property
    def traced(self) -> bool:
        """Whether the interpreter writes what its threads do when it dies of a signal, or is asked."""
        return self.hello is not None and self.hello.capabilities.traces != 0 and self.traces.exists()

    def keep_traces(self) -> None:
        """Have the interpreter write what its threads do when it dies or is asked, if it can."""
        if self.hello is not None and self.hello.capabilities.traces:
            self._tell(protocol.traces_frame(str(self.traces)))

    def ask_for_traces(self) -> None:
        """Have the interpreter write what its threads do now, if it can."""
        if self.hello is not None and self.traced:
            self.process.signal(self.hello.capabilities.traces)

    def renew_cpu(self, timeout_s: float, *, now: float) -> None:
        """Let a worker that has answered use CPU time for another while."""
        if now - self._cpu_renewed > CPU_RENEWAL_S:
            self._cpu_renewed = now
            with contextlib.suppress(OSError, ValueError):
                used = _cpu_used_s(self.process.pid)
                most = resource.prlimit(self.process.pid, resource.RLIMIT_CPU)[1]
                wanted = int(used) + cpu_allowance_s(timeout_s)
                limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
                resource.prlimit(self.process.pid, resource.RLIMIT_CPU, (limit, most))

    def memory_bytes(self) -> int:
        """Return how much of the machine's memory the worker occupies; 0 if it is gone."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
            return pages * resource.getpagesize()
        return 0

    def endless_waits(self) -> Evidence | None:
        """Return what its threads wait for if all wait without a timeout; see :mod:`harness.waits`."""
        return endless_waits(self.process.pid)

    def has_ended(self) -> bool:
        """Whether the process is gone, without waiting."""
        return self.process.wait(0) is not None

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
        """End the worker and all that it started, free what it held, and say how it ended."""
        ended = self.process.kill()
        return self._freed(ended, crashes.describe_exit(ended.status))

    def reap(self) -> Exit:
        """Wait for a worker that has closed its pipe; kill it if it lives on without one."""
        self.process.wait(GRACE_S)
        ended = self.process.kill()
        how = "closed its pipe and was killed" if ended.killed else crashes.describe_exit(ended.status)
        return self._freed(ended, how)

    def _freed(self, ended: Ended, how: str) -> Exit:
        said = Exit(how, self._last_words(), ended.killed, self._traces(), self.traced, ended.status)
        os.close(self.request_fd)
        os.close(self.reply_fd)
        _remove(self.directory)
        return said

    def _last_words(self) -> str:
        """Return the beginning and the end of what is left on stderr: a panic's text stands before its trace."""
        return _ends_of(self.directory / "stderr", STDERR_PART_BYTES)

    def _traces(self) -> str:
        return _ends_of(self.traces, TRACES_BYTES)

    def _tell(self, frame: bytes) -> None:
        """Send a frame whole; a dead worker is noticed when it is read from."""
        os.set_blocking(self.request_fd, True)
        with contextlib.suppress(BrokenPipeError):
            os.write(self.request_fd, frame)
        os.set_blocking(self.request_fd, False)

    def _read_line(self, timeout_s: float, when: str) -> bytes:
        deadline = time.monotonic() + timeout_s
        with DefaultSelector() as selector:
            selector.register(self.reply_fd, EVENT_READ)
            selector.register(self.process.control, EVENT_READ)
            while b"\n" not in self.incoming:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not selector.select(remaining):
                    raise WorkerStartError(f"{self.backend}: no answer within {timeout_s:g} s {when}")
                # In this order, or an answer that came just before the end is lost.
                gone = self.has_ended()
                if (not self.read_available() or gone) and b"\n" not in self.incoming:
                    raise WorkerStartError(self._died(when))
        line, _, rest = bytes(self.incoming).partition(b"\n")
        self.incoming = bytearray(rest)
        return line

    def _died(self, when: str) -> str:
        ended = self.process.wait(GRACE_S)
        how = crashes.describe_exit(None if ended is None else ended.status)
        return f"{self.backend}: the worker {how} {when}\n{self._last_words()}".rstrip()


def environment_of(home: Path, command: WorkerCommand) -> dict[str, str]:
    """Return the variables of a process of a backend, whose home is an empty directory; nothing else is passed on."""
    return environment(home, command.environment)


def _resource_limits(limits: Limits) -> dict[str, int | None]:
    return {
        "RLIMIT_DATA": limits.memory_bytes,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_STACK": STACK_BYTES,
        # Renewed with every answer; until the first there is a start and an import.
        "RLIMIT_CPU": cpu_allowance_s(START_TIMEOUT_S),
        # With 1 instead of 0 the kernel does not start a collector of core dumps either; source: fs/coredump.c.
        "RLIMIT_CORE": 1,
    }


def _cpu_used_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ends_of(path: Path, part_bytes: int) -> str:
    """Return the beginning and the end of a file as text; nothing if there is none."""
    # What the worker put in its place may be anything: a directory, or a pipe that nobody writes to.
    with contextlib.suppress(OSError), open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        said = stream.read(part_bytes)
        if size > part_bytes:
            stream.seek(max(part_bytes, size - part_bytes))
            cut = b"\n[...]\n" if size > 2 * part_bytes else b""
            said += cut + stream.read(part_bytes)
        return said.decode("utf-8", "backslashreplace")
    return ""


def _remove(directory: Path) -> None:
    """Remove a worker's directory, also what it made unreadable to itself."""

    def make_writable_and_go_on(function: object, path: str, error: object) -> None:
        with contextlib.suppress(OSError):
            os.chmod(os.path.dirname(path), 0o700)
            os.chmod(path, 0o700)
            shutil.rmtree(path, ignore_errors=True)

    shutil.rmtree(directory, onerror=make_writable_and_go_on)
    shutil.rmtree(directory, ignore_errors=True)
