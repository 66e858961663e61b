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

import gc
import importlib
import json
import operator
import os
import struct
import warnings

PROTOCOL = 1
JSON_INTEGER_LIMIT = 2**53
RECORDED_CALLS_LIMIT = 1000
PRINTED_BYTES_LIMIT = 64 * 1024
EXCEPTION_CHAIN_LIMIT = 16
ASYNC_ITEMS_LIMIT = 100
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


# --- from objects to data ------------------------------------------------------------------------


def encode_int(value, path):
    return value if -JSON_INTEGER_LIMIT <= value <= JSON_INTEGER_LIMIT else ["i", hex(value)]


def encode_float(value, path):
    # A NaN or an infinity minus itself is a NaN, which equals nothing.
    return value if value - value == 0.0 else ["f", struct.pack(">d", value).hex()]


def encode_str(value, path):
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return ["u", [ord(each) for each in value]]
    return value


def sorted_encodings(values, path):
    # str hashes are salted per process, so the order of a set says nothing about the extension.
    return sorted([encode(each, path) for each in values], key=json.dumps)


def encode_dict(value, path):
    wire = ["d"]
    for key, item in dict.items(value):
        wire.append(encode(key, path))
        wire.append(encode(item, path))
    return wire


CONTAINERS = {
    list: lambda value, path: ["l"] + [encode(each, path) for each in list.__iter__(value)],
    tuple: lambda value, path: ["t"] + [encode(each, path) for each in tuple.__iter__(value)],
    set: lambda value, path: ["S", *sorted_encodings(set.__iter__(value), path)],
    frozenset: lambda value, path: ["Z", *sorted_encodings(frozenset.__iter__(value), path)],
    dict: encode_dict,
}
SCALARS = {
    type(None): lambda value, path: None,
    bool: lambda value, path: value,
    int: encode_int,
    float: encode_float,
    str: encode_str,
    bytes: lambda value, path: ["b", value.hex()],
    bytearray: lambda value, path: ["B", value.hex()],
    complex: lambda value, path: ["c", encode_float(value.real, path), encode_float(value.imag, path)],
    range: lambda value, path: ["r"] + [encode(each, path) for each in (value.start, value.stop, value.step)],
    slice: lambda value, path: ["x"] + [encode(each, path) for each in (value.start, value.stop, value.step)],
    type(...): lambda value, path: ["E"],
    type(NotImplemented): lambda value, path: ["N"],
}
# Conversions that ignore what a subclass overrides.
PLAIN = {
    int: int.__int__,
    float: float.__float__,
    complex: complex.__pos__,
    str: lambda value: str.__getitem__(value, slice(None)),
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    bytearray: lambda value: bytearray.__getitem__(value, slice(None)),
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


def encode(value, path=()):
    """Return the wire form of any object; never raises for what the object's own code does.

    ``path`` holds the ids of the containers around the value: a cycle becomes ``["@", levels up]``.
    """
    cls = type(value)
    scalar = SCALARS.get(cls)
    if scalar is not None:
        return scalar(value, path)
    container = CONTAINERS.get(cls)
    if container is not None:
        if id(value) in path:
            return ["@", len(path) - path.index(id(value))]
        if len(path) >= NESTING_LIMIT:
            return ["o", type_path(cls), not_shown("nested too deep")]
        return container(value, (*path, id(value)))
    try:
        return encode_other(value, cls, path)
    except BaseException as failure:
        return ["o", type_path(cls), not_shown(type_path(type(failure)))]


def not_shown(why):
    return "<not shown: %s>" % why


def encode_other(value, cls, path):
    if isinstance(value, BaseException):
        return encode_exception(value, path)
    if id(value) in path:
        return ["@", len(path) - path.index(id(value))]
    if len(path) >= NESTING_LIMIT:
        return ["o", type_path(cls), not_shown("nested too deep")]
    path += (id(value),)
    if cls is Callback:
        return ["C", value.wire_outcomes]
    if cls is Iterator:
        return ["I", value.wire_entries[value.position :]]
    if isinstance(value, type):
        return ["T", type_path(value)]
    # Python 3.13 keeps its paths in a module of their own.
    name = type_path(cls).replace("pathlib._local.", "pathlib.")
    if name in CALLS:
        return ["M", name, [encode(each, path) for each in CALLS[name](value)]]
    if name in BUFFERS:
        return BUFFERS[name](value)
    for base in cls.__mro__[1:]:
        if base in CONTAINERS or base in SCALARS:
            plain = CONTAINERS[base](value, path) if base in CONTAINERS else SCALARS[base](PLAIN[base](value), path)
            if "wire_methods" in cls.__dict__:
                return ["O", base.__name__, plain, cls.wire_methods]
            return ["k", name, plain]
    if "wire_methods" in cls.__dict__:
        return ["O", "object", None, cls.wire_methods]
    return ["o", name, encode(repr(value))]


def encode_exception(exception, path=()):
    """Return type, arguments, text, notes, cause and context; chains are cut after a few links."""
    details = {}
    try:
        details["str"] = encode_str(str(exception), ())
    except BaseException as failure:
        details["str"] = not_shown(type_path(type(failure)))
    try:
        return encode_exception_parts(exception, path, details)
    except BaseException as failure:
        # A class of the extension's own may compute any of its attributes.
        return ["e", type_path(type(exception)), [], {**details, "cut": type_path(type(failure))}]


def encode_exception_parts(exception, path, details):
    if id(exception) in path or len(path) > EXCEPTION_CHAIN_LIMIT:
        return ["e", type_path(type(exception)), [], {**details, "cut": "the chain"}]
    path = (*path, id(exception))
    notes = getattr(exception, "__notes__", None)
    if notes:
        details["notes"] = [encode(each, path) for each in notes]
    if exception.__cause__ is not None:
        details["cause"] = encode_exception(exception.__cause__, path)
    if exception.__context__ is not None:
        # Told once, or a chain whose links have each other for both is told two to the power of its length times.
        shared = exception.__context__ is exception.__cause__
        details["context"] = "the cause" if shared else encode_exception(exception.__context__, path)
    if exception.__suppress_context__:
        details["suppress"] = True
    for name in ("errno", "strerror", "filename", "name", "code", "value"):
        attribute = getattr(exception, name, None)
        if attribute is not None:
            details.setdefault("attributes", {})[name] = encode(attribute, path)
    arguments = [encode(each, path) for each in exception.args]
    return ["e", type_path(type(exception)), arguments, details]


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
        text = data.decode("utf-8", "backslashreplace")
        return text if size <= PRINTED_BYTES_LIMIT else "%s[cut: %d bytes in all]" % (text, size)


class Effects:
    """Collects warnings, printed text, unraisable exceptions and recorded calls."""

    def __init__(self, stdout_path, stderr_path):
        self.streams = [("stdout", Stream(1, stdout_path)), ("stderr", Stream(2, stderr_path))]
        self.warnings = []
        self.unraisable = []
        warnings.simplefilter("always")
        warnings.showwarning = self.on_warning
        sys.unraisablehook = self.on_unraisable

    def on_warning(self, message, category, filename, lineno, file=None, line=None):
        self.warnings.append([type_path(category), encode_str(str(message), ())])

    def on_unraisable(self, unraisable):
        text = encode_str(str(unraisable.exc_value), ())
        self.unraisable.append([type_path(unraisable.exc_type), text])

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
        return effects


# --- programs --------------------------------------------------------------------------------------

IMMUTABLE = (type(None), bool, int, float, complex, str, bytes, range, slice, type(...), type(NotImplemented))
MISSING = object()


class Forgotten:
    """Stands for a result that the program has dropped, or a step that gave none.

    Without a dict: instances of one class share its keys, so one program would colour the next.
    """

    __slots__ = ()

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
    return find(name if "." in name else "builtins." + name)(*arguments)


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


class Executor:
    """Runs programs one after the other; modules stay imported between them."""

    def __init__(self, effects):
        self.modules = {}
        self.effects = effects

    def load(self, name, paths):
        """Import an extension module; raises what the import raises."""
        for path in reversed(paths):
            if path not in sys.path:
                sys.path.insert(0, path)
        importlib.invalidate_caches()
        self.modules[name] = importlib.import_module(name)

    def run(self, module_name, steps):
        """Return one observation per step: ``[outcome, value]`` or ``[outcome, value, effects]``."""
        results = []
        Counted.made = 0
        observations = [self.step(self.modules[module_name], step, results) for step in steps]
        # What its results do when they die is the program's own doing, not that of the next one's first step.
        results.clear()
        self.effects.take()
        return observations

    def step(self, module, step, results):
        global _recorder
        kind = step[0]
        try:
            prepared = PREPARATIONS[kind](module, step, results)
        except BaseException as failure:
            results.append(Forgotten())
            return ["e", encode_exception(failure), {"unprepared": True}]
        function, arguments, keywords = prepared
        before = self.mutable_arguments(arguments, keywords)
        calls = _recorder = []
        try:
            value = function(*arguments, **keywords)
        except BaseException as failure:
            _recorder = None
            # Without its traceback, or the frames would keep arguments alive.
            observation = ["e", encode_exception(failure.with_traceback(None))]
            value = Forgotten()
        else:
            _recorder = None
            observation = ["r", encode(value)]
        effects = self.effects.take()
        if calls:
            effects["calls"] = [[name, encode(arguments)] for name, arguments in calls]
        for position, (argument, wire) in before:
            after = encode(argument)
            if after != wire:
                effects.setdefault("arguments", {})[position] = after
        if type(value) not in IMMUTABLE and type(value) is not Forgotten:
            same = [name for name, (argument, _) in before if argument is value]
            same += ["result %d" % number for number, result in enumerate(results) if result is value]
            if same:
                effects["same"] = same
        results.append(value)
        if effects:
            observation.append(effects)
        return observation

    @staticmethod
    def mutable_arguments(arguments, keywords):
        return [
            # A keyword may be any text, which JSON may not be able to hold.
            (str(position).encode("utf-8", "backslashreplace").decode(), (argument, encode(argument)))
            for position, argument in list(enumerate(arguments)) + list(keywords.items())
            if type(argument) not in IMMUTABLE
        ]


def prepare_call(module, step, results):
    function = module
    for name in step[1].split("."):
        function = getattr(function, name)
    arguments = [build(each, results) for each in step[2]]
    return function, arguments, {build(name, results): build(value, results) for name, value in step[3]}


def prepare_method(module, step, results):
    target, name = build(step[1], results), step[2]
    arguments = [build(each, results) for each in step[3]]
    keywords = {build(key, results): build(value, results) for key, value in step[4]}

    # Looked up when the step is executed, so that a missing method is the step's own exception.
    def call_method(*args, **kwargs):
        return getattr(target, name)(*args, **kwargs)

    return call_method, arguments, keywords


def prepare_apply(module, step, results):
    arguments = [build(each, results) for each in step[2]]
    return arguments[0], arguments[1:], {build(key, results): build(value, results) for key, value in step[3]}


def prepare_with(module, step, results):
    target, *arguments = [build(each, results) for each in step[2]]
    keywords = {build(key, results): build(value, results) for key, value in step[3]}

    def enter(*args, **kwargs):
        return enter_and_leave(target, step[1], args, kwargs)

    return enter, arguments, keywords


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

    return pickle.loads(pickle.dumps(value, protocol))


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
}


# --- the protocol ----------------------------------------------------------------------------------


def hello():
    """Return what this interpreter is and can do."""
    return {
        "protocol": PROTOCOL,
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
        },
    }


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
                executor.load(message["load"], message["paths"])
            except BaseException as failure:
                answer({"load": message["load"], "failed": encode_exception(failure)})
            else:
                answer({"load": message["load"], "failed": None})
            executor.effects.take()
        else:
            for sequence, module_name, steps in message["run"]:
                answer([sequence, executor.run(module_name, steps)])


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
