"""Extensions that meet in one process. Prints one line for each thing done; run by an interpreter, not by pytest."""

import gc
import sys
import threading
import weakref

import sample_callables
import sample_classes
import sample_collections
import sample_gc
import sample_state


def show(name, function, *args):
    try:
        result = function(*args)
    except BaseException as raised:  # PanicException is no Exception
        module = type(raised).__module__
        print(f"{name}: raised {module}.{type(raised).__qualname__}: {raised}")
        return raised
    print(f"{name}: {type(result).__name__} {result!r}")
    return result


def objects_of_one_in_functions_of_the_other():
    multiplier = sample_classes.Multiplier(6)
    show("called", sample_callables.apply, multiplier, 7)
    show("called from a thread", sample_callables.call_from_thread, multiplier, 7)
    show("called by a closure", sample_callables.compose(sample_classes.Money, int), 5)
    show("method called", sample_callables.call_method, sample_classes.Account("Ada", 5), "deposit", 7)
    show("walked", sample_callables.sum_items, sample_classes.Countdown(4))
    show("taken for a sequence", sample_collections.total, sample_classes.Stack([1, 2, 3]))
    show("taken for a dict", sample_collections.change_dict, sample_classes.Ledger(), "set", "key", 7)
    numbers = [sample_classes.Money(cents) for cents in (7, 3, 5)]
    show("sorted", sample_callables.sort_by_key, numbers)
    show("in order", lambda: [int(amount) for amount in numbers])
    held = sample_state.Cell(sample_classes.Point(1, 2))
    show("held", lambda: held.value)


def refused():
    # Two classes of one name, of two extensions.
    show("another Node", lambda: isinstance(sample_gc.Node(sample_gc.Ledger(quiet=True), "x"), sample_classes.Node))
    show("another Ledger", sample_gc.Node, sample_classes.Ledger(), "x")
    show("another Cell", sample_state.Owner, sample_classes.Account("Ada", 5))
    show("self of another", sample_classes.Account.deposit, sample_state.Cell(1), 5)
    show("new of another", sample_classes.Account.__new__, sample_state.Cell, "Ada")


def exceptions():
    error = show("raised through the other", sample_callables.apply, sample_classes.check_limit, 12, 10)
    show("its class", lambda: (type(error) is sample_classes.LimitError, isinstance(error, ValueError)))
    panic = show("a panic through the other", sample_callables.apply, sample_callables.make_failing(True))
    cell = sample_state.Cell(1)
    show("a panic held by the other", lambda: setattr(cell, "value", panic) or type(cell.value) is type(panic))


def subclasses():
    class Loud(sample_classes.Dog):
        def __init__(self, name, tricks):
            self.cell = sample_state.Cell(name)

        def speak(self):
            return super().speak() + "!"

    class Held(sample_state.Cell):
        __slots__ = ("dog",)

    loud, held = Loud("Rex", "sit"), Held(3)
    held.dog = loud
    show("overridden", sample_classes.introduce, loud)
    show("a method through the other", sample_callables.call_method, loud, "speak")
    show("the other's in a slot", lambda: (held.value, held.dog.cell.value))
    show("two layouts", lambda: type("Both", (sample_classes.Dog, sample_state.Cell), {}))
    show("is an instance", sample_callables.is_instance, loud, sample_classes.Animal)
    show("is none", sample_callables.is_instance, loud, sample_state.Cell)


def cycles():
    """A cycle through the Rust fields of two extensions is collected, and each is dropped once."""
    ledger = sample_gc.Ledger(quiet=True)
    node = sample_gc.Node(ledger, "one")
    other = sample_classes.Node(2, node)
    node.link(other)
    seen = weakref.ref(node), weakref.ref(other)
    del node, other
    gc.collect()
    show("collected", lambda: ([ref() for ref in seen], ledger.counts()))


def threads():
    stack, results = sample_classes.Stack(), []

    def work():
        for _ in range(4):
            results.append(sample_callables.apply(stack.__len__))
            sample_collections.append_all(results, sample_classes.Countdown(2))

    started = [threading.Thread(target=work) for _ in range(4)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    show("from four threads", lambda: (len(results), sorted(set(results))))


if __name__ == "__main__":
    objects_of_one_in_functions_of_the_other()
    refused()
    exceptions()
    subclasses()
    cycles()
    threads()
    print("modules:", sorted(name for name in sys.modules if name.startswith("sample_")))
