"""Golden files hold our words: what a library says after them is left out, for it differs from version to version."""

from __future__ import annotations

import re

_OF_THE_DECODER = re.compile(
    r"((?:not a reply:|no answer to a load but|no handshake but|answered something else:?)"
    r"(?: b(?:'[^\n]*?'|\"[^\n]*?\")(?:\.\.\.)?(?=:))?:?) (?!b['\"])[^\n]*"
)


def without_library_words(text: str) -> str:
    """Return a text in which what a decoder says of what it was given stands as ``(the decoder's words)``."""
    return _OF_THE_DECODER.sub(r"\1 (the decoder's words)", text)
