"""Let eight threads use every container and class sample at once, and count what became of it.

Run by an interpreter whose path holds the samples:  hammer.py SECONDS SEED

Some objects are a thread's own, some belong to all.  A class of Rust refuses a second borrow, and a container that
changes under an iterator is refused too; every other exception is a fault.  The last line is a JSON object:
operations done by each job, refusals, faults, and what should be zero.
"""

import gc
import json
import random
import sys
import threading
import time
import traceback

import sample_classes
import sample_collections
import sample_gc
import sample_state
import sample_threads

THREADS = 8
REFUSALS = (
    "Already borrowed",
    "Already mutably borrowed",
    "changed size during iteration",
    "changed while it was walked",
    "the stack is full",
    "the list has grown too long",
    "pop from an empty stack",
    "the notes are locked",
    "mutated during iteration",
    "keys changed during iteration",
)


class Derived(sample_gc.Node):
    """Has an instance dict, and a finaliser that looks at the object."""

    finalised = 0
    lock = threading.Lock()

    def __del__(self):
        with Derived.lock:
            Derived.finalised += len(self.label) - len(self.label) + 1


class Shared:
    """What all threads have together, and what it must hold in the end."""

    def __init__(self):
        self.ledger = sample_gc.Ledger(quiet=True)
        self.counter = sample_threads.Counter()
        self.frozen = sample_state.Frozen("frozen")
        self.stack = sample_classes.Stack()
        self.table = sample_classes.Table()
        self.cell = sample_state.Cell(0)
        self.bag = sample_state.Bag()
        self.node = sample_gc.Node(self.ledger, "shared")
        self.colour = sample_classes.Colour.of(1)
        self.list, self.small = [], []
        self.dict = {}
        self.set = set()
        self.totals = {"added": 0, "pushed": 0, "appended": 0, "derived": 0}
        self.lock = threading.Lock()

    def count(self, name, amount=1):
        with self.lock:
            self.totals[name] += amount


def own_classes(shared, rng):
    """Objects that no other thread sees."""
    account = sample_classes.Account("owner", rng.randrange(100))
    account.deposit(3)
    assert account.cents >= 3
    counter = sample_classes.Counter(250)
    counter.add(10).add(1)
    assert (counter.value, counter.rounds) == (5, 1)
    point = sample_classes.Point(1, 2) + sample_classes.Point(3, 4)
    assert (point.x, point.y) == (4, 6)
    assert sample_classes.Money(5) + sample_classes.Money(6) == sample_classes.Money(11)
    stack = sample_classes.Stack([1, 2, 3])
    assert list(stack) == [1, 2, 3]
    assert stack.pop() == 3
    puppy = sample_classes.Puppy("rex", 3)
    assert isinstance(puppy, sample_classes.Animal)
    puppy.feed()
    assert sample_classes.introduce(puppy)
    bag = sample_classes.Bag("label")
    bag.first = bag
    assert sample_classes.mix(shared.colour, shared.colour)
    assert sample_classes.Shape.Circle(2.0).radius == 2.0
    assert list(sample_classes.Countdown(3))


def own_containers(shared, rng):
    """Python's containers through Rust."""
    numbers = [rng.randrange(100) for _ in range(20)]
    assert sample_collections.total(numbers) == sum(numbers)
    assert sample_collections.unique_sorted(set(numbers)) == sorted(set(numbers))
    assert sample_collections.invert({1: 2, 3: 4}) == {2: 1, 4: 3}
    sample_collections.sort_list(numbers, False)
    assert numbers == sorted(numbers)
    target = []
    sample_collections.append_all(target, numbers)
    assert target == numbers
    assert sample_collections.pop_all(set(numbers)) == len(set(numbers))
    assert sample_collections.group_by_length(["a", "bb", "c"]) == {1: {"a", "c"}, 2: {"bb"}}


def cycles(shared, rng):
    """Garbage of each kind, dropped here, in another thread, or left to the collector."""
    sample_gc.ring(shared.ledger, rng.randrange(1, 6))
    node = sample_gc.Node(shared.ledger, "node")
    node.link([node, {"node": node}])
    node.attribute = node
    wide = sample_gc.Wide(shared.ledger, "wide", node)
    node.link(wide)
    pair = sample_gc.Pair(shared.ledger, "pair", wide, shared.node)
    pair.left = pair
    derived = Derived(shared.ledger, "derived")
    derived.itself = derived
    shared.count("derived")
    recycled = [sample_gc.Recycled(shared.ledger, "recycled", wide) for _ in range(5)]
    (sample_gc.drop_attached, sample_gc.drop_detached)[rng.randrange(2)](recycled)


