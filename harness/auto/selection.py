"""What is called without being asked for, and what is not: names that could do harm are left alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from harness.auto.surface import Class, Function, Surface


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENDING = _words(
    "abort alarm breakpoint crash exec execl execv execve exit fork forkpty halt input kill killpg pause popen "
    "posix_spawn quit raise_signal reboot segfault shutdown signal sleep spawn spawnl spawnv spawnve spin system "
    "terminate unload wait"
)
"""Words that end, stop, replace or delay a process, or start another."""

DESTROYING = _words(
    "chmod chown connect delete destroy download drop erase install link listen mkdir mount move overwrite purge "
    "remove removedirs rename replace_file rmdir rmtree save symlink truncate umount uninstall unlink upload wipe "
    "write_file"
)
"""Words that change files or reach the network; a container's methods may be called so."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Patterns, as a shell has them, of names to call although they look dangerous, and of names to leave alone."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def allows(self, name: str, *, harmless: frozenset[str] = frozenset()) -> bool:
        """Say whether a dotted name is to be called; an include wins over the list, an exclude over both."""
        if _matches(name, self.exclude):
            return False
        if _matches(name, self.include):
            return True
        return not (_dangerous_words(name) - harmless)


def select(surface: Surface, selection: Selection) -> tuple[Surface, tuple[str, ...]]:
    """Return the part of a surface that is to be called, and the names that were left out."""
    left_out = [each.name for each in surface.functions if not selection.allows(each.name)]
    functions = tuple(each for each in surface.functions if each.name not in left_out)
    classes = []
    for cls in surface.classes:
        if not selection.allows(cls.name):
            left_out.append(cls.name)
            continue
        classes.append(_select_members(cls, selection, left_out))
    return Surface(surface.name, functions, tuple(classes), surface.constants), tuple(left_out)


def _select_members(cls: Class, selection: Selection, left_out: list[str]) -> Class:
    special = {each.name for each in cls.special}
    # A list's remove() takes something out of the list, a file's takes the file.
    harmless = DESTROYING if special & {"__len__", "__iter__", "__contains__", "__getitem__"} else frozenset[str]()

    def allowed(member: Function) -> bool:
        name = f"{cls.name}.{member.name}"
        if selection.allows(name, harmless=harmless):
            return True
        left_out.append(name)
        return False

    methods = tuple(each for each in cls.methods if allowed(each))
    attributes = tuple(each for each in cls.attributes if not _matches(f"{cls.name}.{each}", selection.exclude))
    return Class(cls.name, cls.path, cls.exception, cls.parameters, methods, attributes, cls.special)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, each) or fnmatchcase(name.rpartition(".")[2], each) for each in patterns)


def _dangerous_words(name: str) -> frozenset[str]:
    """Return the words of a name's last part that are on the lists: ``delete_all`` holds ``delete``."""
    last = name.rpartition(".")[2]
    words = {each.lower() for each in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", last)} | {last.lower()}
    return frozenset(words & (ENDING | DESTROYING))
