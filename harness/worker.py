"""Execute programs inside one interpreter and report what could be observed.

This file runs under every backend, from CPython 3.9 to RustPython, as a script of its own: standard
library only, nothing imported from the harness.  Usage:

    worker.py READ_FD WRITE_FD STDOUT_FILE STDERR_FILE

It reads JSON lines from one descriptor and answers on the other, so that nothing an extension prints
can reach the protocol; what it prints goes to the two files, which are descriptors 1 and 2 in append
mode.  The frames are described in ``docs/protocol.md``.  Two ideas carry the file:

* ``build`` makes real objects from the wire's data, ``encode`` is its inverse for what comes back;
* an ``Executor`` runs the steps of one program and observes each of them.
"""

import sys

if __name__ == "__main__":
    # The directory of this file is no place to import from: its modules are the harness's.
    del sys.path[0]

import atexit
import builtins
import contextlib
import gc
import importlib
import json
import operator
import os
import struct
import threading
import time
import warnings
import weakref

PROTOCOL = 2
JSON_INTEGER_LIMIT = 2**53
RECORDED_CALLS_LIMIT = 1000
PRINTED_BYTES_LIMIT = 64 * 1024
EXCEPTION_CHAIN_LIMIT = 16
ASYNC_ITEMS_LIMIT = 100
# Of memory: what a process may grow by in 1,000 repeats, in each of the rounds; a round takes about a second at most.
GROWTH_BOUND = 128 * 1024
GROWTH_ROUNDS = 3
GROWTH_REPEATS = 500
GROWTH_WARM_UP = 50
GROWTH_ROUND_S = 1.0
# Frames that are left for a call where the recursion limit is low.
LOW_RECURSION_LIMIT = 60
# Deeper values are cut at the same depth everywhere; four frames for each level stay below Python's own limit.
NESTING_LIMIT = 220

# Calls of the special methods and callbacks that we built; None while the harness itself is at work.
_recorder = None


def type_path(cls):
    """Return ``module.qualname`` of a type, as Python code sees them."""
    return "%s.%s" % (getattr(cls, "__module__", "?"), getattr(cls, "__qualname__", "?"))


# --- from data to objects ------------------------------------------------------------------------


class Behaviour:
    """What a built object does when it is called: return or raise, one entry per call, the last repeats."""

    def __init__(self, outcomes):
        self.outcomes = outcomes
        self.calls = 0

    def __call__(self, results, inherited=None):
        outcome = self.outcomes[min(self.calls, len(self.outcomes) - 1)]
        self.calls += 1
        if type(outcome) is list:
            if outcome[0] == "!":
                raise make_exception(outcome[1], (build(outcome[2], results),))
            if outcome[0] == "^":
                return inherited()
        return build(outcome, results)


def record(name, arguments):
    """Note a call made by the extension; the harness's own calls are not recorded."""
    if _recorder is not None and len(_recorder) < RECORDED_CALLS_LIMIT:
        _recorder.append((name, arguments))


class Counted:
    """Hashes by the order of making: an address, which ``object`` hashes by, says nothing about the extension."""

    made = 0

    def __new__(cls, *arguments, **keywords):
        instance = object.__new__(cls)
        Counted.made += 1
        instance.serial = Counted.made
        born(instance)
        return instance

    def __hash__(self):
        return self.serial


def overriding_method(name, outcomes, results, made):
    """Return a method that behaves as told; ``made`` will hold the class that it is a method of."""
    behaviour = Behaviour(outcomes)

    def method(self, *arguments, **keywords):
        record(name, len(arguments) + len(keywords))

        def inherited():
            # A class has no bound __new__: it is called with the class in the first place.
            given = (self, *arguments) if name == "__new__" else arguments
            return getattr(super(made[0], self), name)(*given, **keywords)

        return behaviour(results, inherited)

    method.__name__ = name
    method.__qualname__ = "Odd." + name
    return method


def make_class(name, bases, methods, results, namespace):
    """Return a class with methods that behave as told; None for a method that says "not supported"."""
    made = []
    for method, outcomes in methods:
        namespace[method] = None if outcomes is None else overriding_method(method, outcomes, results, made)
    made.append(type(name, bases, namespace))
    return made[0]


ODD_BASES = {
    "object": object,
    "int": int,
    "float": float,
    "complex": complex,
    "str": str,
    "bytes": bytes,
    "bytearray": bytearray,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "set": set,
    "frozenset": frozenset,
}


def build_odd(wire, results):
    base = ODD_BASES[wire[1]]
    namespace = {"__module__": "matrix", "wire_methods": wire[3]}
    if base is object:
        return make_class("Odd", (Counted,), wire[3], results, namespace)()
    cls = make_class("Odd_" + wire[1], (base,), wire[3], results, namespace)
    instance = (
        base.__new__(cls, build(wire[2], results)) if wire[1] not in ("list", "dict", "set", "bytearray") else cls()
    )
    if wire[1] in ("list", "dict", "set", "bytearray"):
        base.__init__(instance, build(wire[2], results))
    born(instance)
    return instance


class Callback(Counted):
    """A callable that records its calls."""

    __module__ = "matrix"

    def __init__(self, outcomes, results):
        self.wire_outcomes = outcomes
        self.behaviour = Behaviour(outcomes)
        self.results = results

    def __call__(self, *arguments, **keywords):
        if _recorder is not None:
            record("callback", (arguments, keywords))
        return self.behaviour(self.results)

    def __repr__(self):
        return "<callback>"


class Iterator(Counted):
    """An iterator over given values; an entry that raises ends nothing by itself."""

    __module__ = "matrix"

    def __init__(self, entries, results):
        self.wire_entries = entries
        self.position = 0
        self.results = results

    def __iter__(self):
        return self

    def __next__(self):
        record("__next__", 0)
        if self.position >= len(self.wire_entries):
            raise StopIteration
        self.position += 1
        return Behaviour(self.wire_entries[self.position - 1 : self.position])(self.results)

    def __repr__(self):
        return "<iterator>"


def find(path):
    """Return the object named ``module.attribute.attribute``; the module is imported."""
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            found = getattr(found, name)
        return found
    raise LookupError("nothing is named %r" % path)


def make_exception(path, arguments):
    cls = find(path if "." in path else "builtins." + path)
    return cls(*arguments)


def build_exception(wire, results):
    details = wire[3] if len(wire) > 3 else {}
    instance = make_exception(wire[1], tuple(build(each, results) for each in wire[2]))
    if "notes" in details:
        instance.__notes__ = [build(each, results) for each in details["notes"]]
    if "context" in details:
        instance.__context__ = build(details["context"], results)
    if "cause" in details:
        instance.__cause__ = build(details["cause"], results)
    # Set even if false: CPython keeps used MemoryErrors and hands them out with the flag as it was.
    if "suppress" in details or "cause" not in details:
        instance.__suppress_context__ = details.get("suppress", False)
    return instance


