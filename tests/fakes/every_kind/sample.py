"""Stands for an extension module that differs on one backend in every way that can be seen, each in a function."""

import asyncio
import os
import signal
import sys
import threading
import time
import warnings

BETA = os.environ["FAKE_BACKEND"] != "alpha"
NAME = "beta" if BETA else "alpha"


def value(given):
    return [given, BETA]


def number(given):
    return float(given) if BETA else given


def negated(given):
    return -given if BETA else given


def order():
    return {2: 2, 1: 1} if BETA else {1: 1, 2: 2}


def index(given):
    return given.__index__() if BETA else 0


def exception_type(given):
    raise (KeyError if BETA else IndexError)(given)


def exception_message():
    raise ValueError(NAME)


class Told(ValueError):
    def __str__(self):
        return "told"


def exception_arguments():
    raise Told(NAME)


def exception_notes():
    error = ValueError("noted")
    error.__notes__ = [NAME]
    raise error


def exception_cause():
    raise ValueError("caused") from (KeyError() if BETA else IndexError())


def exception_far_cause():
    try:
        raise KeyError("near") from ValueError(NAME)
    except KeyError as near:
        raise ValueError("caused") from near


def exception_context():
    error = ValueError("in context")
    error.__context__ = KeyError() if BETA else None
    raise error


def exception_attributes():
    error = ValueError("more")
    error.more = [BETA]
    raise error


class Own(*((ValueError,) if BETA else (Exception,))):
    pass


def exception_bases():
    raise Own


def textless():
    class Textless(Exception):
        def __str__(self):
            raise ValueError(NAME)

    raise Textless(BETA)


def change(given):
    if BETA:
        given.append(1)


def chat():
    os.write(1, NAME.encode() + b"\n")


def complain():
    os.write(2, NAME.encode() + b"\n")


def warn():
    warnings.warn(NAME, UserWarning, stacklevel=2)


class Dying:
    def __del__(self):
        raise ValueError(NAME)


def die():
    Dying()


def fail():
    raise ValueError(NAME)


def fail_in_thread():
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def call(given):
    given()
    if BETA:
        given(1, name=2)


def same(given):
    return list(given) if BETA else given


def twice_in_it():
    inner = [1]
    return [inner, [1] if BETA else inner]


class Thing:
    def __init__(self, given=None):
        self.given = given
        self.name = NAME

    def __eq__(self, other):
        return BETA

    __hash__ = None

    def change(self):
        if BETA:
            self.given.append(1)

    def keep(self):
        kept.append(self if BETA else None)


kept = []


def items():
    return []


class Leaving:
    def __del__(self, write=os.write, text=b"beta" if BETA else b"alpha"):
        write(1, text)


def leave():
    kept.append(Leaving())


def take(size):
    if BETA:
        kept.append(bytearray(size))


class Pickled:
    def __init__(self, given=None):
        self.given = given

    def __reduce__(self):
        return Pickled, (NAME,)

    def __repr__(self):
        return "<pickled>"


def where():
    """Tell where the call is made, and by which backend."""
    try:
        task = asyncio.current_task() is not None
    except RuntimeError:
        task = False
    return {
        "backend": NAME,
        "handled": type(sys.exc_info()[1]).__name__,
        "main thread": threading.current_thread() is threading.main_thread(),
        "traced": sys.gettrace() is not None,
        "profiled": sys.getprofile() is not None,
        "low": sys.getrecursionlimit() < 500,
        "errors": bool(warnings.filters) and warnings.filters[0][0] == "error",
        "task": task,
        "caller": sys._getframe(1).f_code.co_name,
    }


def crash():
    if BETA:
        os.kill(os.getpid(), signal.SIGSEGV)


def hang():
    if BETA:
        time.sleep(600)


def agree(given=None):
    return given


SPOILT = []


def spoil(given):
    SPOILT.append(int(given))
    raise ValueError("whatever it does")


def spoilt():
    """Tell on one backend what was done before in the same process."""
    return SPOILT if BETA else [0]


def hashed(given):
    return [hash(given), BETA]


def spoil_at_exit():
    """Do so at the exit of another process, which leaves nothing here but a file."""
    if BETA:
        with open("spoilt", "w"):
            pass


def spoilt_at_exit():
    return os.path.exists("spoilt")


def die_soon():
    if BETA:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGSEGV)).start()


def apply(given):
    return given()
