"""Pieces of Python that a reproducer is put together from: only those that it needs."""
