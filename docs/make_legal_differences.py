"""Write ``docs/legal-differences.md``: the named rules, each with its reason and what exactly it applies to.

python docs/make_legal_differences.py
"""

from __future__ import annotations

from pathlib import Path

from harness.rules import DEFAULT_RULES, NAN_PAYLOADS, RULES, Rule

PAGE = Path(__file__).with_name("legal-differences.md")

HEAD = """\
# Legal differences

<!-- Made by docs/make_legal_differences.py from harness/rules.py. -->

What differs is a finding. These named rules are the exceptions: what Python, or Rust, does not promise, so that two
backends which differ in it are both right. A rule is off unless somebody asks for it by its name: a case with
`rules: [NAME]`, an extension with the same at the top of its case file, a project with `rules` under
`[tool.backend-matrix]`. Each is counted in the event log and the JUnit properties when it applied.

"""

FOOT = f"""
`{NAN_PAYLOADS}` is the opposite: it asks that NaNs be compared by all their bits, where normally any NaN equals
any other.

Without any rule: addresses as a `repr` prints them (`at 0x…`) are masked, and so is the directory that an extension
was imported from (`<site>`), because the harness put it there; and sets have no order. What is left to chance
elsewhere is held still, not masked: the variables of a worker's process ([backends.md](backends.md)).
"""


def page() -> str:
    """Return the text of the page."""
    return HEAD + "\n".join(map(section_of, RULES.values())) + FOOT


def section_of(rule: Rule) -> str:
    """Return what the page says of one rule."""
    on = " On by default; `rules = []` in the settings turns it off." if rule.name in DEFAULT_RULES else ""
    return f"## `{rule.name}`\n\n{rule.reason}{on}\n\nApplies to: {rule.where}.\n"


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
