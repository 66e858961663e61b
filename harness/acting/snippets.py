"""Pieces of Python that a reproducer is put together from: only those that it needs."""

from __future__ import annotations

from collections.abc import Iterable

from harness.program import Context

CONTEXTS: dict[Context, str] = {
    "except": """\
def in_context(function, *arguments, **keywords):
    try:
        raise KeyError("outer")
    except KeyError as outer:
        value = function(*arguments, **keywords)
        if sys.exc_info()[1] is not outer:
            print("left for sys.exc_info():", repr(sys.exc_info()[1]))
        return value
""",
    "finally": """\
def in_context(function, *arguments, **keywords):
    outer, values = KeyError("outer"), []
    try:
        try:
            raise outer
        finally:
            values.append(function(*arguments, **keywords))
    except KeyError as error:
        if error is not outer or not values:
            raise
    return values[0]
""",
    "generator": """\
def in_context(function, *arguments, **keywords):
    def generator():
        yield function(*arguments, **keywords)

    return next(generator())
""",
    "comprehension": """\
def in_context(function, *arguments, **keywords):
    return [function(*arguments, **keywords) for _ in (0,)][0]
""",
    "class": """\
def in_context(function, *arguments, **keywords):
    class Body:
        values = [function(*arguments, **keywords)]

    return Body.values[0]
""",
    "callback": """\
def in_context(function, *arguments, **keywords):
    return next(map(lambda _: function(*arguments, **keywords), (0,)))
""",
    "del": """\
def in_context(function, *arguments, **keywords):
    class Dying:
        def __del__(self):
            done.append(outcome_of(function, *arguments, **keywords))

    done = []
    Dying()
    if not done:
        gc.collect()
    return outcome_told(done[0])
""",
    "settrace": """\
def in_context(function, *arguments, **keywords):
    def tracer(frame, event, argument):
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        return function(*arguments, **keywords)
    finally:
        sys.settrace(before)
""",
    "setprofile": """\
def in_context(function, *arguments, **keywords):
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, argument: None)
    try:
        return function(*arguments, **keywords)
    finally:
        sys.setprofile(before)
""",
    "recursion": """\
def in_context(function, *arguments, **keywords):
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 60)
    try:
        return function(*arguments, **keywords)
    finally:
        sys.setrecursionlimit(before)
""",
    "optimised": """\
optimised = {}
source = "def call(function, *arguments, **keywords): return function(*arguments, **keywords)"
exec(compile(source, "<optimised>", "exec", optimize=2), optimised)
in_context = optimised["call"]
""",
    "warnings": """\
def in_context(function, *arguments, **keywords):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function(*arguments, **keywords)
""",
    "thread": """\
def in_context(function, *arguments, **keywords):
    done = []
    thread = threading.Thread(target=lambda: done.append(outcome_of(function, *arguments, **keywords)))
    thread.start()
    thread.join()
    return outcome_told(done[0])
""",
    "executor": """\
def in_context(function, *arguments, **keywords):
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        done = pool.submit(outcome_of, function, *arguments, **keywords).result()
    return outcome_told(done)
""",
    "gc": """\
def in_context(function, *arguments, **keywords):
    gc.collect()
    return function(*arguments, **keywords)
""",
    "task": """\
def in_context(function, *arguments, **keywords):
    async def step():
        return outcome_of(function, *arguments, **keywords)

    async def main():
        return await asyncio.ensure_future(step())

    return outcome_told(asyncio.run(main()))
""",
}
"""What calls a function there.  ``exit`` and ``twice`` are about the whole program and have no such function."""

HELPERS = {
    "Counted": '''\
class Counted:
    """Hashed by a number, for an address is another in every process."""

    made = 0

    def __new__(cls, *arguments, **keywords):
        instance = object.__new__(cls)
        Counted.made += 1
        instance.serial = Counted.made
        return instance

    def __hash__(self):
        return self.serial
''',
    "masked": '''\
def masked(text):
    """Return a text without addresses, which are others in every process."""
    return re.sub("0x[0-9a-fA-F]+", "0x...", text)
''',
    "NoResult": '''\
class NoResult:
    """Stands for the result of a step that gave none."""

    __slots__ = ()

    def __repr__(self):
        return "<no result>"
''',
    "outcome_of": """\
def outcome_of(function, *arguments, **keywords):
    try:
        return function(*arguments, **keywords), None
    except BaseException as error:
        return None, error


def outcome_told(outcome):
    value, error = outcome
    if error is not None:
        raise error
    return value
""",
    "enter_and_leave": '''\
def enter_and_leave(target, body):
    """A with statement: what was entered, and what the body returned or raised if that was swallowed."""
    raised = []
    with target as entered:
        try:
            value = body(entered)
        except BaseException as error:
            raised.append(error)
            raise
    return entered, raised[0] if raised else value


def throw(error):
    raise error
''',
    "drive": '''\
def drive(target, *sent):
    """Step an awaitable by hand; return what it yielded and, if it ended, what it returned."""
    iterator = target.__await__()
    yielded = []
    try:
        for each in sent or (None,):
            if isinstance(each, BaseException):
                yielded.append(iterator.throw(each))
            else:
                yielded.append(next(iterator) if each is None else iterator.send(each))
    except StopIteration as ended:
        return yielded, ended.value
    return (yielded,)
''',
    "wait_for": """\
async def wait_for(target):
    return await target
""",
    "enter": """\
async def enter(target):
    async with target as entered:
        return entered
""",
    "take_all": """\
async def take_all(target):
    items = []
    async for each in target:
        items.append(each)
        if len(items) >= 100:
            break
    return items
""",
    "positional": """\
def positional(*each):
    return each
""",
    "by_name": """\
def by_name(**each):
    return each
""",
    "watch": '''\
references = []


def watch(value, name):
    """Say when an object dies."""
    if not any(reference() is value for _, reference in references):
        try:
            references.append((name, weakref.ref(value, lambda _: print("died:", name))))
        except TypeError:
            pass
    return value
''',
    "occupied": '''\
def occupied():
    """Return how much memory the process occupies, after what is free was given back to the system."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        pass
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
''',
    "answer": """\
def answer(question):
    try:
        return repr(question())
    except BaseException as error:
        return "raises " + type(error).__qualname__
""",
}