def build_dict(wire, results):
    items = iter(wire[1:])
    return {build(key, results): build(next(items), results) for key in items}


def build_array(wire, results):
    import array

    return array.array(wire[1], bytes.fromhex(wire[2]))


def build_memoryview(wire, results):
    view = memoryview(bytes.fromhex(wire[1]) if wire[3] else bytearray.fromhex(wire[1]))
    return view if wire[2] == "B" else view.cast(wire[2])


BUILDERS = {
    "i": lambda wire, results: int(wire[1], 16),
    "f": lambda wire, results: struct.unpack(">d", bytes.fromhex(wire[1]))[0],
    "u": lambda wire, results: "".join([chr(each) for each in wire[1]]),
    "b": lambda wire, results: bytes.fromhex(wire[1]),
    "B": lambda wire, results: bytearray.fromhex(wire[1]),
    "c": lambda wire, results: complex(build(wire[1], results), build(wire[2], results)),
    "l": lambda wire, results: [build(each, results) for each in wire[1:]],
    "t": lambda wire, results: tuple([build(each, results) for each in wire[1:]]),
    "S": lambda wire, results: {build(each, results) for each in wire[1:]},
    "Z": lambda wire, results: frozenset([build(each, results) for each in wire[1:]]),
    "d": build_dict,
    "r": lambda wire, results: range(*[build(each, results) for each in wire[1:]]),
    "x": lambda wire, results: slice(*[build(each, results) for each in wire[1:]]),
    "E": lambda wire, results: ...,
    "N": lambda wire, results: NotImplemented,
    "T": lambda wire, results: find(wire[1]),
    "M": lambda wire, results: find(wire[1])(*[build(each, results) for each in wire[2]]),
    "a": build_array,
    "m": build_memoryview,
    "e": build_exception,
    "O": build_odd,
    "C": lambda wire, results: Callback(wire[1], results),
    "I": lambda wire, results: Iterator(wire[1], results),
    "R": lambda wire, results: results[wire[1]],
}


def build(wire, results):
    """Return the object that ``wire`` describes; ``["R", n]`` is the result of step ``n``."""
    if type(wire) is list:
        return BUILDERS[wire[0]](wire, results)
    return wire


def build_keywords(pairs, results):
    return {build(name, results): build(value, results) for name, value in pairs}


# --- from objects to data ------------------------------------------------------------------------


class Walk:
    """Where an encoding is: the containers around the value, and the objects that it has met before.

    ``around`` maps the id of each container around the value to its depth; ``met`` maps the id of each
    object that can be told from its equals to its number, or is None where their order is nobody's promise;
    ``names`` holds what is known by a name already, such as an argument.  ``kept`` are objects that nobody else
    may hold: while the walk lives, nothing else can be met at their addresses.
    """

    __slots__ = ("around", "kept", "met", "named", "names")

    def __init__(self, names=None):
        self.around = {}
        self.met = {}
        self.names = names
        self.named = False
        self.kept = []

    def again(self, value):
        """Return what stands for an object that was met before, or None; it counts as met from now on."""
        key = id(value)
        # At the top the effect "same" says what it is, and the object is shown.
        if self.around:
            if key in self.around:
                return ["@", len(self.around) - self.around[key]]
            if self.names and key in self.names:
                self.named = True
                return ["&", self.names[key]]
        met = self.met
        if met is None:
            return None
        if key in met:
            return ["&", met[key]]
        met[key] = len(met)
        return None

    def unordered(self):
        """Return the walk through a set, in which nothing is numbered."""
        inside = Walk(self.names)
        inside.around, inside.kept = self.around, self.kept
        inside.met = None
        return inside


def encode_int(value, walk):
    return value if -JSON_INTEGER_LIMIT <= value <= JSON_INTEGER_LIMIT else ["i", hex(value)]


def encode_float(value, walk):
    # A NaN or an infinity minus itself is a NaN, which equals nothing.
    return value if value - value == 0.0 else ["f", struct.pack(">d", value).hex()]


def encode_str(value, walk):
    value = without_sites(value)
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return ["u", [ord(each) for each in value]]
    return value


SITES = []
"""The directories that extensions were imported from."""


def without_sites(text):
    """Name the directories of extensions alike: each backend has its own, and where it lies is the harness's doing."""
    for site in SITES:
        if site in text:
            text = text.replace(site, "<site>")
    return text


def sorted_encodings(values, walk):
    # str hashes are salted per process, so the order of a set says nothing about the extension.
    inside = walk.unordered()
    wires = sorted([encode(each, inside) for each in values], key=json.dumps)
    walk.named = walk.named or inside.named
    return wires


def encode_dict(value, walk):
    wire = ["d"]
    for key, item in dict.items(value):
        wire.append(encode(key, walk))
        wire.append(encode(item, walk))
    return wire


CONTAINERS = {
    list: lambda value, walk: ["l"] + [encode(each, walk) for each in list.__iter__(value)],
    tuple: lambda value, walk: ["t"] + [encode(each, walk) for each in tuple.__iter__(value)],
    set: lambda value, walk: ["S", *sorted_encodings(set.__iter__(value), walk)],
    frozenset: lambda value, walk: ["Z", *sorted_encodings(frozenset.__iter__(value), walk)],
    dict: encode_dict,
    bytearray: lambda value, walk: ["B", bytearray.hex(value)],
}
SCALARS = {
    type(None): lambda value, walk: None,
    bool: lambda value, walk: value,
    int: encode_int,
    float: encode_float,
    str: encode_str,
    bytes: lambda value, walk: ["b", value.hex()],
    complex: lambda value, walk: ["c", encode_float(value.real, walk), encode_float(value.imag, walk)],
    range: lambda value, walk: ["r"] + [encode(each, walk) for each in (value.start, value.stop, value.step)],
    slice: lambda value, walk: ["x"] + [encode(each, walk) for each in (value.start, value.stop, value.step)],
    type(...): lambda value, walk: ["E"],
    type(NotImplemented): lambda value, walk: ["N"],
}
# Conversions that ignore what a subclass overrides.
PLAIN = {
    int: int.__int__,
    float: float.__float__,
    complex: complex.__pos__,
    str: lambda value: str.__getitem__(value, slice(None)),
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
}
# Standard types that are described by a call that makes an equal object.
CALLS = {
    "pathlib.PosixPath": lambda value: [str(value)],
    "pathlib.PurePosixPath": lambda value: [str(value)],
    "decimal.Decimal": lambda value: [str(value)],
    "fractions.Fraction": lambda value: [value.numerator, value.denominator],
    "datetime.date": lambda value: [value.year, value.month, value.day],
    "datetime.timedelta": lambda value: [value.days, value.seconds, value.microseconds],
    "uuid.UUID": lambda value: [str(value)],
}
# Not among the scalars: a released view raises when it is looked at.
BUFFERS = {
    "array.array": lambda value: ["a", value.typecode, value.tobytes().hex()],
    "builtins.memoryview": lambda value: ["m", value.tobytes().hex(), value.format, value.readonly],
}


