"""Time what a program does with an object of the class ``speed.Pair``; run by ``benchmarks/host_speed.py``.

Prints one line of JSON: nanoseconds for each operation, the least of several rounds.  With an operation and a
count as arguments it does just that, for a profiler to watch.  Standard library only, because it runs under
every interpreter.
"""

import json
import sys
import time
from itertools import repeat

from speed import Pair

ROUNDS = 7
COUNT = 20000


def construct(count):
    for _ in repeat(None, count):
        Pair(1, 2)


def method(count):
    pair = Pair(1, 2)
    for _ in repeat(None, count):
        pair.scaled(3)


def attribute(count):
    pair = Pair(1, 2)
    for _ in repeat(None, count):
        pair.first


def add(count):
    pair = Pair(1, 2)
    for _ in repeat(None, count):
        pair + pair


def iterate(count):
    pair = Pair(0, 1000)
    for _ in repeat(None, count // 1000):
        for _ in pair:
            pass


def fail(count):
    pair = Pair(1, 2)
    for _ in repeat(None, count):
        try:
            pair.fail()
        except ValueError:
            pass


def nothing(count):
    for _ in repeat(None, count):
        pass


def least(function):
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        function(COUNT)
        times.append(time.perf_counter_ns() - start)
    return min(times) / COUNT


operations = {each.__name__: each for each in (construct, method, attribute, add, iterate, fail)}
if len(sys.argv) > 1:
    operations[sys.argv[1]](int(sys.argv[2]))
else:
    loop = least(nothing)
    print(json.dumps({name: least(function) - loop for name, function in operations.items()}))
