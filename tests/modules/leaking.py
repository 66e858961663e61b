"""Stands for an extension that keeps memory, if the process has the variable LEAKS."""

import os

kept = []
LEAKS = "LEAKS" in os.environ


def keep(size):
    if LEAKS:
        kept.append(bytes(size))


def keep_everywhere(size):
    kept.append(bytes(size))


def keep_a_lot(size):
    if LEAKS:
        # Much at first, or it would take a thousand calls until somebody sees it.
        kept.append(b"x" * (size * (400 if len(kept) < 20 else 1)))


def keep_once(size):
    if LEAKS and len(kept) < 2:
        kept.append(b"x" * size)


def take(size):
    taken = [b"x" * size]
    del taken


def make_a_cycle(size):
    cycle = [bytes(size)]
    cycle.append(cycle)
