"""The warden: a small process that starts workers and sees to it that nothing of them outlives them.

    python -I -S warden.py SOCKET_FD [network]

It is started once by a process that runs workers, and forks a *keeper* for each of them.  The keeper starts the
worker with its limits, says how it ended, and ends whatever the worker left behind: the kernel gives it every
process that the worker started and that lost its parent, whatever session it went to.  A keeper ends its worker
when the other end of its control socket is closed, so nothing outlives the harness either, however that ended.

Frames are JSON, one message each.  To the warden: ``{argv, environment, directory, limits}`` with the descriptors
of stdin, stdout, stderr, requests, replies and of the keeper's control socket.  From a keeper: ``{pid}`` or
``{failed}``, later ``{status, killed, peak_bytes}``; then its socket closes.  To a keeper: the number of a signal
for the worker, or ``kill``.

Standard library only, and nothing of ours: it must be small and start fast.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from typing import Any, NoReturn

MESSAGE_BYTES = 2**20
KILL = b"kill"
DESCRIPTORS = 6
# Where the worker finds its two pipes; what lies above is closed.
REQUESTS_FD, REPLIES_FD = 3, 4
STRAYS_LIMIT_S = 5.0

# Source: linux/prctl.h, linux/sched.h, linux/sockios.h, linux/if.h.
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    requests = socket.socket(fileno=int(sys.argv[1]))
    if "network" not in sys.argv[2:]:
        leave_the_network()
    adopt_orphans()
    # Keepers need no waiting for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, MESSAGE_BYTES, DESCRIPTORS)
        if not message:
            break
        for each in descriptors:
            os.set_inheritable(each, False)
        if os.fork() == 0:
            requests.close()
            keep(json.loads(message), descriptors)
        for each in descriptors:
            os.close(each)
    # Keepers end by themselves; what a dead one left is here.
    end_strays()


def keep(request: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Start a worker, wait for its end or for the word to end it, and leave nothing of it."""
    try:
        adopt_orphans()
        wakes = wake_for_children()
        *streams, control_fd = descriptors
        with socket.socket(fileno=control_fd) as control:
            worker = start(request, streams, control)
            for each in streams:
                os.close(each)
            if worker is not None:
                tell(control, pid=worker)
                tell(control, **watch(worker, control, wakes))
                with contextlib.suppress(OSError):
                    os.killpg(worker, signal.SIGKILL)
                end_strays()
    finally:
        os._exit(0)


def start(request: dict[str, Any], streams: list[int], control: socket.socket) -> int | None:
    """Start the worker and return its process id; or say why not, and return None."""
    reader, writer = os.pipe()
    keeper = os.getpid()
    worker = os.fork()
    if worker == 0:
        try:
            os.close(reader)
            become_worker(request, streams, keeper)
        except OSError as error:
            os.write(writer, str(error.strerror).encode())
        except BaseException as error:
            os.write(writer, repr(error).encode())
        finally:
            os._exit(127)
    os.close(writer)
    with open(reader, "rb") as failures:
        # Closed by a successful exec.
        failed = failures.read()
    if not failed:
        return worker
    os.waitpid(worker, 0)
    tell(control, failed=failed.decode("utf-8", "replace"))
    return None


def become_worker(request: dict[str, Any], streams: list[int], keeper: int) -> NoReturn:
    os.setsid()
    # First out of the way of each other.
    high = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 64) for each in streams]
    for number, each in enumerate(high):
        os.dup2(each, number)
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)
    os.chdir(request["directory"])
    set_limits(request["limits"])
    # The kernel must end the worker if the keeper is gone, which it may be already.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != keeper:
        os._exit(127)
    os.execvpe(request["argv"][0], request["argv"], request["environment"])


def set_limits(limits: dict[str, int | None]) -> None:
    for name, wanted in limits.items():
        which = getattr(resource, name)
        most = resource.getrlimit(which)[1]
        if wanted is not None:
            value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
            resource.setrlimit(which, (value, most))
    # If memory gets short for everybody, a worker is what can be spared.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as stream:
        stream.write("1000")


def wake_for_children() -> int:
    """Return a descriptor that can be read when a child has ended."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return reader


def watch(worker: int, control: socket.socket, wakes: int) -> dict[str, Any]:
    """Return how the worker ended; it is killed if the other side says so, or is gone."""
    poller = select.poll()
    poller.register(control, select.POLLIN)
    poller.register(wakes, select.POLLIN)
    killed = False
    while True:
        ready = [each for each, _ in poller.poll()]
        if wakes in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wakes, 4096)
        # Orphans that ended by themselves are waited for too, or they would stay in the kernel's table.
        pid = -1
        while pid:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == worker:
                code = os.waitstatus_to_exitcode(status)
                return {"status": code, "killed": killed, "peak_bytes": usage.ru_maxrss * 1024}
        if control.fileno() in ready:
            told = hear(control)
            if told not in (KILL, b""):
                os.kill(worker, int(told))
                continue
            poller.unregister(control)
            killed = True
            with contextlib.suppress(OSError):
                os.killpg(worker, signal.SIGKILL)
            # It may have left its session.
            os.kill(worker, signal.SIGKILL)


def end_strays() -> None:
    """Kill every process that is left of a worker; each gives its own children to us when it dies."""
    deadline = time.monotonic() + STRAYS_LIMIT_S
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return
        for each in children():
            with contextlib.suppress(OSError):
                os.kill(each, signal.SIGKILL)
        time.sleep(0.002)


def children() -> list[int]:
    me = os.getpid()
    with contextlib.suppress(OSError), open(f"/proc/self/task/{me}/children") as stream:
        return [int(each) for each in stream.read().split()]
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{int(entry)}/stat") as stream:
            if int(stream.read().rpartition(")")[2].split()[1]) == me:
                found.append(int(entry))
    return found


def hear(control: socket.socket) -> bytes:
    try:
        return control.recv(MESSAGE_BYTES)
    except OSError:
        return b""


def tell(control: socket.socket, **words: Any) -> None:
    # The other side may be gone, which the next look at the socket shows.
    with contextlib.suppress(OSError):
        control.send(json.dumps(words).encode())


def adopt_orphans() -> None:
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def leave_the_network() -> None:
    """Go to a network of our own, if the kernel lets us; with privileges no user namespace is needed."""
    if libc.unshare(CLONE_NEWNET) != 0:
        # There is no way back from a namespace in which we are nobody, so a child goes first.
        child = os.fork()
        if child == 0:
            os._exit(0 if enter_namespaces() else 1)
        if os.waitpid(child, 0)[1] != 0 or not enter_namespaces():
            return
    # A loopback that is down is a surprise that has nothing to do with the extension.
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sH22x", b"lo", 0)
        flags = struct.unpack("16sH22x", fcntl.ioctl(probe, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | IFF_UP))


def enter_namespaces() -> bool:
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    maps = (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1"))
    for name, text in maps:
        try:
            with open(f"/proc/self/{name}", "w") as stream:
                stream.write(text)
        except OSError:
            return False
    return (os.getuid(), os.getgid()) == (user, group)


if __name__ == "__main__":
    main()