def encode(value, walk=None):
    """Return the wire form of any object; never raises for what the object's own code does.

    A cycle becomes ``["@", levels up]``, and an object that was met before ``["&", number or name]``.
    """
    cls = type(value)
    scalar = SCALARS.get(cls)
    if scalar is not None:
        return scalar(value, walk)
    if walk is None:
        walk = Walk()
    container = CONTAINERS.get(cls)
    if container is not None:
        # Which of two equal tuples it is, is as little to be relied on as for two equal texts.
        again = walk.again(value) if cls is not tuple and cls is not frozenset else inside_itself(value, walk)
        return again or encode_around(container, value, cls, walk)
    try:
        return encode_other(value, cls, walk)
    except BaseException as failure:
        return ["o", type_path(cls), not_shown(type_path(type(failure)))]


def inside_itself(value, walk):
    level = walk.around.get(id(value))
    return None if level is None else ["@", len(walk.around) - level]


def encode_around(encoder, value, cls, walk):
    """Encode what has other objects inside."""
    if len(walk.around) >= NESTING_LIMIT:
        return ["o", type_path(cls), not_shown("nested too deep")]
    key = id(value)
    walk.around[key] = len(walk.around)
    try:
        return encoder(value, walk)
    finally:
        del walk.around[key]


def not_shown(why):
    return "<not shown: %s>" % why


def encode_other(value, cls, walk):
    if isinstance(value, type):
        return ["T", type_path(value)]
    if issubclass(cls, BaseException):
        return walk.again(value) or encode_exception(value, walk)
    # Python 3.13 keeps its paths in a module of their own.
    name = type_path(cls).replace("pathlib._local.", "pathlib.")
    if name in CALLS:
        return ["M", name, [encode(each, walk) for each in CALLS[name](value)]]
    if name in BUFFERS:
        return BUFFERS[name](value)
    if cls is type(sys):
        # Its repr says where it was found, which is another place for every backend.
        return ["o", name, "<module %r>" % value.__name__]
    again = walk.again(value)
    if again:
        return again
    if cls is Callback:
        return ["C", value.wire_outcomes]
    if cls is Iterator:
        return ["I", value.wire_entries[value.position :]]
    return encode_around(encode_instance, value, cls, walk)


def encode_instance(value, walk):
    """Encode an instance of a class that is not known here: as the builtin type it derives from, or its repr."""
    cls = type(value)
    name = type_path(cls)
    for base in cls.__mro__[1:]:
        if base in CONTAINERS or base in SCALARS:
            plain = CONTAINERS[base](value, walk) if base in CONTAINERS else SCALARS[base](PLAIN[base](value), walk)
            if "wire_methods" in cls.__dict__:
                return ["O", base.__name__, plain, cls.wire_methods]
            return ["k", name, plain, *state_of(value, cls, walk)]
    if "wire_methods" in cls.__dict__:
        return ["O", "object", None, cls.wire_methods]
    return ["o", name, encode(repr(value)), *state_of(value, cls, walk)]


# Classes whose instances are shown with their attributes; the extension's own, where a case asks.
_stateful = frozenset()


def state_of(value, cls, walk):
    """Return the public attributes and the dict of an object in a list, or an empty list if nobody asked."""
    if _stateful.isdisjoint(cls.__mro__):
        return []
    own = getattr(value, "__dict__", None)
    own = dict(own) if isinstance(own, dict) else {}
    names = {name for name in dir(cls) if name[:1] != "_" and not callable(getattr(cls, name, None))}
    state = {}
    for name in sorted(names.union(each for each in own if type(each) is str)):
        try:
            attribute = own[name] if name in own else getattr(value, name)
        except BaseException as failure:
            attribute = failure.with_traceback(None)
        # Kept alive, or the next attribute could be met at the same address.
        walk.kept.append(attribute)
        state[escaped(name)] = encode(attribute, walk)
    return [state]


def escaped(name):
    """Return a name as JSON can hold it: it may be any text."""
    return name.encode("utf-8", "backslashreplace").decode()


def encode_exception(exception, walk=None):
    """Return type, arguments, text, notes, cause, context and attributes; chains are cut after a few links."""
    details = {}
    try:
        details["str"] = encode_str(str(exception), None)
    except BaseException as failure:
        details["str"] = not_shown(type_path(type(failure)))
    walk = walk or Walk()
    if id(exception) in walk.around or len(walk.around) > EXCEPTION_CHAIN_LIMIT:
        return ["e", type_path(type(exception)), [], {**details, "cut": "the chain"}]
    try:
        return encode_around(lambda value, walk: encode_exception_parts(value, walk, details), exception, None, walk)
    except BaseException as failure:
        # A class of the extension's own may compute any of its attributes.
        return ["e", type_path(type(exception)), [], {**details, "cut": type_path(type(failure))}]


def encode_given_exception(given):
    """Encode what a hook is given, which may have an exception's type alone."""
    return encode(given.exc_type) if given.exc_value is None else encode_exception(given.exc_value)


def encode_exception_parts(exception, walk, details):
    cls = type(exception)
    if cls.__module__ != "builtins":
        details["bases"] = [type_path(each) for each in cls.__mro__[1:]]
    notes = getattr(exception, "__notes__", None)
    if notes:
        details["notes"] = [encode(each, walk) for each in notes]
    if exception.__cause__ is not None:
        details["cause"] = encode_exception(exception.__cause__, walk)
    if exception.__context__ is not None:
        # Told once, or a chain whose links have each other for both is told two to the power of its length times.
        shared = exception.__context__ is exception.__cause__
        details["context"] = "the cause" if shared else encode_exception(exception.__context__, walk)
    if exception.__suppress_context__:
        details["suppress"] = True
    attributes = {}
    for name in attribute_names(cls):
        attribute = getattr(exception, name, None)
        if attribute is not None:
            walk.kept.append(attribute)
            attributes[name] = encode(attribute, walk)
    for name, attribute in vars(exception).items():
        if name != "__notes__":
            attributes[escaped(name)] = encode(attribute, walk)
    if attributes:
        details["attributes"] = attributes
    walk.kept.append(exception.args)
    arguments = [encode(each, walk) for each in walk.kept[-1]]
    return ["e", type_path(cls), arguments, details]


def attribute_names(cls):
    """Return the names of an exception class's public attributes that are no methods; ``args`` is told by itself."""
    names = ATTRIBUTE_NAMES.get(cls)
    if names is None:
        names = tuple(
            name for name in dir(cls) if name[:1] != "_" and name != "args" and not callable(getattr(cls, name, None))
        )
        if cls.__module__ == "builtins":
            ATTRIBUTE_NAMES[cls] = names
    return names


ATTRIBUTE_NAMES = {}


# --- what a step does besides returning ------------------------------------------------------------


