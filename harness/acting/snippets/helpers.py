"""What a reproducer's own functions are, beside those that show values; and what makes a side effect visible."""

from __future__ import annotations

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
    "at_exit_of_a_child": '''\
def at_exit_of_a_child(program):
    """Run a program at the exit of a process of its own, of which nothing is left here."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        atexit.register(program)
        sys.exit()
    os.waitpid(child, 0)
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
    "at_exit_of_a_child": ("atexit", "os"),
    "occupied": ("ctypes", "gc", "os"),
}
"""Modules that a helper needs."""

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
