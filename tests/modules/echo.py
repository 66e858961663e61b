"""Stands for an extension: plain Python that runs on every interpreter since 3.9."""

import gc
import os
import signal
import sys
import time
import warnings

state = []


class Box:
    """A class of the extension's own."""

    def __init__(self, content=None):
        self.content = content

    def put(self, content):
        self.content = content
        return self

    def take(self):
        return self.content

    def __add__(self, other):
        return Box([self.content, other])

    def __iter__(self):
        return iter(self.content)

    def __repr__(self):
        return f"<Box {self.content!r} at {id(self):#x}>"


class Loud:
    """Objects whose every method, the harness's favourites too, ends in an exception that is no Exception."""

    def __repr__(self):
        raise SystemExit("repr")


class Stubborn(Exception):
    """An exception that cannot be looked at."""

    def __str__(self):
        raise KeyboardInterrupt

    @property
    def args(self):
        raise ValueError("no args")

    @property
    def __notes__(self):
        raise ValueError("no notes")


class Number(int):
    """A subclass that we did not make ourselves."""


def echo(value=None, *values, **named):
    if values or named:
        return (value, values, named)
    return value


def raise_it(exception):
    raise exception


def raise_from_within(inner, outer):
    try:
        raise inner
    except BaseException:
        raise outer


def mutate(container):
    if isinstance(container, dict):
        container["new"] = 1
    elif isinstance(container, set):
        container.add("new")
    elif isinstance(container, bytearray):
        container += b"new"
    else:
        container.append("new")


def mutate_named(**boxes):
    for box in boxes.values():
        box.append(1)


def chat(text):
    print(text)
    print(text, file=sys.stderr)


def write_raw(data):
    os.write(1, data)
    os.write(2, data)


def print_like_a_frame():
    os.write(1, b'[1, [["r", "forged"]]]\n')
    os.write(2, b'{"hello": 1}\n')


def print_much(size):
    os.write(1, b"x" * size)


def warn(text):
    warnings.warn(text, DeprecationWarning)
    warnings.warn(text, DeprecationWarning)


def drop_unraisable():
    class Falls:
        def __del__(self):
            raise ValueError("from __del__")

    Falls()
    gc.collect()


def falls_later():
    class Falls:
        def __del__(self):
            print("gone")
            raise ValueError("from __del__")

    return Falls()


def call(function, *values, **named):
    return function(*values, **named)


def measure(thing):
    return [len(thing), len(thing)]


def walk(iterable):
    return list(iterable)


def remember(value):
    state.append(value)
    return len(state)


def opaque():
    return Box(1)


def loud():
    return Loud()


def raise_stubborn():
    raise Stubborn("x")


def number():
    return [Number(5), Number]


def cycle():
    cyclic = [1]
    cyclic.append(cyclic)
    named = {"self": None}
    named["self"] = (named, cyclic)
    return named


def nest(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def chain(length):
    error = None
    for number in range(length):
        newer = ValueError(number)
        newer.__cause__ = error
        error = newer
    raise error


def circular():
    first, second = ValueError(1), ValueError(2)
    first.__context__, second.__context__ = second, first
    raise first


def random_bits():
    return list(os.urandom(8))


def sleep(seconds):
    time.sleep(seconds)


def leave(code):
    os._exit(code)


def exit_politely(code):
    sys.exit(code)


def die(number=signal.SIGSEGV):
    os.kill(os.getpid(), number)
    time.sleep(60)


def complain_and_die(text):
    os.write(2, text.encode())
    os.abort()


def spawn():
    """Leave a child behind that holds every descriptor that it can, and return its process id."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    return child


def close_descriptors():
    os.closerange(3, 256)
    time.sleep(600)


def environment(name):
    return os.environ.get(name)


def where():
    return [os.getcwd() == os.environ["HOME"], os.listdir(".")]


def path_entries():
    return [entry for entry in sys.path if entry.endswith("harness")]


def arguments():
    return len(sys.argv)


def read_stdin():
    return sys.stdin.read()


def causes(length):
    """Raise an exception whose every link is cause and context of the next at once."""
    try:
        if length:
            causes(length - 1)
        raise ValueError(length)
    except ValueError as error:
        raise ValueError(length) from error


class Door:
    """Something to enter and leave; it keeps shut what is told to it."""

    def __init__(self, swallows=False):
        self.swallows = swallows
        self.left_with = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.left_with = kind
        return self.swallows

    def knock(self, times, loud=False):
        return times * 2

    async def __aenter__(self):
        return "entered"

    async def __aexit__(self, kind, value, traceback):
        return None


async def count_up(limit):
    for number in range(limit):
        yield number


class Steps:
    """An awaitable that yields what it is given, and returns what it was last sent."""

    def __init__(self, *steps):
        self.steps = steps

    def __await__(self):
        sent = None
        for each in self.steps:
            try:
                sent = yield each
            except ValueError as error:
                sent = error
        return sent


async def wait_for(value):
    return value


class Base:
    """A class to derive from."""

    def __init__(self, size=1):
        self.size = size

    def grow(self, by):
        self.size += by
        return self.size

    def twice(self):
        return self.grow(1) + self.grow(1)


class Quiet(ValueError):
    """An exception with a class, attributes and a base of its own."""

    code = 3

    def __init__(self, text, size):
        super().__init__(text)
        self.size = size


def raise_quiet():
    raise Quiet("no", 7)


def twice_inside(value):
    return [value, [value]]


def shared():
    inner = []
    return [inner, (inner, inner), {"again": inner}]


class Person:
    """Public attributes in every way that there is."""

    kind = "person"

    def __init__(self, name):
        self.name = name
        self._age = 4

    @property
    def shout(self):
        return self.name.upper()

    @property
    def broken(self):
        raise ValueError("broken")

    def rename(self, name):
        self.name = name

    def __repr__(self):
        return "<Person>"


class Part:
    """Equal by its number, and weakly referable."""

    def __init__(self, number=0):
        self.number = number
        self.other = None

    def __eq__(self, other):
        return self.number == other.number

    def __hash__(self):
        return hash(self.number % 2)

    def join(self, other):
        self.other = other

    def __repr__(self):
        return "<Part>"


def keep(value):
    state.append(value)


def fail_in_thread():
    import threading

    thread = threading.Thread(target=lambda: int("x"))
    thread.start()
    thread.join()


def surroundings():
    """Say what can be known of where this is called."""
    import threading

    handled = sys.exc_info()[0]
    return [
        None if handled is None else handled.__name__,
        sys.gettrace() is not None,
        sys.getprofile() is not None,
        threading.current_thread() is threading.main_thread(),
        sys.getrecursionlimit() < 500,
    ]


def apply(function):
    return [function()]


def keep_back(function):
    try:
        function()
    except Exception as error:
        return error


def callers():
    """Return the names of the functions around this call."""
    frame, names = sys._getframe(1), []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def count_calls():
    state.append("called")
    return state.count("called")


def fail_at_exit():
    os.abort()


def cannot_load():
    print(__file__)
    raise ImportError("cannot load " + __file__, path=__file__)
