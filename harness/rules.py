"""Legal differences: named rules, each with a reason, off unless a case asks for them.

``docs/legal-differences.md`` explains them to people; a test keeps it in step with this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{4,16}\b")
_BACKTRACE_NOTE = re.compile(r"note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n")
_PANIC_THREAD = re.compile(r"(thread '[^']*') \(\d+\) panicked at")


def mask_addresses(text: str) -> str:
    """Replace addresses, as a ``repr`` prints them; always done, because no two processes agree on them.

    Only after "at", so that a function which formats numbers is still compared.
    """
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
            "panic-backtrace-note",
            "Rust prints the note on RUST_BACKTRACE at the first panic of a process only, and workers are replaced.",
            frozenset({"stderr"}),
            lambda text: _BACKTRACE_NOTE.sub("", text),
        ),
        Rule(
            "stderr-ignored",
            "The case is about what is returned; the text on the error stream is not part of its contract.",
            frozenset({"stderr"}),
            lambda text: "",
        ),
    )
}

DEFAULT_RULES = ("panic-thread-id", "panic-backtrace-note")
"""On unless a project's settings say otherwise: they are about processes, not about extensions."""

NAN_PAYLOADS = "nan-payloads"
"""Not a leniency: asks that NaNs be compared by all their bits."""

RULE_NAMES = frozenset(RULES) | {NAN_PAYLOADS}
