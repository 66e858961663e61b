"""Legal differences: named rules, each with a reason, off unless a case asks for them.

``docs/legal-differences.md`` explains them to people; a test keeps it in step with this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_PANIC_THREAD = re.compile(r"(thread '[^']*') \(\d+\) panicked at")


def mask_addresses(text: str) -> str:
    """Replace addresses, as a ``repr`` prints them; always done, because no two processes agree on them."""
    return ADDRESS.sub("0x…", text)


@dataclass(frozen=True, slots=True)
class Rule:
    """One legal difference.

    ``effects`` names the parts of an observation that it touches; ``normalise`` maps their text to what
    is compared.
    """

    name: str
    reason: str
    effects: frozenset[str]
    normalise: Callable[[str], str]


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "panic-thread-id",
            "Rust prints the operating system's id of the panicking thread, which differs in every process.",
            frozenset({"stderr"}),
            lambda text: _PANIC_THREAD.sub(r"\1 (…) panicked at", text),
        ),
        Rule(
            "stderr-ignored",
            "The case is about what is returned; the text on the error stream is not part of its contract.",
            frozenset({"stderr"}),
            lambda text: "",
        ),
    )
}

NAN_PAYLOADS = "nan-payloads"
"""Not a leniency: asks that NaNs be compared by all their bits."""

RULE_NAMES = frozenset(RULES) | {NAN_PAYLOADS}