def weak_references(shared, rng):
    node = sample_gc.Node(shared.ledger, "watched")
    told = []
    references = [sample_gc.watch(node, shared.ledger, "x") for _ in range(3)]
    assert all(each() is node for each in references)
    node.link(told)
    del node
    # A collection in another thread may hold the node for a while.
    for _ in range(1000):
        if all(each() is None for each in references):
            return
        time.sleep(0.002)
    raise AssertionError("a weak reference outlives its object")


def shared_classes(shared, rng):
    """One object for all threads: whoever comes second may be refused, but nothing may be lost."""
    for _ in range(10):
        shared.counter.add()
        shared.frozen.add(1)
        shared.count("added")
    if rng.random() < 0.5:
        shared.stack.push(rng.random())
        shared.count("pushed")
    else:
        shared.stack.pop()
        shared.count("pushed", -1)


def refused_classes(shared, rng):
    """Borrows of one object that are refused as often as not."""
    choice = rng.randrange(7)
    if choice == 0:
        shared.cell.value = rng.random()
    elif choice == 1:
        shared.cell.update(float)
    elif choice == 2:
        shared.table[rng.randrange(8)] = rng.random()
    elif choice == 3:
        shared.table.get(rng.randrange(8), None)
    elif choice == 4:
        shared.bag.add(rng.random())
        if len(shared.bag) > 50:
            shared.bag.clear()
    elif choice == 5:
        list(shared.bag)
    else:
        shared.frozen.note("x") if len(shared.frozen.notes) < 50 else None


def shared_containers(shared, rng):
    """One list, dict and set for all threads, changed from Rust and from Python."""
    shared.list.extend((1, 2, 3))
    shared.count("appended", 3)
    assert sample_collections.total(shared.list[-10:]) > 0
    if len(shared.small) > 20:
        shared.small.clear()
    sample_collections.append_all(shared.small, (1, 2, 3))
    sample_collections.change_dict(shared.dict, rng.choice(("set", "default")), rng.randrange(16), rng.random())
    sample_collections.dict_with_defaults(shared.dict, {rng.randrange(16): None}, only_missing=rng.random() < 0.5)
    shared.dict.pop(rng.randrange(16), None)
    sample_collections.change_set(shared.set, rng.randrange(16), rng.randrange(16))
    sample_collections.unique_sorted(shared.set.copy())


def collections(shared, rng):
    gc.collect()


JOBS = (
    (own_classes, 8),
    (own_containers, 8),
    (cycles, 8),
    (weak_references, 8),
    (shared_classes, 8),
    (refused_classes, 8),
    (shared_containers, 8),
    (collections, 1),
)


def work(shared, seed, until, report):
    rng = random.Random(seed)
    jobs, weights = zip(*JOBS)
    while time.monotonic() < until:
        (job,) = rng.choices(jobs, weights)
        try:
            job(shared, rng)
        except Exception as error:
            if any(each in str(error) for each in REFUSALS):
                report["refused"] += 1
            elif len(report["faults"]) < 5:
                report["faults"].append(f"{job.__name__}: {traceback.format_exc()}")
        else:
            report[job.__name__] = report.get(job.__name__, 0) + 1


def main():
    seconds, seed = float(sys.argv[1]), int(sys.argv[2])
    sys.unraisablehook = lambda unraisable: reports[0]["faults"].append(f"unraisable: {unraisable.exc_value!r}")
    shared = Shared()
    until = time.monotonic() + seconds
    reports = [{"refused": 0, "faults": []} for _ in range(THREADS)]
    threads = [
        threading.Thread(target=work, args=(shared, seed * THREADS + number, until, report))
        for number, report in enumerate(reports)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = {"counter": shared.counter.values(), "frozen": shared.frozen.total, "list": len(shared.list)}
    counts["stack"] = len(shared.stack)
    ledger, totals = shared.ledger, shared.totals
    del shared, thread, threads
    gc.collect()
    gc.collect()
    print(
        json.dumps(
            {
                "reports": reports,
                "totals": totals,
                "counts": counts,
                "made": {name: made for name, (made, _) in ledger.counts().items()},
                "alive": ledger.alive(),
                "finalised": Derived.finalised,
            }
        )
    )


if __name__ == "__main__":
    main()
