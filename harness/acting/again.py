"""Run one program again, as it stands: nothing is drawn, nothing is shrunk."""

from __future__ import annotations

from collections import Counter

from harness.codec import decode_program
from harness.confirm import SLOW, confirmed
from harness.differential import Differential
from harness.examine import Examination
from harness.findings import Known
from harness.observation import Wire


def run_again(wire: Wire, differential: Differential, known: Known) -> Examination:
    """Execute a program, given in wire form, on both backends; what came of it.

    Raises: WorkerStartError, WorkerProtocolError -- a worker, not the extension, is at fault.
    """
    finding = differential.run(decode_program(wire))
    if finding is None:
        return Examination("agree", 1)
    entry = known.entry_for(finding)
    if entry is not None:
        return Examination("known", 1, known=Counter({(entry.kind, entry.place): 1}))
    judged = confirmed(differential, finding)
    if judged.flaky == SLOW:
        return Examination("agree", differential.executed)
    return Examination("flaky" if judged.flaky else "diverge", differential.executed, (judged,))
