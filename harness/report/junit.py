"""Properties of a test case in JUnit XML, as pytest's ``--junitxml`` writes them."""

from __future__ import annotations

import re

from harness.eventlog import ItemEvent

# What XML 1.0 has no way to say (section 2.2, production Char).
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def properties(event: ItemEvent, versions: dict[str, str]) -> list[tuple[str, str]]:
    """Return the properties of one item: backend, versions, seed, number of examples, and its findings."""
    found = [
        ("backend", event.backend),
        *((f"version.{name}", text) for name, text in versions.items()),
        ("verdict", event.verdict),
        ("seed", str(event.seed)),
        ("examples", str(event.examples)),
    ]
    if event.calls:
        found.append(("past-checks", f"{event.past_checks} of {event.calls}"))
    for finding in event.findings:
        found.append((f"divergence.{finding.kind} at {finding.place}", finding.text))
        if finding.flaky:
            found.append((f"flaky.{finding.kind} at {finding.place}", finding.flaky))
        if finding.blame is not None:
            found.append((f"blame.{finding.kind} at {finding.place}", finding.blame.word))
    found += [(f"skew.{each.kind} at {each.place}", each.skew) for each in event.skewed]
    found += [(f"known.{identity}", str(count)) for identity, count in event.known.items()]
    if event.judged_in_part:
        found.append(("judged-in-part", f"{event.judged_in_part} of {event.examples}"))
    found += [(f"rule.{name}", str(count)) for name, count in event.rules_applied.items()]
    if event.missing:
        found.append(("missing", " ".join(event.missing)))
    return [(printable(name), printable(text)) for name, text in found]


def printable(text: str) -> str:
    """Escape what XML cannot hold, as Python escapes it."""
    return _NOT_IN_XML.sub(lambda match: ascii(match[0])[1:-1], text)