class Stream:
    """What was written to descriptor 1 or 2, by Python or by native code, since the last look."""

    def __init__(self, descriptor, path):
        self.descriptor = descriptor
        self.reader = os.open(path, os.O_RDONLY)

    def take(self):
        """Return the new text, or None if there is none; bytes that are no UTF-8 are escaped."""
        size = os.lseek(self.reader, 0, os.SEEK_END)
        if not size:
            return None
        os.lseek(self.reader, 0, os.SEEK_SET)
        data = os.read(self.reader, PRINTED_BYTES_LIMIT)
        # The descriptor is in append mode: what is written next begins the file anew.
        os.ftruncate(self.descriptor, 0)
        text = without_sites(data.decode("utf-8", "backslashreplace"))
        return text if size <= PRINTED_BYTES_LIMIT else "%s[cut: %d bytes in all]" % (text, size)


class Effects:
    """Collects warnings, printed text, unraisable exceptions and recorded calls."""

    def __init__(self, stdout_path, stderr_path):
        self.streams = [("stdout", Stream(1, stdout_path)), ("stderr", Stream(2, stderr_path))]
        self.warnings = []
        self.unraisable = []
        self.thread_exceptions = []
        warnings.simplefilter("always")
        warnings.showwarning = self.on_warning
        sys.unraisablehook = self.on_unraisable
        threading.excepthook = self.on_thread_exception

    def on_warning(self, message, category, filename, lineno, file=None, line=None):
        place = "%s:%d" % (os.path.basename(filename), lineno)
        self.warnings.append([type_path(category), encode_str(str(message), None), place])

    def on_unraisable(self, unraisable):
        # Described at once: what is kept of it would keep the dying object alive.
        failure = encode_given_exception(unraisable)
        self.unraisable.append([failure, getattr(unraisable, "err_msg", None), encode(unraisable.object)])

    def on_thread_exception(self, given):
        self.thread_exceptions.append([encode_given_exception(given)])

    def take(self):
        effects = {}
        for name, stream in self.streams:
            text = stream.take()
            if text is not None:
                effects[name] = text
        if self.warnings:
            effects["warnings"], self.warnings = self.warnings, []
        if self.unraisable:
            effects["unraisable"], self.unraisable = self.unraisable, []
        if self.thread_exceptions:
            effects["thread-exceptions"], self.thread_exceptions = self.thread_exceptions, []
        return effects


# --- programs --------------------------------------------------------------------------------------

IMMUTABLE = (type(None), bool, int, float, complex, str, bytes, range, slice, type(...), type(NotImplemented))
MISSING = object()


class Forgotten:
    """Stands for a result that the program has dropped, or a step that gave none.

    Without a dict: instances of one class share its keys, so one program would colour the next.
    """

    __slots__ = ()

    def __hash__(self):
        # Its address would say nothing about the extension.
        return 0

    def __repr__(self):
        return "<no result>"


def iterate(value, count):
    iterator = iter(value)
    items = []
    for _ in range(count):
        item = next(iterator, MISSING)
        if item is MISSING:
            break
        items.append(item)
    return items


def call_builtin(name, arguments):
    return (find(name) if "." in name else getattr(builtins, name))(*arguments)


def enter_and_leave(target, name, arguments, keywords):
    """Return what ``__enter__`` gave and what the body came to: a value, or an exception that was swallowed."""
    raised = []
    with target as entered:
        try:
            if name == "raise":
                raise arguments[0]
            value = None if name == "pass" else getattr(entered, name)(*arguments, **keywords)
        except BaseException as failure:
            raised.append(failure)
            raise
    return entered, raised[0] if raised else value


def drive(target, sent):
    """Step an awaitable by hand; return what it yielded and, if it ended, what it returned."""
    iterator = target.__await__()
    yielded = []
    try:
        for each in sent or (None,):
            if isinstance(each, BaseException):
                yielded.append(iterator.throw(each))
            else:
                # A plain iterator has no send(); None is what ``await`` itself sends.
                yielded.append(next(iterator) if each is None else iterator.send(each))
    except StopIteration as ended:
        return yielded, ended.value
    return (yielded,)


def run_in_loop(way, target):
    import asyncio

    async def wait_for():
        return await target

    async def enter():
        async with target as entered:
            return entered

    async def take():
        items = []
        async for each in target:
            items.append(each)
            if len(items) >= ASYNC_ITEMS_LIMIT:
                break
        return items

    return asyncio.run({"run": wait_for, "with": enter, "for": take}[way]())


def positional_arguments(*each):
    return each


def keyword_arguments(**each):
    return each


def unpack(targets, value):
    """Unpack into targets as an assignment does, or as the arguments of a call."""
    if targets == "*":
        return positional_arguments(*value)
    if targets == "**":
        return keyword_arguments(**value)
    if targets not in UNPACKING:
        source = "def unpack_into(value):\n    %s = value\n    return %s," % (
            targets,
            targets.replace("*", "").rstrip(","),
        )
        namespace = {}
        exec(compile(source, "<unpack>", "exec"), namespace)
        UNPACKING[targets] = namespace["unpack_into"]
    return UNPACKING[targets](value)


UNPACKING = {}


class State:
    """What one run of a program has come to: the results of its steps, and how each was last seen."""

    def __init__(self, observe):
        self.results = []
        # The encoding of each result that can change; None for the others.
        self.wires = []
        self.equality = "equality" in observe
        self.lifetimes = Lifetimes() if "lifetimes" in observe else None

    def number_of(self, value):
        """Return the number of the earlier result that an object is, or None."""
        return next((number for number, result in enumerate(self.results) if result is value), None)

    def names(self, watched):
        """Return what objects are known as: the step's arguments, and the results of earlier steps."""
        names = {id(each): name if name == "self" else "argument " + name for name, each, _, _ in watched}
        for number, result in enumerate(self.results):
            if self.wires[number] is not None:
                names.setdefault(id(result), "result %d" % number)
        return names

    def append(self, value, wire=None):
        self.results.append(value)
        self.wires.append(wire)