NEEDED = {
    "drive": (),
    "wait_for": ("asyncio",),
    "enter": ("asyncio",),
    "take_all": ("asyncio",),
    "watch": ("gc", "weakref"),
    "masked": ("re",),
    "occupied": ("ctypes", "gc", "os"),
}
"""Modules that a helper needs."""

CONTEXT_NEEDS: dict[Context, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "del": (("gc",), ("outcome_of",)),
    "warnings": (("warnings",), ()),
    "thread": (("threading",), ("outcome_of",)),
    "executor": (("concurrent.futures",), ("outcome_of",)),
    "gc": (("gc",), ()),
    "task": (("asyncio",), ("outcome_of",)),
}
"""Modules and helpers that a context needs."""

HOOKS = {
    "warnings": """\
warnings.simplefilter("always")
warnings.showwarning = lambda message, category, filename, line, *rest: print(
    "warning:", category, repr(str(message)), "%s:%d" % (os.path.basename(filename), line)
)
""",
    "unraisable": """\
sys.unraisablehook = lambda given: print(
    "unraisable:", given.exc_type, masked(repr(str(given.exc_value))), masked(str(given.err_msg))
)
""",
    "thread-exceptions": """\
threading.excepthook = lambda given: print("in a thread:", given.exc_type, repr(str(given.exc_value)))
""",
}
"""What makes a side effect visible, by the kind of divergence."""

HOOK_HELPERS = {"unraisable": ("masked",)}
HOOK_MODULES = {"warnings": ("os", "warnings"), "unraisable": (), "thread-exceptions": ("threading",)}


# --- showing values --------------------------------------------------------------------------------

_ITEMS = """\
    for base in (list, tuple):
        if isinstance(value, base):
            return "%s(%s)" % (name, ", ".join([show(each) for each in base.__iter__(value)]))
"""
_SETS = """\
    for base in (set, frozenset):
        if isinstance(value, base):
            return "%s(%s)" % (name, ", ".join(sorted([show(each) for each in base.__iter__(value)])))
"""
_DICTS = """\
    if isinstance(value, dict):
        inside = ["%s: %s" % (show(key), show(each)) for key, each in dict.items(value)]
        return "%s(%s)" % (name, ", ".join(inside))
"""
_FLOATS = """\
    if isinstance(value, float):
        return "%s(%s, bits %s)" % (name, float.__repr__(value), struct.pack(">d", value).hex())
"""
_COMPLEX = """\
    if isinstance(value, complex):
        return "%s(%s, %s)" % (name, show(value.real), show(value.imag))
"""
_BOUNDS = """\
    if isinstance(value, (range, slice)):
        return "%s%s" % (name, show((value.start, value.stop, value.step)))
"""
_VIEWS = """\
    if isinstance(value, memoryview):
        return "%s(%r, %r, readonly=%r)" % (name, value.tobytes(), value.format, value.readonly)
"""
_EXCEPTIONS = """\
    if isinstance(value, BaseException):
        return show_exception(value)
"""
_TYPES = """\
    if isinstance(value, type):
        return "type %s.%s" % (value.__module__, value.__qualname__)
"""
_PLAIN = """\
    for base in (int, str, bytes, bytearray):
        if isinstance(value, base):
            plain = int.__int__(value) if base is int else base.__getitem__(value, slice(None))
            return "%s %s" % (name, repr(plain))
"""
_MET = """\
    # An object that was met before is told by its number, so that it shows which are one.
    if not isinstance(value, (type(None), bool, int, float, complex, str, bytes, tuple, frozenset, type)):
        if id(value) in met:
            return "<%s again>" % met[id(value)]
        met[id(value)] = "object %d" % len(met)
        kept.append(value)
"""
_STATE = """\
    if type(value).__module__.partition(".")[0] == PACKAGE:
        names = {each for each in dir(type(value)) if each[:1] != "_" and not callable(getattr(type(value), each))}
        own = getattr(value, "__dict__", {})
        state = [(each, own[each] if each in own else getattr(value, each)) for each in sorted(names | set(own))]
        name += " with " + ", ".join(["%s=%s" % (each, show(attribute)) for each, attribute in state])
"""
_BRANCHES: tuple[tuple[frozenset[str], str, tuple[str, ...]], ...] = (
    (frozenset("ltrxe"), _ITEMS, ()),
    (frozenset("SZ"), _SETS, ()),
    (frozenset("d"), _DICTS, ()),
    (frozenset("fc"), _FLOATS, ("struct",)),
    (frozenset("c"), _COMPLEX, ()),
    (frozenset("rx"), _BOUNDS, ()),
    (frozenset("m"), _VIEWS, ()),
    (frozenset("e"), _EXCEPTIONS, ()),
    (frozenset("T"), _TYPES, ()),
    (frozenset(("k", "O", "i", "u", "b", "B", "scalar")), _PLAIN, ()),
)


