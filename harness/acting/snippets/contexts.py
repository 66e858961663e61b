"""Where a program's calls are made: a function for each context that calls another one there."""

from __future__ import annotations

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

CALLED = """\
def in_context(function, *arguments, **keywords):
    values = []

    def callback(*ignored, **unnamed):
        # Only the first time: one step is one call.
        if not values:
            values.append(function(*arguments, **keywords))
        return values[0]

    CALLER(callback)
    return values[0]
"""
"""What calls a function in a callback where the project names who calls callbacks, which stands for ``CALLER``."""

CONTEXT_NEEDS: dict[Context, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "del": (("gc",), ("outcome_of",)),
    "warnings": (("warnings",), ()),
    "thread": (("threading",), ("outcome_of",)),
    "executor": (("concurrent.futures",), ("outcome_of",)),
    "gc": (("gc",), ()),
    "task": (("asyncio",), ("outcome_of",)),
}
"""Modules and helpers that a context needs."""

WHOLE: dict[Context, str] = {
    "exit": "atexit.register(main)\n",
    "twice": 'main()\nprint("the second time:")\nmain()\n',
}
"""How the whole program is run in the contexts that are about more than each call."""

BEFORE_WHOLE: dict[Context, str] = {"exit": "at_exit_of_a_child({0})", "twice": "{0}()\n{0}()"}
"""The same for a program before the one that differs, which prints nothing; others are just called."""
