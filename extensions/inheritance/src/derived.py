"""Classes that extend those of Rust; `lib.rs` runs this file among the names of its module."""

# ruff: noqa: F821, B024 -- the classes of Rust are among the globals; an ABC without abstract methods is meant

import abc
import builtins
import functools
import types


class Plain(Root):
    """Overrides nothing."""


class Overriding(Twig):
    """Overrides methods and special methods, and asks the base each time."""

    def __init__(self, number=0, text="", extra=None):
        super().__init__()
        self.extra = extra

    def path(self):
        return [*super().path(), "Overriding"]

    def double(self):
        return ("Overriding.double", super().double())

    def __len__(self):
        return super().__len__() + 10

    def __add__(self, other):
        return ("Overriding.__add__", super().__add__(other))

    def __eq__(self, other):
        return super().__eq__(other)

    __hash__ = None

    def __repr__(self):
        return "<" + super().__repr__() + ">"


class New(Branch):
    """Changes the arguments before the base sees them."""

    def __new__(cls, number=0, *rest):
        self = super().__new__(cls, number + 1, "new")
        self.rest = rest
        return self


class ByName(Root):
    """Calls the base's functions as attributes of its class."""

    def path(self):
        return [*Root.path(self), "ByName"]

    def __len__(self):
        return Root.__len__(self) + 1

    def __hash__(self):
        return hash((1, Root.__hash__(self)))


class Mixin:
    """A class of Python alone."""

    def path(self):
        return [*super().path(), "Mixin"]

    def __len__(self):
        return 100

    def mixed(self):
        return "mixed"


class MixinFirst(Mixin, Branch):
    pass


class MixinLast(Leaf, Mixin):
    pass


class Both(Moss, Branch):
    """Two bases of Rust, of which one has data."""

    def path(self):
        return [*super().path(), "Both"]


class Slotted(Branch):
    """Has no dict of its own."""

    __slots__ = ("left", "right")


class Empty(Root):
    __slots__ = ()


class WithDict(Root):
    __slots__ = ("__dict__", "__weakref__")


class Meta(type):
    """Counts, and answers for its classes."""

    def __call__(cls, *args, **kwargs):
        return ("Meta.__call__", super().__call__(*args, **kwargs))

    def __len__(cls):
        return 42

    def __instancecheck__(cls, instance):
        return instance == "instance" or super().__instancecheck__(instance)


class OfMeta(Root, metaclass=Meta):
    pass


class Abstract(Root, metaclass=abc.ABCMeta):
    @abc.abstractmethod
    def required(self):
        return "from the abstract class"

    @property
    @abc.abstractmethod
    def another(self): ...


class Concrete(Abstract):
    another = 5

    def required(self):
        return super().required() + ", made concrete"


class Half(Abstract):
    another = 5


class Virtual(metaclass=abc.ABCMeta):
    """Whoever has a `path` is one of it, and whoever is registered."""

    @classmethod
    def __subclasshook__(cls, other):
        return True if hasattr(other, "double") else NotImplemented


Virtual.register(Sealed)


class Failure(WorseValue):
    """An exception of Python, Rust, Rust and Python, from bottom to top."""

    def __init__(self, *args):
        super().__init__(*args)
        self.seen = len(args)

    def __str__(self):
        return super().__str__() + "!"


class NewFailure(BadValue):
    def __new__(cls, *args):
        return super().__new__(cls, *args[:2])


class Keyed(Chart):
    def __setitem__(self, key, value):
        super().__setitem__(key, ("Keyed", value))

    def __missing__(self, key):
        return super().__missing__(key)


class Measured(Length):
    def __new__(cls, unit="km"):
        return super().__new__(cls, unit)

    def __mul__(self, other):
        return ("Measured.__mul__", super().__mul__(other))


class Ordered(Plugin, order=3, flavour="dry"):
    pass


class Owner:
    plugin = Plugin()


class FromUnmade(Unmade):
    pass


class Reinitialised(Open):
    def __init__(self, value=0, again=False):
        super().__init__(value)
        if again:
            super().__init__(value)


class Foreign:
    """No class of Rust is below it."""

    def __init__(self, value=0):
        self.value = value


def class_named(name):
    """A class of this module or of Python, by its name."""
    return globals().get(name) or getattr(builtins, name)


def derive(*bases, **options):
    """A new class with these bases; options that are names of special methods become methods."""
    namespace = {name: method(name, value) for name, value in options.items() if name.startswith("__")}
    keywords = {name: value for name, value in options.items() if not name.startswith("__")}
    return types.new_class("Derived", bases, keywords, lambda body: body.update(namespace))


def method(name, value):
    """A method that returns the value; `__slots__` and the like stay what they are."""
    if name in ("__slots__", "__doc__", "__module__", "__hash__"):
        return value

    def answer(self, *args, **kwargs):
        return value

    return answer


def derive_with_type(metaclass, bases, namespace):
    return metaclass("Made", bases, namespace)


def lineage(cls):
    """What a class says of itself and its bases."""
    names = [each.__name__ for each in cls.__mro__]
    return names, [each.__name__ for each in cls.__bases__], cls.__base__.__name__, type(cls).__name__


def new_of(cls, *arguments):
    return cls.__new__(*arguments)


def plain_new(*arguments):
    return object.__new__(*arguments)


def exchange_class(instance, cls):
    instance.__class__ = cls
    return type(instance).__name__


def exchange_bases(cls, *bases):
    before = cls.__bases__
    cls.__bases__ = bases
    try:
        return [each.__name__ for each in cls.__mro__]
    finally:
        cls.__bases__ = before


def super_of(cls, instance, name, *arguments):
    return getattr(super(cls, instance), name)(*arguments)


def has_dict(instance):
    return hasattr(instance, "__dict__"), sorted(getattr(instance, "__dict__", {}))


def weakly(instance):
    import weakref

    return weakref.ref(instance)() is instance


def subclasses(cls):
    return sorted(each.__name__ for each in cls.__subclasses__() if each.__module__ == __name__)


def dispatch(instance):
    """By `functools.singledispatch`, which goes by the method resolution order."""

    @functools.singledispatch
    def choose(value):
        return "object"

    choose.register(Root, lambda value: "Root")
    choose.register(Twig, lambda value: "Twig")
    choose.register(dict, lambda value: "dict")
    choose.register(ValueError, lambda value: "ValueError")
    return choose(instance)


def catch(exception):
    """Which `except` clause takes an exception that Rust raises."""
    try:
        throw(exception)
    except WorseValue as error:
        return "WorseValue", error is exception
    except ValueError as error:
        return "ValueError", error.mark if isinstance(error, BadValue) else None
    except OSError as error:
        return "OSError", error.errno, error.filename
    except Exception as error:
        return "Exception", type(error).__name__
    except BaseException as error:
        return "BaseException", type(error).__name__


def warn(category):
    import warnings

    warnings.warn("careful", category, stacklevel=1)


def delegate(iterator):
    """Ends by a `StopIteration` of Rust."""

    class Ending:
        def __iter__(self):
            return self

        def __next__(self):
            raise iterator

    result = yield from Ending()
    return result


def run_delegate(exception):
    return list(delegate(exception))
