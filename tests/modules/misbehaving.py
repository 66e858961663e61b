"""Stands for an extension that does its worst to its process, if the process has the variable MISBEHAVE.

Otherwise every function gives back its argument.
"""

import contextlib
import os
import resource
import signal
import sys
import threading
import time

MISBEHAVES = "MISBEHAVE" in os.environ

if os.environ.get("MISBEHAVE") == "import dies":
    os.abort()
if os.environ.get("MISBEHAVE") == "import hangs":
    time.sleep(600)
if os.environ.get("MISBEHAVE") == "import leaves":
    os._exit(0)


def misbehaving(function):
    def behaved(value):
        if MISBEHAVES:
            function()
        return value

    return behaved


def differ(value):
    return -value if MISBEHAVES else value


def differ_too(value):
    return str(value) if MISBEHAVES else value


def die_of(number):
    def die():
        if number in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            # Python's own ways with them.
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        time.sleep(600)

    return misbehaving(die)


for name in ("ABRT", "ALRM", "BUS", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "SYS", "TERM", "TRAP"):
    globals()["die_of_SIG" + name] = die_of(getattr(signal, "SIG" + name))
for name in ("USR1", "VTALRM", "XCPU", "XFSZ"):
    globals()["die_of_SIG" + name] = die_of(getattr(signal, "SIG" + name))


def say_and_abort(text):
    def say():
        os.write(2, text)
        os.abort()

    return misbehaving(say)


panic = say_and_abort(
    b"\nthread '<unnamed>' (7) panicked at src/lib.rs:12:5:\nno way\nnote: run with `RUST_BACKTRACE=1`\n"
    b"\nthread '<unnamed>' (7) panicked at library/core/src/panicking.rs:225:5:\n"
    b"panic in a function that cannot unwind\n"
)
fail_an_assertion = say_and_abort(b"worker: parts/tree.c:88: insert: Assertion `node != NULL' failed.\n")
damage_the_heap = say_and_abort(b"free(): invalid pointer\n")
overflow_a_rust_stack = say_and_abort(
    b"\nthread 'main' (7) has overflowed its stack\nfatal runtime error: stack overflow\n"
)
run_out_of_rust_memory = say_and_abort(b"memory allocation of 68719476736 bytes failed\n")


@misbehaving
def miss_a_symbol():
    os.write(2, b"worker: symbol lookup error: /x/native.so: undefined symbol: PyNothing_AtAll\n")
    os._exit(127)


@misbehaving
def exit_with_0():
    os._exit(0)


@misbehaving
def exit_with_3():
    os._exit(3)


@misbehaving
def become_another_program():
    os.execv("/bin/true", ["true"])


@misbehaving
def overflow_the_stack():
    import faulthandler

    faulthandler._stack_overflow()


@misbehaving
def hang():
    time.sleep(600)


@misbehaving
def spin():
    while True:
        pass


@misbehaving
def stop_itself():
    os.kill(os.getpid(), signal.SIGSTOP)


@misbehaving
def ignore_every_signal():
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_IGN)
    time.sleep(600)


@misbehaving
def close_its_pipes():
    os.closerange(3, 5)
    time.sleep(600)


@misbehaving
def close_every_descriptor():
    os.closerange(0, 256)


@misbehaving
def close_its_streams():
    os.close(1)
    os.close(2)


@misbehaving
def fork_and_leave():
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
        os._exit(0)


@misbehaving
def become_a_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
        os._exit(0)


@misbehaving
def fork_and_answer_twice():
    os.fork()


@misbehaving
def leave_a_daemon_and_die():
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    os.kill(os.getpid(), signal.SIGKILL)


@misbehaving
def start_a_thread_that_never_ends():
    threading.Thread(target=time.sleep, args=(600,)).start()


@misbehaving
def start_a_thread_that_spins():
    def run():
        while True:
            pass

    threading.Thread(target=run, daemon=True).start()


@misbehaving
def kill_its_parent():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)


@misbehaving
def eat_memory():
    eaten = []
    while True:
        eaten.append(bytearray(2**24))


@misbehaving
def fill_the_disk():
    with open("filler", "wb") as stream:
        while True:
            stream.write(bytes(2**20))


@misbehaving
def leave_its_directory():
    os.chdir("/")


@misbehaving
def remove_its_directory():
    import shutil

    shutil.rmtree(os.path.dirname(os.getcwd()))


@misbehaving
def make_its_directory_unreadable():
    os.mkdir("locked")
    open("locked/file", "w").close()
    os.chmod("locked", 0)


@misbehaving
def chatter():
    os.write(1, b"o" * 2**20)
    os.write(2, b"e" * 2**20)


@misbehaving
def lift_its_limits():
    resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))


@misbehaving
def mask_every_signal():
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())


@misbehaving
def leave_politely():
    sys.exit(5)


@misbehaving
def put_a_pipe_in_place_of_its_stderr():
    place = os.readlink("/proc/self/fd/2")
    os.unlink(place)
    os.mkfifo(place)
    os.abort()


@misbehaving
def die_a_moment_later():
    def run():
        time.sleep(0.2)
        os.abort()

    threading.Thread(target=run).start()


def surroundings(value):
    """Return what a worker has been given."""
    return {
        "descriptors": sorted(os.listdir("/proc/self/fd"))[:-1],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "stack": resource.getrlimit(resource.RLIMIT_STACK)[0],
        "data": resource.getrlimit(resource.RLIMIT_DATA)[0],
        "file": resource.getrlimit(resource.RLIMIT_FSIZE)[0],
        "leader": os.getsid(0) == os.getpid(),
        "user": os.getuid(),
        "masked": len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "children": os.listdir("."),
        "variables": sorted(os.environ),
        "umask": os.umask(0o022),
    }


def interfaces(value):
    with open("/proc/net/dev") as stream:
        return sorted(line.partition(":")[0].strip() for line in stream if ":" in line)


def echo_over_loopback(value):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            client.sendall(b"hello")
            return accepted.recv(5)
