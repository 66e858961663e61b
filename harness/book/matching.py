"""Whether what differs is what an entry's regular expressions expect: one for each part, or one after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMED = re.compile(r"\(\?P=(\w+)\)")


def parts_match(reference: str | None, other: str | None, parts: tuple[str, str]) -> bool:
    """Say whether both parts are what the patterns expect; without a pattern a part is.

    ``(?P=name)`` in the other backend's pattern is the text that the reference's group of that name matched.
    """
    found = re.search(reference or "", parts[0])
    if found is None:
        return False
    return other is None or re.search(with_groups(other, found.groupdict("")), parts[1]) is not None


def with_groups(pattern: str, groups: Mapping[str, str]) -> str:
    """Return a pattern in which the texts of another one's groups stand where it names them."""

    def text(match: re.Match[str]) -> str:
        return f"(?:{re.escape(groups[match[1]])})" if match[1] in groups else match[0]

    return _NAMED.sub(text, pattern)


def other_matches(other: str, part: str) -> bool:
    """Say whether the other backend's part is what its pattern expects, with any text for the reference's groups."""
    return re.search(_NAMED.sub(lambda _: "[\\s\\S]*", other), part) is not None