class Executor:
    """Runs programs one after the other; modules stay imported between them."""

    def __init__(self, effects):
        self.modules = {}
        self.effects = effects

    def load(self, name, paths, caller=None):
        """Import an extension module, and what makes calls in the context "callback"; raises what an import raises."""
        for path in reversed(paths):
            if path not in sys.path:
                sys.path.insert(0, path)
                SITES.append(path)
        importlib.invalidate_caches()
        self.modules[name] = importlib.import_module(name)
        if caller is not None:
            use_caller(caller)

    def run(self, module_name, steps, options=None):
        """Return one observation per step: ``[outcome, value]`` or ``[outcome, value, effects]``."""
        global _stateful
        options = options or {}
        observe = options.get("observe", ())
        context = options.get("context", "plain")
        module = self.modules[module_name]
        _stateful = classes_in(module) if "state" in observe else frozenset()
        if context == "exit":
            observations = at_exit(lambda: self.run_steps(module, steps, call_plainly, observe))
            # What the interpreter said on its way out.
            add_effect(observations[-1], "exit", self.effects.take())
            return observations
        if context == "twice":
            self.run_steps(module, steps, call_plainly, observe)
        observations = self.run_steps(module, steps, CONTEXTS[context], observe)
        if "memory" in observe:
            add_effect(observations[-1], "grows", growth(lambda: self.run_steps(module, steps, CONTEXTS[context], ())))
        return observations

    def run_steps(self, module, steps, context, observe):
        global _births
        state = State(observe)
        lifetimes = _births = state.lifetimes
        Counted.made = 0
        observations = []
        for step in steps:
            observation = self.step(module, step, state, context)
            if lifetimes:
                add_effect(observation, "died", lifetimes.take())
            observations.append(observation)
        # What its results do when they die is the program's own doing, not that of the next one's first step.
        state.results.clear()
        if lifetimes:
            _births = None
            add_effect(observations[-1], "leaked", lifetimes.end())
        self.effects.take()
        return observations

    def step(self, module, step, state, context):
        """Execute one step and return its observation; every reference that it took is gone by then."""
        results = state.results
        try:
            function, arguments, keywords, *target = PREPARATIONS[step[0]](module, step, results)
        except BaseException as failure:
            state.append(Forgotten())
            return ["e", encode_exception(failure), {"unprepared": True}]
        watched = self.watched(state, arguments, keywords, target)
        observation, value, effects, walk = self.perform(context, function, arguments, keywords, state, watched)
        if watched or results:
            self.note_changes(state, watched, effects, value, walk)
        if type(value) in IMMUTABLE or type(value) is Forgotten:
            state.append(value)
        else:
            same = [name for name, argument, _, number in watched if argument is value and name != "self"]
            same += ["result %d" % number for number, result in enumerate(results) if result is value]
            if same:
                effects["same"] = same
            elif target and target[0] is value:
                effects["same"] = ["self"]
            compared = compared_with_earlier(value, results) if state.equality else None
            if compared:
                effects["equality"] = compared
            born(value, "result %d" % len(results))
            state.append(value, observation.pop() if len(observation) == 3 else observation[1])
        if effects:
            observation.append(effects)
        return observation

    def perform(self, context, function, arguments, keywords, state, watched):
        """Make the step's call; return the observation of its outcome, its result, effects, and the walk through it.

        The observation of a result that is not told by itself, because it holds an argument or an earlier
        result, has a third part for now: what it looks like by itself.
        """
        global _recorder
        _left_handled.clear()
        _pickled.clear()
        handled = sys.exc_info()[1]
        calls = _recorder = []
        try:
            if context is call_plainly:
                value = function(*arguments, **keywords)
            else:
                value = context(function, arguments, keywords)
        except BaseException as failure:
            _recorder = None
            # Without its traceback, or the frames would keep arguments alive.
            wire = encode_exception(without_traceback(failure), Walk(state.names(watched)))
            observation, value, walk = ["e", wire], Forgotten(), None
        else:
            _recorder = None
            if type(value) in IMMUTABLE:
                walk = None
                observation = ["r", encode(value)]
            else:
                walk = Walk(state.names(watched))
                observation = ["r", encode(value, walk)]
                if walk.named:
                    observation.append(encode(value))
        if sys.exc_info()[1] is not handled:
            _left_handled.append(encode(sys.exc_info()[1]))
        effects = self.effects.take()
        if calls:
            effects["calls"] = [[name, encode(given)] for name, given in calls]
        if _left_handled:
            effects["handled"] = list(_left_handled)
        if _pickled:
            effects["pickled"] = [encode(each) for each in _pickled]
        return observation, value, effects, walk

    @staticmethod
    def watched(state, arguments, keywords, target):
        """Return name, object, encoding and, if it is one, number of the result, of all that the step can change."""
        watched = []
        named = [("self", each) for each in target]
        named += [(str(position), each) for position, each in enumerate(arguments)]
        named += [(escaped(name), each) for name, each in keywords.items()]
        for name, each in named:
            if type(each) not in IMMUTABLE:
                number = state.number_of(each)
                wire = None if number is None else state.wires[number]
                watched.append((name, each, encode(each) if wire is None else wire, number))
        return watched

    @staticmethod
    def note_changes(state, watched, effects, value, walk):
        """Note which arguments and which results of earlier steps are no longer what they were.

        ``walk`` went through the new ``value``: what it met in there and is in one of them too is also noted.
        """
        seen = set()
        for name, argument, wire, number in watched:
            around = Walk()
            after = encode(argument, around)
            if after != wire:
                effects.setdefault("arguments", {})[name] = after
            if argument is not value:
                note_shared(effects, walk, name, around)
            if number is not None:
                state.wires[number] = after
                seen.add(number)
        for number, result in enumerate(state.results):
            wire = state.wires[number]
            if type(result) is Forgotten:
                state.wires[number] = None
            elif wire is not None and number not in seen:
                around = Walk()
                after = encode(result, around)
                if after != wire:
                    effects.setdefault("results", {})[str(number)] = state.wires[number] = after
                if result is not value:
                    note_shared(effects, walk, "result %d" % number, around)


def note_shared(effects, walk, name, around):
    """Note which objects inside a new value are inside an argument or an earlier result; all are alive by now."""
    if walk is None or walk.met.keys().isdisjoint(around.met):
        return
    for key, number in walk.met.items():
        if key in around.met:
            effects.setdefault("shared", []).append([number, name, around.met[key]])


def growth(run):
    """Return by how many bytes the process grows when this is done 1,000 times, or 0 if that is within the bound."""
    started = time.monotonic()
    for _ in range(GROWTH_WARM_UP):
        run()
    one_s = (time.monotonic() - started) / GROWTH_WARM_UP
    repeats = max(GROWTH_WARM_UP, min(GROWTH_REPEATS, int(GROWTH_ROUND_S / max(one_s, 1e-9))))
    trim = find_trim()
    least = None
    for _ in range(GROWTH_ROUNDS):
        before = occupied(trim)
        for _ in range(repeats):
            run()
        grown = (occupied(trim) - before) * 1000 // repeats
        least = grown if least is None else min(least, grown)
        # What an allocator takes at one time it does not take in every round.
        if least <= GROWTH_BOUND:
            return 0
    return least


def find_trim():
    """Return the function that gives what is free back to the system, or one that does nothing.

    Without it a leak of megabytes can hide in what the start of the interpreter has freed.
    """
    try:
        import ctypes

        return ctypes.CDLL(None).malloc_trim
    except (ImportError, OSError, AttributeError):
        return lambda keep: None


def occupied(trim):
    """Return how much memory the process occupies; what only a cycle keeps is collected before."""
    gc.collect()
    trim(0)
    with open("/proc/self/statm", "rb") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def add_effect(observation, name, value):
    if value:
        if len(observation) == 2:
            observation.append({})
        observation[2][name] = value


