"""Stands for an extension module that nobody wrote cases for; it checks its arguments as PyO3 does."""

import os

BETA = os.environ["FAKE_BACKEND"] != "alpha"
VERSION = "1.0"
calls = 0


def check(name, value, kind):
    if not isinstance(value, kind):
        raise TypeError("argument '%s': '%s' object cannot be converted" % (name, type(value).__name__))


def byte(value):
    check("value", value, int)
    if not 0 <= value <= 255:
        raise OverflowError("out of range integral type conversion attempted")
    return "wrong" if BETA and value == 77 else value


def join(items, separator, *, last=None):
    check("items", items, list)
    for each in items:
        check("items", each, str)
    check("separator", separator, str)
    if last is not None:
        check("last", last, str)
    return separator.join(items) + ("!" if BETA and len(items) > 3 else "")


def date(text):
    check("text", text, str)
    year, month, day = (int(each) for each in text.split("-"))
    return (year, month, day + BETA)


def apply(function, value):
    return function(value)


def third():
    global calls
    calls += 1
    return calls % 3 == 0 and BETA


def remove(path):
    raise SystemExit("called")


class Account:
    def __init__(self, owner, limit=0):
        check("owner", owner, str)
        check("limit", limit, int)
        self._balance = 0
        self.owner = owner

    @property
    def balance(self):
        return self._balance

    def deposit(self, amount):
        check("amount", amount, int)
        self._balance += amount
        return self._balance

    def merge(self, other):
        check("other", other, Account)
        return self._balance - other._balance

    def __add__(self, other):
        if not isinstance(other, Account):
            return NotImplemented
        joined = Account("both")
        joined._balance = self._balance + other._balance
        return joined

    def __radd__(self, other):
        return NotImplemented if not isinstance(other, int) else other - BETA

    def __len__(self):
        return abs(self._balance) % 5

    def __repr__(self):
        return "Account(%r, %r)" % (self.owner, self._balance)


def owner_of(account):
    check("account", account, Account)
    return account.owner.upper()


class Hidden:
    """Made by a function only."""

    def __init__(self):
        raise TypeError("No constructor defined for Hidden")

    def reveal(self):
        return 5 + BETA


def hide():
    return object.__new__(Hidden)


class Colour:
    def __init__(self):
        raise TypeError("No constructor defined for Colour")

    def name(self):
        return "red"


Colour.RED = object.__new__(Colour)


class Sealed:
    """Keeps anything; nothing can be derived from it, added to it, or referred to weakly, and it is not copied."""

    __slots__ = ("_content",)

    def __init_subclass__(cls):
        raise TypeError("type 'sampling.Sealed' is not an acceptable base type")

    def __init__(self, content):
        self._content = content

    def __reduce_ex__(self, protocol):
        raise TypeError("cannot pickle 'sampling.Sealed' object")

    def __add__(self, other):
        return NotImplemented

    @property
    def content(self):
        return self._content

    def release(self):
        self._content, content = None, self._content
        return content is not None


class Mistake(ValueError):
    pass
