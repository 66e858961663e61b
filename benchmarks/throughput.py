"""Examples per second: differential on two backends, plain Hypothesis in process, a process per example.

    python benchmarks/throughput.py [--examples 2000] [--other rustpython] [CASE ...]

All three are measured in one run, in turn, with the same strategies and seed; the ratios are what counts.
The reference is the interpreter that runs this script, so that the plain run can import the same build.  What would end
this process is not called in the plain run: PyO3 aborts where a sequence claims a length that no memory can hold.

Measured with CPython 3.11, two cores shared with others (load 3 to 8), 1000 examples: numbers:add_i64 0.81, text:echo
0.77, collections:total 0.81.  Of the time of this process 96 in 100 is Hypothesis's own; what is missing to 1 are the
two workers' shares of the same two cores.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from itertools import count
from pathlib import Path

import hypothesis
from drawn import feed
from hypothesis import HealthCheck, Phase

from harness import worker
from harness.book.entries import Entry, EntrySpec
from harness.cases import Case, read_case_file
from harness.codec import encode
from harness.differential import Differential
from harness.examine import Plan, examine
from harness.findings import Finding, Known
from harness.handshake import Capabilities
from harness.lanes import Lane, pump
from harness.matrix import Matrix
from harness.program import Program
from harness.protocol import encode_body
from harness.settings import Overrides, read_settings
from harness.strategies import Programs, programs_of

ROOT = Path(__file__).resolve().parent.parent
CASES = ("numbers:add_i64", "text:echo", "collections:total", "signatures:defaults", "errors:raise_named")
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=CASES, help="FILE:CASE, such as numbers:add_i64")
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--other", default="rustpython", help="the backend beside the reference")
    options = parser.parse_args()
    overrides = Overrides(backends=options.other, interpreters=(f"cpython={sys.executable}",))
    matrix = Matrix(read_settings(ROOT, overrides), lambda line: print(f"  {line}", file=sys.stderr))
    print(f"{'case':<28}{'plain':>9}{'differential':>14}{'fresh':>8}{'to plain':>10}{'to fresh':>10}")
    ratios = []
    try:
        for name in options.cases:
            ratios.append(measure(name, matrix, options.other, options.examples))
    finally:
        matrix.close()
    to_plain, to_fresh = (statistics.median(column) for column in zip(*ratios))
    print(f"{'median':<59}{to_plain:>10.2f}{to_fresh:>10.1f}")


def measure(name: str, matrix: Matrix, other: str, examples: int) -> tuple[float, float]:
    """Print one line for a case and return its two ratios, each the median of three rounds."""
    file, _, case_name = name.partition(":")
    path = ROOT / "cases" / f"{file}.yaml"
    case = next(each for each in read_case_file(path).cases if each.name == case_name)
    extension = matrix.extension(case.extension, path)
    lanes = [matrix.lane(each, extension) for each in ("cpython", other)]
    sys.path.insert(0, str(matrix.built("cpython", extension).site))
    module = importlib.import_module(extension.module)
    programs = programs_of(case, extension.module, Capabilities())
    warnings.simplefilter("ignore")
    rounds = []
    for number in range(ROUNDS):
        fatal = numbers_of_the_fatal(programs, lanes[0], examples, number)
        plain = rate(examples, lambda n=number, skip=fatal: run_plain(programs, module, examples, n, skip))
        differential = rate(examples, lambda n=number: run_differential(case, programs, lanes, examples, n))
        rounds.append((plain, differential))
    fresh = rate(20, lambda: run_fresh(programs, lanes, 20))
    plain, differential = (statistics.median(column) for column in zip(*rounds))
    to_plain = statistics.median(each[1] / each[0] for each in rounds)
    to_fresh = differential / fresh
    print(f"{name:<28}{plain:>9.0f}{differential:>14.0f}{fresh:>8.1f}{to_plain:>10.2f}{to_fresh:>10.1f}", flush=True)
    return to_plain, to_fresh


def rate(examples: int, run: Callable[[], None]) -> float:
    """Return examples per second."""
    started = time.perf_counter()
    run()
    return examples / (time.perf_counter() - started)


def numbers_of_the_fatal(programs: Programs, lane: Lane, examples: int, seed: int) -> frozenset[int]:
    """Return which of the examples that a seed draws end the process that executes them."""
    drawn: list[Program] = []
    given(programs, examples, seed, drawn.append)
    return frozenset(number for number, (_, reply) in enumerate(feed(lane, drawn)) if isinstance(reply, str))


def run_plain(programs: Programs, module: object, examples: int, seed: int, fatal: frozenset[int]) -> None:
    """Call the function in this process, as a test without the harness would."""
    numbers = count()

    def body(program: Program) -> None:
        if next(numbers) in fatal:
            return
        step = program.steps[0]
        arguments = [worker.build(encode(each), []) for each in step.arguments]
        keywords = {name: worker.build(encode(value), []) for name, value in step.keywords}
        # What it raises is not what is measured.
        with contextlib.suppress(BaseException):
            getattr(module, step.name)(*arguments, **keywords)

    given(programs, examples, seed, body)


def run_differential(case: Case, programs: Programs, lanes: list[Lane], examples: int, seed: int) -> None:
    """Examine the case as a run does; what diverges counts as known, so that every example is executed."""
    rules = frozenset({"panic-thread-id"})
    differential = Differential(lanes[0], lanes[1], rules)
    seen = _EverythingKnown(())
    plan = Plan(case.name, seed, examples, hypothesis.settings(), None)
    examine(programs, differential, seen, plan)


class _EverythingKnown(Known):
    """Knows every divergence and has none to replay."""

    def entry_for(self, finding: Finding) -> Entry | None:
        return _ANYTHING


_ANYTHING = Entry(
    EntrySpec("*", "value", "*", "", "measured, not judged", datetime.date.min, ()), "", "*", "*", Path(), 0
)


def run_fresh(programs: Programs, lanes: list[Lane], examples: int) -> None:
    """Execute every example in new processes."""

    def body(program: Program) -> None:
        for lane in lanes:
            lane.fresh()
            lane.send([(1, encode_body(program))])
        pump(lanes, wait=True)
        for lane in lanes:
            lane.replies.clear()

    given(programs, examples, 0, body)


def given(programs: Programs, examples: int, seed: int, body: Callable[[Program], None]) -> None:
    def inner(program: Program) -> None:
        body(program)

    settings = hypothesis.settings(
        max_examples=examples,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    hypothesis.seed(seed)(settings(hypothesis.given(programs)(inner)))()


if __name__ == "__main__":
    main()