def without_traceback(failure):
    """Take the frames from an exception and what it is linked to: they would keep objects alive."""
    link = failure
    for _ in range(EXCEPTION_CHAIN_LIMIT):
        if link is None:
            break
        link = link.with_traceback(None).__context__
    return failure


def compared_with_earlier(value, results):
    """Return, for each earlier result, whether it equals a new one and whether they hash alike."""
    compared = {}
    for number, earlier in enumerate(results):
        if type(earlier) is Forgotten:
            continue
        try:
            equal = encode(value == earlier)
        except BaseException as failure:
            equal = encode_exception(without_traceback(failure))
        try:
            alike = hash(value) == hash(earlier)
        except BaseException as failure:
            alike = type_path(type(failure))
        compared[str(number)] = [equal, alike]
    return compared


def classes_in(module):
    """Return the classes that a module makes known, also in its submodules and other classes."""
    root = module.__name__.partition(".")[0]
    found, seen, waiting = set(), set(), [module]
    while waiting:
        holder = waiting.pop()
        for each in list(vars(holder).values()):
            if id(each) not in seen and (is_own_class(each, root) or is_own_module(each, root)):
                seen.add(id(each))
                waiting.append(each)
                if isinstance(each, type):
                    found.add(each)
    return frozenset(found)


def is_own_class(value, root):
    if not isinstance(value, type):
        return False
    # A class that was given no module says that it is a builtin.
    if value.__module__ == "builtins":
        return getattr(builtins, value.__name__, None) is not value
    return value.__module__.partition(".")[0] == root


def is_own_module(value, root):
    if not isinstance(value, type(sys)):
        return False
    # A submodule made in native code is in nobody's list, and may have a short name.
    return value.__name__.startswith(root + ".") or sys.modules.get(value.__name__) is not value


class Lifetimes:
    """Which of the objects that a program made have died, in the order of their deaths."""

    def __init__(self):
        self.references = {}
        self.died = []
        self.built = 0
        # A collection at its own time would look like the doing of the step.
        gc.collect()
        gc.disable()

    def watch(self, value, name):
        """Watch an object if it can be referred to weakly, under its first name; what we built has a number."""
        if name is None:
            name = "object %d" % self.built
            self.built += 1
        if any(reference() is value for reference in self.references.values()):
            return
        with contextlib.suppress(TypeError):
            self.references[name] = weakref.ref(value, lambda reference: self.died.append(name))

    def take(self):
        """Return the names of those that have died since the last look."""
        died, self.died = self.died, []
        for name in died:
            self.references.pop(name, None)
        return died

    def end(self):
        """Collect what only a cycle keeps and return the names of those that live on nevertheless."""
        gc.enable()
        gc.collect()
        self.take()
        return sorted(self.references)


# What the running program made is watched here, if its case asks; else None.
_births = None


def born(value, name=None):
    if _births is not None:
        _births.watch(value, name)


# --- contexts ------------------------------------------------------------------------------------------
#
# A context is where a step's call is made.  To add one, write a function that calls ``function`` there and
# returns or raises what it does, put it into CONTEXTS, and give harness/program.py its name and its words.

# What ``sys.exc_info()`` gave after a call and not before it.
_left_handled = []


def call_plainly(function, arguments, keywords):
    return function(*arguments, **keywords)


def in_except_block(function, arguments, keywords):
    try:
        raise KeyError("outer")
    except KeyError as outer:
        value = function(*arguments, **keywords)
        if sys.exc_info()[1] is not outer:
            _left_handled.append(encode(sys.exc_info()[1]))
        return value


def in_finally_block(function, arguments, keywords):
    outer = KeyError("outer")
    values = []
    try:
        try:
            raise outer
        finally:
            values.append(function(*arguments, **keywords))
    except KeyError as failure:
        # It may come back as the call's own, where nothing was appended.
        if failure is not outer or not values:
            raise
    finally:
        outer.with_traceback(None)
    return values[0]


def in_generator(function, arguments, keywords):
    def generator():
        yield function(*arguments, **keywords)

    return next(generator())


def in_comprehension(function, arguments, keywords):
    return [function(*arguments, **keywords) for _ in (0,)][0]  # noqa: RUF015


def in_class_body(function, arguments, keywords):
    class Body:
        # In a list, for a class asks what it is given for its __set_name__.
        values = [function(*arguments, **keywords)]  # noqa: RUF012

    return Body.values[0]


class Outcome:
    """Carries what a call returned or raised from where it was made."""

    def __init__(self, function, arguments, keywords):
        self.call = (function, arguments, keywords)
        self.value = self.failure = None

    def __call__(self, *ignored):
        function, arguments, keywords = self.call
        self.call = None
        try:
            self.value = function(*arguments, **keywords)
        except BaseException as failure:
            self.failure = failure

    def get(self):
        value, failure = self.value, self.failure
        self.value = self.failure = None
        if failure is not None:
            raise failure
        return value


def in_thread(function, arguments, keywords):
    outcome = Outcome(function, arguments, keywords)
    thread = threading.Thread(target=outcome)
    thread.start()
    thread.join()
    return outcome.get()


def in_executor(function, arguments, keywords):
    from concurrent.futures import ThreadPoolExecutor

    outcome = Outcome(function, arguments, keywords)
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(outcome).result()
    return outcome.get()


def call_by_map(function):
    return next(map(lambda _: function(), (0,)))  # noqa: C417


# Calls what it is given: a function of an extension, or of the interpreter if the project names none.
_caller = call_by_map


def use_caller(path):
    """Have callbacks called by a function of an extension.  Raises: TypeError -- it is none that does that."""
    global _caller

    class Called(Exception):
        pass

    def callback(*ignored, **unnamed):
        raise Called

    caller = find(path)
    with contextlib.suppress(Called):
        caller(callback)
        raise TypeError("%s does not call its argument, or keeps back what that raises" % path)
    _caller = caller


def in_callback(function, arguments, keywords):
    values = []

    def callback(*ignored, **unnamed):
        # Only the first time: one step is one call.
        if not values:
            values.append(function(*arguments, **keywords))
        return values[0]

    _caller(callback)
    return values[0]


def in_finaliser(function, arguments, keywords):
    class Dying:
        def __del__(self):
            outcome()

    outcome = Outcome(function, arguments, keywords)
    Dying()
    if outcome.call is not None:
        gc.collect()
    return outcome.get()


def while_traced(function, arguments, keywords):
    def tracer(frame, event, argument):
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        return function(*arguments, **keywords)
    finally:
        sys.settrace(before)


def while_profiled(function, arguments, keywords):
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, argument: None)
    try:
        return function(*arguments, **keywords)
    finally:
        sys.setprofile(before)


