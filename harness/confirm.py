"""Run a finding again in fresh workers before anything is said of it."""

from __future__ import annotations

from harness.compare import compare
from harness.differential import Differential
from harness.findings import Finding, Judged
from harness.program import Program


def confirmed(differential: Differential, finding: Finding) -> Judged:
    """Return a finding as it shows in fresh workers, twice.

    It is flaky if the difference does not show there, or if a backend does not agree with itself.
    """
    first, second = run_fresh(differential, finding.program), run_fresh(differential, finding.program)
    if first is None or second is None or first.identity != finding.identity:
        return Judged(finding, "it did not show in fresh workers")
    varying = [
        lane.backend
        for lane, before, after in (
            (differential.reference, first.reference, second.reference),
            (differential.other, first.other, second.other),
        )
        if compare(differential.rules, reference=before, other=after).divergence is not None
    ]
    return Judged(first, f"{' and '.join(varying)} answered two ways" if varying else "")


def run_fresh(differential: Differential, program: Program) -> Finding | None:
    """Run a program in workers without a past; return the finding, or None if the backends agree."""
    for lane in (differential.reference, differential.other):
        lane.fresh()
    return differential.run(program)
