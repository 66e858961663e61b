"""Stands for an extension module; what it does wrong, it does on one backend only."""

import os
import signal
import threading
import time

BETA = os.environ["FAKE_BACKEND"] != "alpha"


def call(name):
    """Call a function of the C-API, which a host that is asked to notes."""
    if "FAKE_CALLS" in os.environ:
        with open(os.environ["FAKE_CALLS"], "a") as stream:
            stream.write(name + "\n")


call("PyType_FromSpec")


def agree(value=None):
    return value


def differ(value):
    return "wrong" if BETA and value >= 100 else value


def differ_twice(value):
    if BETA and value <= -100:
        raise ValueError("no")
    return differ(value)


def refuse(value):
    if value >= 100:
        raise ValueError("too " + ("big", "large")[BETA])
    return value


def crash(value):
    if BETA and value >= 100:
        os.kill(os.getpid(), signal.SIGSEGV)
    return value


def hang(value):
    if BETA and value >= 100:
        time.sleep(600)
    return value


def vary():
    return list(os.urandom(8))


def chat(text):
    print("\0\x1b[31m]]>" + text if BETA else text)


def panic():
    os.write(2, b"thread 'main' (%d) panicked at src/lib.rs:1:2:\n" % os.getpid())


class Plain:
    pass


def mark():
    if BETA:
        Plain.marked = True


class Made:
    def __repr__(self):
        return "beta" if BETA else "alpha"


def hand_out():
    return MADE


MADE = Made()


def differ_by_the_host(value):
    call("PyLong_FromLong")
    call("PyList_New")
    return differ(value)


def differ_by_itself(value):
    call("itself")
    return differ(value)


def differ_unwatched(value):
    return value if "FAKE_CALLS" in os.environ else differ(value)


SPOILT = []


def spoil():
    """Leave something behind, but only in a thread: what is done in one cannot be a step of another program."""
    if threading.current_thread() is not threading.main_thread():
        SPOILT.append(True)


def use(value):
    return "spoilt" if BETA and SPOILT else value


CALLS = []


def differ_then_hang(value):
    CALLS.append(value)
    if BETA and len(CALLS) > 1:
        time.sleep(600)
    return "wrong" if BETA else value