def at_low_recursion_limit(function, arguments, keywords):
    depth = 0
    frame = sys._getframe()
    while frame is not None:
        depth += 1
        frame = frame.f_back
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + LOW_RECURSION_LIMIT)
    try:
        return function(*arguments, **keywords)
    finally:
        sys.setrecursionlimit(before)


def after_collection(function, arguments, keywords):
    gc.collect()
    return function(*arguments, **keywords)


def optimised(function, arguments, keywords):
    return OPTIMISED["call"](function, arguments, keywords)


# Only the calling code: what the module has in Python was compiled when it was imported.
OPTIMISED = {}
OPTIMISED_SOURCE = "def call(function, arguments, keywords):\n    return function(*arguments, **keywords)\n"
exec(compile(OPTIMISED_SOURCE, "<optimised>", "exec", optimize=2), OPTIMISED)


def with_warnings_as_errors(function, arguments, keywords):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function(*arguments, **keywords)


def in_task(function, arguments, keywords):
    import asyncio

    outcome = Outcome(function, arguments, keywords)

    async def step():
        outcome()

    async def main():
        await asyncio.ensure_future(step())

    asyncio.run(main())
    return outcome.get()


CONTEXTS = {
    "plain": call_plainly,
    "except": in_except_block,
    "finally": in_finally_block,
    "generator": in_generator,
    "comprehension": in_comprehension,
    "class": in_class_body,
    "thread": in_thread,
    "executor": in_executor,
    "callback": in_callback,
    "del": in_finaliser,
    "settrace": while_traced,
    "setprofile": while_profiled,
    "recursion": at_low_recursion_limit,
    "gc": after_collection,
    "optimised": optimised,
    "warnings": with_warnings_as_errors,
    "task": in_task,
    # These two are about the whole program: it is run at the end of a process, or is the second of two runs.
    "exit": call_plainly,
    "twice": call_plainly,
}


