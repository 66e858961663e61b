"""Looks at the classes as Python does, and uses them in other threads; `lib.rs` runs this among the module's names."""

# ruff: noqa: F821, PLR0912, PLW0108 -- the classes of Rust are among the globals; a `match` of every kind; a call, not a type


def surface(cls):
    """All that a class says of itself, name by name."""
    told = [
        getattr(cls, name, "none")
        for name in ("__name__", "__qualname__", "__module__", "__doc__", "__text_signature__", "__slots__")
    ]
    names = {name: type(value).__name__ for name, value in sorted(vars(cls).items())}
    return told, names, cls.__base__.__name__, type(cls).__name__


def member(cls, name):
    """What an attribute says of itself, as it lies in the class and as it is read from there."""
    raw = vars(cls)[name]
    found = getattr(cls, name)
    words = ("__name__", "__qualname__", "__doc__", "__text_signature__", "__module__")
    told = [[getattr(each, word, "none") for word in words] for each in (raw, found)]
    return type(raw).__name__, type(found).__name__, told


def signature(cls, name=None):
    import inspect

    return str(inspect.signature(cls if name is None else getattr(cls, name)))


def has_dict(instance):
    return hasattr(instance, "__dict__"), hasattr(instance, "__weakref__")


def flags(cls):
    """What Python code can find out about a class by trying."""
    tried = []
    for attempt in (
        lambda: type("Sub", (cls,), {}),
        lambda: setattr(cls, "new_attribute", 1),
        lambda: delattr(cls, "new_attribute"),
        lambda: issubclass(cls, object),
    ):
        try:
            attempt()
        except Exception as error:
            tried.append(type(error).__name__)
        else:
            tried.append("done")
    return tried


def name_of(subject):
    match subject:
        case Colour.RED:
            return "red"
        case Colour.GREEN | Colour.BLUE:
            return "green or blue"
        case Shape.Circle(radius=0.0):
            return "point"
        case Shape.Circle(radius):
            return "circle", radius
        case Shape.Rectangle(width, height) if width == height:
            return "square", width
        case Shape.Rectangle(width=width):
            return "rectangle", width
        case Shape.Polygon(corners, [first, *_]):
            return "polygon", corners, first
        case Shape.Polygon(_, []):
            return "polygon without points"
        case Shape.Nothing():
            return "nothing"
        case Shape():
            return "another shape"
        case Point(x, y):
            return "point", x, y
        case Shown(first_field=number):
            return "no such attribute", number
        case _:
            return "none of them"


def positions(subject):
    """A class pattern with more positions than there are."""
    match subject:
        case Shape.Circle(radius, more):
            return radius, more
        case Point(x, y, z):
            return x, y, z
        case Account(owner):
            return owner
    return "no match"


def in_thread(function, *arguments):
    """Call a function in a thread of its own: what it returned or raised there."""
    import threading

    outcome = []

    def call():
        try:
            outcome.append(("returned", function(*arguments)))
        except BaseException as error:
            outcome.append((type(error).__name__, str(error)))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    return outcome[0]


def method_in_thread(instance, name):
    return in_thread(lambda: getattr(instance, name)())


def made_in_thread():
    return in_thread(lambda: Local().count())


def length_in_thread(instance):
    return in_thread(lambda: len(instance))


def parametrized(cls, *parameters):
    alias = cls[parameters if len(parameters) != 1 else parameters[0]]
    return type(alias).__name__, alias.__origin__ is cls, alias.__args__, str(alias)


def through_alias(cls, parameter, value):
    """An instance that is made by a generic alias knows its alias, if it can."""
    instance = cls[parameter](value)
    return instance, getattr(instance, "__orig_class__", "no alias kept")


class Named(Boxed):
    """Inherits the brackets."""
