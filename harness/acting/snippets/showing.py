"""What shows a value: as much of it as tells the difference."""

from __future__ import annotations

from collections.abc import Iterable

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
