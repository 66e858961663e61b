"""The checks, in the order in which they are made; each is about one thing that the protocol promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.check_backend import answers, living, observing
from harness.check_backend.bench import Bench
from harness.check_backend.values import VALUES
from harness.program import CONTEXTS


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of the protocol and what tries it; ``run`` raises what is wrong, or returns why it is left out."""

    name: str
    run: Callable[[Bench], str | None]


CHECKS: tuple[Check, ...] = (
    Check("handshake", living.handshake),
    Check("load", living.loads),
    Check("paths", living.first_path_wins),
    Check("load that fails", living.load_fails),
    Check("load that dies", living.load_dies),
    *(Check(f"value: {what}", answers.round_trip(what)) for what in VALUES),
    Check("value: described", answers.described),
    Check("value: met again", answers.shared),
    Check("value: nested deep", answers.nested),
    Check("exceptions", answers.exceptions),
    Check("exception notes", answers.notes),
    *(Check(f"step: {kind}", answers.step_kind(kind)) for kind in answers.STEPS),
    Check("step that is not prepared", answers.unprepared),
    Check("effect: printed", observing.printed),
    Check("effect: printed frames", observing.print_is_no_frame),
    Check("effect: warnings", observing.warned),
    Check("effect: unraisable", observing.unraisable),
    Check("effect: threads that fail", observing.failed_thread),
    Check("effect: changes", observing.changed),
    Check("effect: calls", observing.called),
    Check("effect: identity", observing.identity),
    *(Check(f"context: {name}", observing.context(name)) for name in CONTEXTS),
    Check("observe: state", observing.state),
    Check("observe: equality", observing.equality),
    Check("observe: lifetimes", observing.lifetimes),
    Check("batch", living.batch),
    Check("large frames", living.large),
    Check("same bytes", living.same_bytes),
    Check("state of the module", living.keeps_state),
    Check("place", living.place),
    Check("end: death", living.death),
    Check("end: exit code 0", living.exit_code),
    Check("end: hang", living.hang),
    Check("end: children", living.children),
)
