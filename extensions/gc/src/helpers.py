"""What only Python can make: subclasses with finalisers, and weak references with callbacks."""

import weakref


def make_subclass(base, finaliser, ledger, shelter):
    """A class that writes its deaths into the ledger; it may save itself by moving into the shelter."""

    class Plain(base):
        pass

    class Finalised(base):
        def __del__(self):
            ledger.note("finalised " + self.label)

    class Resurrected(base):
        def __del__(self):
            ledger.note("finalised " + self.label)
            shelter.append(self)

    class Failing(base):
        def __del__(self):
            ledger.note("finalised " + self.label)
            raise ValueError("no end to " + self.label)

    class Slotted(base):
        __slots__ = ("extra",)

    classes = {each.__name__: each for each in (Plain, Finalised, Resurrected, Failing, Slotted)}
    made = classes[finaliser]
    # The path of a class in a function says nothing about the extension.
    made.__qualname__ = finaliser
    made.__module__ = "helpers"
    return made


def watch(watched, ledger, label, fails):
    """A weak reference whose callback writes into the ledger."""

    def gone(reference):
        state = "dead" if reference() is None else "alive"
        ledger.note(f"gone {label}, the reference is {state}")
        if fails:
            raise ValueError("gone " + label)

    return weakref.ref(watched, gone)
