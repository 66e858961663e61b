"""Statements on the classes of Rust, and classes that override their slots; `lib.rs` runs this file."""

# ruff: noqa: F821, PLW0120, UP031 -- the classes of Rust are among the globals; every kind of statement is meant

import copy
import pickle
import sys


def with_block(manager, raised=None):
    """What `as` gave, and whether the exception was swallowed."""
    entered = "not entered"
    try:
        with manager as entered:
            if raised is not None:
                raise raised
    except BaseException as error:
        return entered, type(error).__name__, error.__context__ is raised
    return entered, "swallowed" if raised is not None else "left"


def with_blocks(first, second, raised=None):
    with first as one, second as two:
        if raised is not None:
            raise raised
        return one, two


def with_return(manager):
    for _ in range(2):
        with manager:
            break
    with manager:
        return "returned"


def drive(coroutine, limit=12):
    """Run a coroutine by hand: what it yielded on its way, and its result."""
    yielded = []
    try:
        for _ in range(limit):
            yielded.append(coroutine.send(None))
    except StopIteration as end:
        return yielded, end.value
    finally:
        coroutine.close()
    return yielded, "cut"


async def awaiting(awaitable):
    return await awaitable


async def streaming(stream):
    items = []
    async for item in stream:
        items.append(item)
    else:
        items.append("else")
    return items


async def comprehending(stream):
    return [item async for item in stream if item != 1]


async def async_block(manager, raised):
    async with manager as entered:
        if raised is not None:
            raise raised
    return entered


async def echoing(stream):
    async for item in stream:
        yield item


def awaited(awaitable):
    return drive(awaiting(awaitable))


def streamed(stream):
    return drive(streaming(stream))


def comprehended(stream):
    return drive(comprehending(stream))


def echoed(stream):
    return drive(streaming(echoing(stream)))


def async_with(manager, raised=None):
    return drive(async_block(manager, raised))


def next_of(stream, *default):
    return drive(awaiting(anext(stream, *default)))


def run(awaitable):
    import asyncio

    async def tick():
        await asyncio.sleep(0)
        return await awaitable

    return asyncio.run(tick())


def thrown_into(awaitable, exception):
    """Throw into a coroutine that waits for an awaitable of Rust."""
    coroutine = awaiting(awaitable)
    first = coroutine.send(None)
    try:
        second = coroutine.throw(exception)
    finally:
        coroutine.close()
    return first, second


def pickled(instance, protocol):
    again = pickle.loads(pickle.dumps(instance, protocol))
    return type(again).__name__, again, again is instance


def deeply(instance):
    memo = {}
    again = copy.deepcopy(instance, memo)
    return again, again is instance, memo.get("asked")


def reduced(instance, protocol):
    made = instance.__reduce_ex__(protocol)
    return [each if isinstance(each, (str, int, type(None))) else type(each).__name__ for each in made]


def replaced(instance, **changes):
    return copy.replace(instance, **changes)


def as_key(first, second):
    """Two objects as keys of one dict, and members of one set."""
    table = {first: "first"}
    table[second] = "second"
    return len(table), len({first, second}), table[first]


def matched(subject):
    """What patterns take: sequences, mappings, classes with positions."""
    match subject:
        case [first, *_]:
            return "sequence", first
        case {"key": value}:
            return "mapping", value
        case {}:
            return "empty mapping", None
        case ByArguments(number=0):
            return "class", 0
        case ByArguments(number=number, text=text):
            return "class", (number, text)
        case Caller(value):
            return "class with positions", value
        case _:
            return "nothing", None


def formatted(subject, spec):
    return f"{subject:{spec}}", "{:{}}".format(subject, spec), "%s" % (subject,)


def path_of(subject):
    import os

    return os.fspath(subject)


def sliced(subject, start, stop):
    return subject[start:stop], subject[start, ...]


def size_of(subject):
    return sys.getsizeof(subject) - sys.getsizeof(subject)


# Slots as attributes.


def describe(cls, name):
    """What a special method of a class is."""
    found = getattr(cls, name)
    kind = type(found).__name__
    owner = getattr(found, "__objclass__", None)
    words = [getattr(found, each, "none") for each in ("__name__", "__qualname__", "__text_signature__", "__doc__")]
    return kind, None if owner is None else owner.__name__, words, name in vars(cls)


def bound(instance, name):
    found = getattr(instance, name)
    return type(found).__name__, found.__self__ is instance, getattr(found, "__name__", None)


def call_slot(cls, name, *arguments):
    return getattr(cls, name)(*arguments)


def attribute_names(cls):
    """The names that a class itself defines."""
    return sorted(vars(cls))


def class_named(name):
    return globals()[name]


# Each slot overridden.


class Override(Told):
    def __repr__(self):
        return ("Override", super().__repr__())[1]

    def __format__(self, spec):
        return "Override " + super().__format__(spec)

    def __dir__(self):
        return ["zeta", *super().__dir__()]

    def __copy__(self):
        return ("Override.__copy__", super().__copy__())


class OverrideWeighed(Weighed):
    def __len__(self):
        return super().__len__() + 1

    def __hash__(self):
        return super().__hash__() ^ 1

    def __eq__(self, other):
        return super().__eq__(other)

    def __contains__(self, item):
        return not super().__contains__(item)


class NoHash(Weighed):
    __hash__ = None
    __bool__ = None


class OverrideCaller(Caller):
    __match_args__ = ("doc",)
    doc = "what Caller is matched by"

    def __call__(self, *args, **kwargs):
        return ("OverrideCaller", super().__call__(*args, **kwargs))


class OverrideHooked(Hooked):
    def __getattr__(self, name):
        return ("OverrideHooked", name)

    def __setattr__(self, name, value):
        super().__setattr__(name, value + 1)


class OverrideSequence(Sequence):
    def __getitem__(self, index):
        return ("OverrideSequence", super().__getitem__(index))

    def __len__(self):
        return 3


class OverrideMapping(Mapping):
    def __getitem__(self, key):
        return super().__getitem__(key)

    def __delitem__(self, key):
        raise TypeError("nothing is deleted")

    __contains__ = None


class OverrideRope(Rope):
    def __add__(self, other):
        return ("OverrideRope.__add__", super().__add__(other))

    def __mul__(self, other):
        return ("OverrideRope.__mul__", super().__mul__(other))


class OverrideManager(Manager):
    def __enter__(self):
        return ("OverrideManager", super().__enter__())

    def __exit__(self, *details):
        super().__exit__(*details)
        return True


class OverrideStream(Stream):
    def __aiter__(self):
        return super().__aiter__()

    def __anext__(self):
        return super().__anext__()


class OverrideArguments(ByArguments):
    """Has a dict, which is pickled too."""

    def __init__(self, *args):
        self.more = args


class OverrideState(ByState):
    __slots__ = ("slot",)


class Owner:
    """Has descriptors of Rust among its attributes."""

    reading = Reading("read")
    failing = Reading(lambda: {}[0])
    writing = Writing()

    def __init__(self):
        self.__dict__["reading"] = "the instance's own"
        self.__dict__["writing"] = "never seen"


class Bare:
    """Its descriptor cannot be overridden by anything."""

    __slots__ = ()
    reading = Reading("bare")