def show_helper(tags: Iterable[str], *, package: str) -> tuple[str, set[str]]:
    """Return the source of ``show`` for values in which these tags of the wire occur, and the modules it needs.

    ``package`` is that of the extension, whose objects are shown with their attributes where a case asks.
    """
    there = frozenset(tags)
    modules = {"re"}
    lines = ['def show(value):\n    """Return the type and the value of an object, and of all that is in it."""\n']
    first = ""
    if not there.isdisjoint("&@"):
        first = "met, kept = {}, []\n\n\n"
        lines.append(_MET)
    lines.append('    name = "%s.%s" % (type(value).__module__, type(value).__qualname__)\n')
    if "state" in there:
        lines.append(_STATE.replace("PACKAGE", repr(package)))
    for wanted, source, needed in _BRANCHES:
        if not there.isdisjoint(wanted):
            lines.append(source)
            modules.update(needed)
    lines.append("    # Addresses are others in every process.\n")
    lines.append('    return "%s %s" % (name, re.sub("0x[0-9a-fA-F]+", "0x...", repr(value)))\n')
    return first + "".join(lines), modules


SHOW_EXCEPTION = '''\
def show_exception(error, links=5):
    """Return all that can be seen of an exception, and of those that it is linked to."""
    cls = type(error)
    try:
        text = repr(str(error))
    except BaseException as failure:
        text = "its text raises %r" % failure
    parts = ["%s.%s: %s" % (cls.__module__, cls.__qualname__, text), "args " + show(error.args)]
    parts += ["note " + repr(each) for each in getattr(error, "__notes__", ())]
    for name, link in (("cause", error.__cause__), ("context", error.__context__)):
        if link is not None and links:
            parts.append("%s {%s}" % (name, show_exception(link, links - 1)))
    parts.append("suppress_context %s" % error.__suppress_context__)
    names = {each for each in dir(cls) if each[:1] != "_" and each != "args" and not callable(getattr(cls, each, None))}
    for name in sorted(names | set(vars(error)) - {"__notes__"}):
        attribute = getattr(error, name, None)
        if attribute is not None:
            parts.append("%s=%s" % (name, show(attribute)))
    parts.append("bases " + ", ".join(["%s.%s" % (each.__module__, each.__qualname__) for each in cls.__mro__[1:]]))
    return "; ".join(parts)
'''

SURFACE = {
    "type": "type({held})",
    "value": "{at}",
    "help": "pydoc.render_doc({at}, renderer=pydoc.plaintext)",
    "signature": "str(inspect.signature({at}))",
    "pickle": "pickle.loads(pickle.dumps({at}, 4)) is {at}",
    "dir": "dir({at})",
    "flags": "[bit for bit in (5, 6, 7, 8, 9, 10, 14, 20) if {at}.__flags__ >> bit & 1]",
    "subclassing": "type('Sub', ({at},), {{}}) is not None",
    "weak references": "{at}.__weakrefoffset__ != 0",
    "dict": "{at}.__dictoffset__ != 0",
    "doc": "{at}.__doc__",
    "name": "{at}.__name__",
    "qualname": "{at}.__qualname__",
    "module": "{at}.__module__",
    "package": "{at}.__package__",
    "all": "{at}.__all__",
    "text signature": "{at}.__text_signature__",
    "bases": "{at}.__bases__",
    "mro": "{at}.__mro__",
}
"""The expression for each fact about a name; ``held`` is what its holder has in its dict."""
SURFACE_MODULES = {"help": "pydoc", "signature": "inspect", "pickle": "pickle"}

GROWING = """\
for _ in range(100):
    main()
grown = []
for _ in range(3):
    before = occupied()
    for _ in range(500):
        main()
    grown.append(occupied() - before)
print("It grows." if min(grown) > 64 * 1024 else "It stays as large as it is.")
"""
"""Whether the process grows, as the worker finds out: by more than 128 KiB in 1,000 runs, each time it is looked at."""
