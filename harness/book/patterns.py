"""Regular expressions for the parts that differ: exact from one example, as wide as needed from several."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from harness.findings import CRASHED

WHOLE_LIMIT = 160
"""Longer texts are shortened to what is around the place where they differ."""

BEFORE, AFTER = 40, 80
"""How much of a long text stays before the first character that differs, and after it."""

WORDS_LIMIT = 12
"""Where the texts of several examples differ in more words than that, any text stands for them."""

LITERAL_AT_LEAST = 4
"""Texts that have fewer characters in common have nothing in common."""

ALTERNATIVES_LIMIT = 4
"""Where the examples have nothing in common on either side, so many texts are told one by one."""

NUMBER = r"-?[\d.e+-]+"
WORD = r"\w+"
ANY_TEXT = r"[\s\S]*"

_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_TOKEN = re.compile(r"0x[0-9a-fA-F]{4,}|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![^\W\d])|\w+|\s|[^\w\s]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def patterns_of(seen: Sequence[tuple[str, str]]) -> tuple[str | None, str | None]:
    """Return regular expressions for the two sides of a difference, as several examples showed them.

    Each matches all that was seen on its side; it is None where the examples have nothing in common there.
    """
    reference, other = seen[0]
    alike = next((index for index, pair in enumerate(zip(reference, other)) if pair[0] != pair[1]), None)
    first = min(len(reference), len(other)) if alike is None else alike
    sides = [{pair[side] for pair in seen} for side in (0, 1)]
    found = [_pattern_of(texts, first) for texts in sides]
    if found == [None, None]:
        found = [_one_of(texts) for texts in sides]
    return found[0], found[1]


def _one_of(texts: Collection[str]) -> str | None:
    if len(texts) > ALTERNATIVES_LIMIT or max(map(len, texts)) > WHOLE_LIMIT:
        return None
    return f"^(?:{'|'.join(map(escaped, sorted(texts)))})$"


def _pattern_of(texts: Collection[str], first: int) -> str | None:
    if all(text.startswith(CRASHED) for text in texts):
        # The frames of a stack are others in another build.
        texts = {text.partition(" in ")[0] for text in texts}
        return f"^{escaped(min(texts))}" if len(texts) == 1 else f"^{escaped(CRASHED)}"
    if len(texts) == 1:
        return _of_one(next(iter(texts)), first)
    each = [_TOKEN.findall(text) for text in sorted(texts)]
    shortest = min(map(len, each))
    before = next((n for n in range(shortest) if len({tokens[n] for tokens in each}) > 1), shortest)
    after = next(
        (n for n in range(shortest - before) if len({tokens[-1 - n] for tokens in each}) > 1), shortest - before
    )
    start = "".join(each[0][:before])
    end = "".join(each[0][len(each[0]) - after :])
    middle = _between([tokens[before : len(tokens) - after] for tokens in each])
    if middle == ANY_TEXT and len("".join((start + end).split())) < LITERAL_AT_LEAST:
        return None
    if len(start) > WHOLE_LIMIT:
        start = start[:BEFORE]
        middle = ANY_TEXT
    if len(end) > WHOLE_LIMIT:
        end = end[-BEFORE:]
        middle = ANY_TEXT
    return f"^{escaped(start)}{middle}{escaped(end)}$"


def _between(middles: list[list[str]]) -> str:
    """Return a pattern for what differs between texts: word for word if there are as many, otherwise any text."""
    if len({*map(len, middles)}) > 1 or len(middles[0]) > WORDS_LIMIT:
        return ANY_TEXT
    found = ""
    for tokens in zip(*middles):
        kinds = {token if token in tokens[:1] and len({*tokens}) == 1 else _kind(token) for token in tokens}
        if len(kinds) > 1:
            if kinds <= {NUMBER, WORD}:
                found += r"[\w.+-]+"
                continue
            return ANY_TEXT
        (kind,) = kinds
        found += kind if kind in (NUMBER, WORD, ANY_TEXT) else escaped(kind)
    return ANY_TEXT if ANY_TEXT in found else found


def _kind(token: str) -> str:
    if _NUMBER.fullmatch(token):
        return NUMBER
    return WORD if re.fullmatch(WORD, token) else ANY_TEXT


def _of_one(text: str, first: int) -> str:
    if len(text) <= WHOLE_LIMIT:
        return f"^{escaped(text)}$"
    start, end = max(first - BEFORE, 0), first + AFTER
    return f"{'^' * (start == 0)}{escaped(text[start:end])}{'$' * (end >= len(text))}"


def escaped(text: str) -> str:
    """Return a regular expression for a text, in characters that every file can hold; an address stands for any."""
    found, last = [], 0
    for match in _ADDRESS.finditer(text):
        found += [_plain(text[last : match.start()]), "0x[0-9a-fA-F]+"]
        last = match.end()
    return "".join([*found, _plain(text[last:])])


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else _number(each) for each in _SPECIAL.sub(r"\\\g<0>", text))


def _number(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