def at_exit(run):
    """Run a program at the exit of a process of its own and return its observations."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        atexit.register(lambda: os.write(writer, json.dumps(run()).encode("ascii")))
        raise LeaveChild
    os.close(writer)
    with open(reader, "rb") as pipe:
        data = pipe.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        # The program ended its process, so it ends this one, which is where a death is looked for.
        os.kill(os.getpid(), os.WTERMSIG(status))
    if not data:
        os._exit(os.WEXITSTATUS(status))
    return json.loads(data)


class LeaveChild(SystemExit):
    """Takes a child out of the loop that serves programs, to its exit."""


def prepare_call(module, step, results):
    function = module
    for name in step[1].split("."):
        function = getattr(function, name)
    return function, [build(each, results) for each in step[2]], build_keywords(step[3], results)


def prepare_method(module, step, results):
    target, name = build(step[1], results), step[2]
    arguments = [build(each, results) for each in step[3]]
    keywords = build_keywords(step[4], results)

    # Looked up when the step is executed, so that a missing method is the step's own exception.
    def call_method(*args, **kwargs):
        return getattr(target, name)(*args, **kwargs)

    return call_method, arguments, keywords, target


def prepare_apply(module, step, results):
    target, *arguments = [build(each, results) for each in step[2]]
    return target, arguments, build_keywords(step[3], results), target


def prepare_with(module, step, results):
    target, *arguments = [build(each, results) for each in step[2]]
    keywords = build_keywords(step[3], results)

    def enter(*args, **kwargs):
        return enter_and_leave(target, step[1], args, kwargs)

    return enter, arguments, keywords, target


def prepare_await(module, step, results):
    arguments = [build(each, results) for each in step[2]]
    if step[1] == "drive":
        return lambda target, *sent: drive(target, sent), arguments, {}
    return lambda target: run_in_loop(step[1], target), arguments, {}


def prepare_subclass(module, step, results):
    bases = [build(each, results) for each in step[2]]
    for name in step[1].split("."):
        module = getattr(module, name)
    base = module

    def subclass(*mixins):
        return make_class(base.__name__, (*mixins, base), step[3], results, {"__module__": "matrix"})

    return subclass, bases, {}


def round_trip(value, protocol):
    import pickle

    _pickled.append(pickle.dumps(value, protocol))
    return pickle.loads(_pickled[-1])


# What the step pickled.
_pickled = []


def prepare_forget(module, step, results):
    def forget():
        results[step[1]] = Forgotten()

    return forget, [], {}


def prepare_collect(module, step, results):
    def collect():
        # Without what it returns: that counts the harness's own garbage and the interpreter's too.
        gc.collect(step[1])

    return collect, [], {}


def prepare_operands(function):
    return lambda module, step, results: (function(step), [build(each, results) for each in step[2]], {})


def prepare_surface(module, step, results):
    path = build(step[2][0], results)
    return lambda: SURFACE[step[1]](module, path), [], {}


PREPARATIONS = {
    "call": prepare_call,
    "method": prepare_method,
    "get": prepare_operands(lambda step: lambda target: getattr(target, step[1])),
    "set": prepare_operands(lambda step: lambda target, value: setattr(target, step[1], value)),
    "delete": prepare_operands(lambda step: lambda target: delattr(target, step[1])),
    "operator": prepare_operands(lambda step: getattr(operator, step[1])),
    "builtin": prepare_operands(lambda step: lambda *arguments: call_builtin(step[1], arguments)),
    "iterate": prepare_operands(lambda step: lambda target: iterate(target, step[1])),
    "forget": prepare_forget,
    "with": prepare_with,
    "await": prepare_await,
    "apply": prepare_apply,
    "subclass": prepare_subclass,
    "unpack": prepare_operands(lambda step: lambda value: unpack(step[1], value)),
    "pickle": prepare_operands(lambda step: lambda value: round_trip(value, step[1])),
    "collect": prepare_collect,
    "surface": prepare_surface,
}


# --- the surface of an extension ---------------------------------------------------------------------

# What says where a module was found, which is another place for every backend, or is asked as a fact of its own.
UNASKED_OF_MODULES = frozenset(
    (
        "__builtins__",
        "__cached__",
        "__doc__",
        "__file__",
        "__loader__",
        "__name__",
        "__package__",
        "__path__",
        "__spec__",
    )
)
UNASKED_OF_CLASSES = frozenset(("__dict__", "__doc__", "__module__", "__qualname__", "__weakref__"))
# The bits of a class's flags that Python code can act on (Include/object.h), as far as they are the class's own.
CLASS_FLAGS = (
    *((5, "sequence"), (6, "mapping"), (7, "no instances"), (8, "immutable"), (9, "made at run time")),
    *((10, "can be a base"), (14, "collected"), (20, "abstract")),
)


def at(module, path):
    """Return what a dotted path leads to, from the module itself for an empty one."""
    found = module
    for name in path.split(".") if path else ():
        found = getattr(found, name)
    return found


def held_at(module, path):
    """Return the same as its holder has it, before any descriptor is asked."""
    holder, _, name = path.rpartition(".")
    if not path:
        return module
    held = vars(at(module, holder))
    if name not in held:
        raise AttributeError(path)
    return held[name]


def outline(module, path):
    """Return the kind of every name in a module, its submodules and its classes, by dotted path."""
    root = module.__name__.partition(".")[0]
    found, seen, waiting = {"": "module"}, {id(module)}, [("", module)]
    while waiting:
        prefix, holder = waiting.pop()
        unasked = UNASKED_OF_CLASSES if isinstance(holder, type) else UNASKED_OF_MODULES
        for name, value in list(vars(holder).items()):
            if name in unasked:
                continue
            kind = found[prefix + name] = kind_of(value, root)
            if kind in ("module", "class", "callable"):
                if id(value) in seen:
                    # The same under a second name, which is asked no more than its type.
                    found[prefix + name] = "foreign"
                    continue
                seen.add(id(value))
                if kind != "callable":
                    waiting.append((prefix + name + ".", value))
    return {name: found[name] for name in sorted(found)}


def kind_of(value, root):
    if isinstance(value, type(sys)):
        return "module" if is_own_module(value, root) else "foreign"
    if isinstance(value, type):
        return "class" if is_own_class(value, root) else "foreign"
    if callable(value) or isinstance(value, (staticmethod, classmethod)):
        home = getattr(value, "__module__", None)
        return "foreign" if isinstance(home, str) and home.partition(".")[0] not in (root, "builtins") else "callable"
    return "attribute" if hasattr(type(value), "__get__") else "constant"


def signature(module, path):
    import inspect

    return str(inspect.signature(at(module, path)))


def help_lines(module, path):
    import pydoc

    return pydoc.render_doc(at(module, path), renderer=pydoc.plaintext).splitlines()


def flags(module, path):
    bits = at(module, path).__flags__
    return [name for bit, name in CLASS_FLAGS if bits >> bit & 1]


def subclassing(module, path):
    type("Sub", (at(module, path),), {})
    return True


def survives_pickle(module, path):
    import pickle

    return pickle.loads(pickle.dumps(at(module, path), 4)) is at(module, path)


def names_in(module, path):
    holder = at(module, path)
    return [name for name in dir(holder) if isinstance(holder, type) or name not in UNASKED_OF_MODULES]


def asked_attribute(name):
    return lambda module, path: getattr(at(module, path), name)


SURFACE = {
    "outline": outline,
    "type": lambda module, path: type(held_at(module, path)),
    "value": at,
    "help": help_lines,
    "signature": signature,
    "pickle": survives_pickle,
    "dir": names_in,
    "flags": flags,
    "subclassing": subclassing,
    "weak references": lambda module, path: at(module, path).__weakrefoffset__ != 0,
    "dict": lambda module, path: at(module, path).__dictoffset__ != 0,
    "doc": asked_attribute("__doc__"),
    "name": asked_attribute("__name__"),
    "qualname": asked_attribute("__qualname__"),
    "module": asked_attribute("__module__"),
    "package": asked_attribute("__package__"),
    "all": asked_attribute("__all__"),
    "text signature": asked_attribute("__text_signature__"),
    "bases": asked_attribute("__bases__"),
    "mro": asked_attribute("__mro__"),
}


# --- the protocol ----------------------------------------------------------------------------------


def digest_of_this_file():
    try:
        # hashlib would load OpenSSL, which takes longer than all the rest of the start.
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b
    with open(__file__, "rb") as stream:
        return blake2b(stream.read(), digest_size=16).hexdigest()


def hello():
    """Return what this interpreter is and can do."""
    return {
        "protocol": PROTOCOL,
        "worker": digest_of_this_file(),
        "implementation": sys.implementation.name,
        "implementation_version": ".".join(map(str, sys.implementation.version[:3])),
        "language_version": "%d.%d.%d" % sys.version_info[:3],
        "version": sys.version,
        "pid": os.getpid(),
        "capabilities": {
            # WTF-8 strings cannot hold a high and a low surrogate side by side.
            "surrogate_pairs": len("\ud83d" + "\ude00") == 2,
            "free_threaded": not getattr(sys, "_is_gil_enabled", lambda: True)(),
            "exception_notes": hasattr(BaseException, "add_note"),
            "contexts": [name for name in CONTEXTS if name != "exit" or hasattr(os, "fork")],
            "traces": trace_signal(),
        },
    }


# The highest but three of Linux's real-time signals: nobody else has a use for it.
TRACE_SIGNAL = 61


def trace_signal():
    """Return the signal at which this interpreter can be made to write what its threads do, or 0."""
    try:
        import faulthandler
    except ImportError:
        return 0
    return TRACE_SIGNAL if hasattr(faulthandler, "register") and hasattr(faulthandler, "enable") else 0


def keep_traces(path):
    """Have the interpreter write what its threads do into a file: at the signal, and when it dies of one."""
    import faulthandler

    # A descriptor, for a file that is open at the end is warned of.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    # Neither costs a program anything; a watchdog of the interpreter's own is a thread, which os.fork() warns of.
    faulthandler.register(TRACE_SIGNAL, file=descriptor, all_threads=True)
    faulthandler.enable(file=descriptor)


def serve(reader, writer, effects):
    def answer(message):
        writer.write(json.dumps(message).encode("ascii") + b"\n")
        writer.flush()

    answer({"hello": hello()})
    executor = Executor(effects)
    for line in reader:
        message = json.loads(line)
        if "load" in message:
            try:
                executor.load(message["load"], message["paths"], message.get("caller"))
            except BaseException as failure:
                answer({"load": message["load"], "failed": encode_exception(failure)})
            else:
                answer({"load": message["load"], "failed": None})
            executor.effects.take()
        elif "traces" in message:
            keep_traces(message["traces"])
        else:
            serve_programs(message["run"], executor, writer)


def serve_programs(programs, executor, writer):
    """Run programs; say of each that it begins, so that a death before it is told from one of it."""
    own = os.getpid()
    writer.write(b"[%d]\n" % programs[0][0])
    writer.flush()
    for number, (sequence, module_name, *program) in enumerate(programs, 1):
        observations = executor.run(module_name, *program)
        if os.getpid() != own:
            # A child that an extension has made answers nothing, or there would be two answers.
            os._exit(0)
        reply = json.dumps([sequence, observations]).encode("ascii") + b"\n"
        # Together with the reply before it, for a system call of its own would cost as much as a small program.
        writer.write(reply + b"[%d]\n" % programs[number][0] if number < len(programs) else reply)
        writer.flush()


def main():
    reader, writer = (int(each) for each in sys.argv[1:3])
    # Unbuffered, so that Python's and native output keep their order in the descriptor.
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(write_through=True)
        sys.stderr.reconfigure(write_through=True)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    with open(reader, "rb") as requests, open(writer, "wb") as replies:
        serve(requests, replies, Effects(sys.argv[3], sys.argv[4]))


if __name__ == "__main__":
    main()
