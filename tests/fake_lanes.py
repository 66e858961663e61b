"""Lanes without processes, for all that only needs answers."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from harness.codec import decode_program, encode
from harness.lanes import Lane
from harness.observation import Crashed, Hung
from harness.past import History
from harness.process import WorkerCommand
from harness.program import Program
from harness.replies import Reply
from harness.values import Result

Answer = Callable[..., Any]


class FakeLane(Lane):
    """Answers from a Python function that gets each step's name and arguments.

    What the function returns or raises is the observation; a ``Crashed`` or ``Hung`` that it returns ends
    the program.  ``lag`` programs are held back until somebody waits.
    """

    def __init__(self, backend: str, answer: Answer, *, lag: int = 0) -> None:
        super().__init__(backend, WorkerCommand(()), "fake", [], timeout_s=1.0)
        self.answer = answer
        self.lag = lag
        self.programs: list[Program] = []
        self.freshened = 0
        self.closed = 0
        self.held: deque[tuple[int, Reply]] = deque()
        self.before = History()

    @property
    def busy(self) -> bool:
        return bool(self.held)

    def send(self, bodies: list[tuple[int, bytes]]) -> None:
        for sequence, body in bodies:
            program = decode_program(json.loads(b"[" + body))
            self.programs.append(program)
            self.held.append((sequence, replace(self.execute(program), past=self.before.past())))
            self.before.append(body)

    def execute(self, program: Program) -> Reply:
        results: list[Any] = []
        wires = []
        for step in program.steps:
            arguments = [results[each.step] if isinstance(each, Result) else each for each in step.arguments]
            try:
                value = self.answer(step.name, *arguments)
            except Exception as error:
                value = None
                details = {"str": str(error)}
                wires.append(["e", ["e", f"builtins.{type(error).__name__}", list(map(encode, error.args)), details]])
            else:
                if isinstance(value, (Crashed, Hung)):
                    self.restarts += 1
                    self.deaths.count(self.backend)
                    return Reply(b"", value)
                wires.append(["r", encode(value)])
            results.append(value)
        return Reply(json.dumps(wires).encode())

    def deliver(self, keep: int) -> None:
        while len(self.held) > keep:
            self.replies.append(self.held.popleft())

    def fresh(self) -> None:
        self.freshened += 1
        self.before = History()

    def close(self) -> None:
        self.closed += 1
        self.held.clear()


def fake_pump(lanes: Sequence[FakeLane], *, wait: bool, enough: Callable[[], bool] | None = None) -> None:
    """Stands for ``harness.lanes.pump``."""
    for lane in lanes:
        lane.deliver(0 if wait else lane.lag)
