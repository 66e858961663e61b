"""What the conformance kit has workers call: plain Python that runs on every interpreter since 3.9."""

import gc
import os
import signal
import sys
import threading
import time
import warnings

kept = []


class Box:
    """Holds one thing."""

    def __init__(self, content=None):
        self.content = content

    def put(self, content):
        self.content = content
        return self

    def take(self):
        return self.content

    def __add__(self, other):
        return [self.content, other]

    def __repr__(self):
        return "<Box>"


class Base:
    """A class to derive from, and to refer to weakly."""

    def __init__(self, size=1):
        self.size = size

    def grow(self, by):
        self.size += by
        return self.size

    def twice(self):
        return self.grow(1) + self.grow(1)

    def __eq__(self, other):
        return self.size == other.size

    def __hash__(self):
        return hash(self.size)

    def __repr__(self):
        return "<Base>"


class Door:
    """Something to enter and leave."""

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return True

    def knock(self, times):
        return times * 2


class Number(int):
    """A subclass of a builtin type."""


async def wait_for(value):
    return value


def echo(value=None, *values, **named):
    return (value, values, named) if values or named else value


def fail(exception):
    raise exception


def fail_twice(inner, outer):
    try:
        raise inner
    except Exception:
        raise outer from inner


def number():
    return Number(5)


def shared():
    inner = []
    return [inner, (inner,), {"again": inner}]


def cycle():
    cyclic = []
    cyclic.append(cyclic)
    return cyclic


def nest(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def chat(text):
    print(text)
    print(text, file=sys.stderr)


def write_raw(data):
    os.write(1, data)
    os.write(2, data)


def print_frames():
    os.write(1, b'[1, [["r", "forged"]]]\n')
    os.write(2, b'{"hello": 1}\n')


def warn(text):
    warnings.warn(text, DeprecationWarning, stacklevel=1)


def drop_unraisable():
    class Falls:
        def __del__(self):
            raise ValueError("from __del__")

    Falls()
    gc.collect()


def fail_in_thread():
    thread = threading.Thread(target=lambda: int("x"))
    thread.start()
    thread.join()


def mutate(container):
    container.append("new")


def call(function, *values, **named):
    return function(*values, **named)


def walk(iterable):
    return list(iterable)


def keep(value):
    kept.append(value)
    return len(kept)


def surroundings():
    """Say what can be known of where this is called."""
    handled = sys.exc_info()[0]
    return [
        None if handled is None else handled.__name__,
        sys.gettrace() is not None,
        sys.getprofile() is not None,
        threading.current_thread() is threading.main_thread(),
        sys.getrecursionlimit() < 500,
    ]


def place():
    return [os.getcwd() == os.environ.get("HOME"), os.listdir("."), sys.stdin.read()]


def sleep(seconds):
    time.sleep(seconds)


def die():
    # Any other signal can be caught, and is by the runtime of some languages.
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(600)


def leave(code):
    os._exit(code)


def spawn():
    """Leave a child behind and return its process id."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    return child
