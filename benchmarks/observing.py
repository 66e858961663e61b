"""What whole observations cost: the same programs on today's worker and on one that saw less, in turn.

    python benchmarks/observing.py [--examples 2000] [--backend cpython] [--revision f2b5c51] [CASE ...]

The other worker is the file as it was at a revision of this repository, by default the last one that saw values,
exceptions, arguments, printed text and warnings only.  Nothing but the worker differs: the interpreter, the build and
the bytes of the requests are the same.  What is compared is processor time of the workers, which a busy machine changes
little, and of it the median of several rounds; the ratio is what counts.

Measured on CPython 3.14, two shared cores with a load of 3.5, 200 examples: 1.5 to 1.6 for one call (14 and 21 µs), 1.6
to 1.7 for programs over objects (41 and 67 µs), whose earlier results are looked at again after each step; 1.60 in the
median, in which is also that today's worker says of each program that it begins.  An example as a whole costs some ms,
nearly all of it drawing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drawn import ROOT, lane_of, matrix_of, programs_for

from harness import worker
from harness.cases import read_case_file
from harness.matrix import Matrix
from harness.process import WorkerCommand
from harness.program import PLAIN
from harness.protocol import encode_body, load_frame, run_frame

CASES = (
    *("numbers:add_i64", "text:echo", "collections:total", "signatures:defaults", "errors:raise_named"),
    *("callables:apply", "classes:counter_life", "classes:account_life"),
)
FIRST = "f2b5c51"
ROUNDS = 5


class Bare:
    """A worker process that is asked and read without a lane, so that any worker's file will do."""

    def __init__(self, command: WorkerCommand, script: Path, directory: Path) -> None:
        child_in, self.requests = os.pipe()
        self.replies, child_out = os.pipe()
        streams = [directory / f"{script.stem}-{name}" for name in ("stdout", "stderr")]
        argv = [*command.argv, str(script), str(child_in), str(child_out), *map(str, streams)]
        environment = os.environ | dict(command.environment) | {"PYTHONHASHSEED": "0", "RUST_BACKTRACE": "0"}
        with open(streams[0], "ab") as stdout, open(streams[1], "ab") as stderr:
            self.process = subprocess.Popen(
                argv, stdout=stdout, stderr=stderr, pass_fds=(child_in, child_out), env=environment, cwd=directory
            )
        os.close(child_in)
        os.close(child_out)
        self.reader = open(self.replies, "rb")  # noqa: SIM115
        # A worker may serve in a child of the process that was started.
        self.pid = json.loads(self.reader.readline())["hello"]["pid"]

    def ask(self, frame: bytes) -> bytes:
        """Send a frame and return the answer; that a program begins, which a worker may say first, is none."""
        os.write(self.requests, frame)
        while b"," not in (line := self.reader.readline()):
            if not line:
                break
        return line

    def processor_time_s(self) -> float:
        """Return how long the serving process's threads have computed since it started."""
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((each / "schedstat").read_text(encoding="ascii").split()[0]) for each in threads) / 1e9

    def close(self) -> None:
        os.close(self.requests)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.reader.close()


@contextmanager
def workers_of(command: WorkerCommand, scripts: list[Path], load: bytes, directory: Path) -> Iterator[list[Bare]]:
    started: list[Bare] = []
    try:
        for script in scripts:
            started.append(Bare(command, script, directory))
            answer = started[-1].ask(load)
            if json.loads(answer)["failed"] is not None:
                raise SystemExit(f"{script.name}: {answer.decode()}")
        yield started
    finally:
        for each in started:
            each.close()


def measure(name: str, matrix: Matrix, options: argparse.Namespace, scripts: list[Path], directory: Path) -> float:
    """Print one line for a case and return what today's worker takes of the other's time."""
    file, _, case_name = name.partition(":")
    cases = read_case_file(ROOT / "cases" / f"{file}.yaml")
    case = next(each for each in cases.cases if each.name == case_name)
    command = matrix.backend(options.backend).command
    lane = lane_of(matrix, options.backend, cases, command)
    drawn = [each for each in programs_for(case, lane, options.examples) if each.context == PLAIN and not each.observe]
    lane.close()
    frames = [run_frame([(0, encode_body(program))]) for program in drawn]
    load = load_frame(
        lane.module, [str(matrix.built(options.backend, matrix.extension(cases.extension, cases.path)).site)]
    )
    taken: tuple[list[float], list[float]] = ([], [])
    with workers_of(command, scripts, load, directory) as workers:
        for _ in range(ROUNDS):
            for one, times in zip(workers, taken):
                before = one.processor_time_s()
                for frame in frames:
                    if not one.ask(frame):
                        raise SystemExit(f"{name}: a worker died; choose another case")
                times.append(one.processor_time_s() - before)
    now, then = (statistics.median(times) / len(frames) * 1e6 for times in taken)
    ratio = statistics.median(mine / other for mine, other in zip(*taken))
    print(f"{name:<28}{len(frames):>9}{then:>10.0f}{now:>10.0f}{ratio:>9.2f}", flush=True)
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=CASES, help="FILE:CASE, such as numbers:add_i64")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--backend", default="cpython")
    parser.add_argument("--revision", default=FIRST)
    options = parser.parse_args()
    matrix = matrix_of("rustpython")
    with tempfile.TemporaryDirectory() as directory:
        then = Path(directory, "then.py")
        shown = subprocess.run(
            ["git", "show", f"{options.revision}:harness/worker.py"], cwd=ROOT, capture_output=True, check=False
        )
        if shown.returncode:
            sys.exit(f"the worker's file at {options.revision} is needed: {shown.stderr.decode().strip()}")
        then.write_bytes(shown.stdout)
        print(f"{'case':<28}{'programs':>9}{'then, µs':>10}{'now, µs':>10}{'ratio':>9}   load {os.getloadavg()[0]:.1f}")
        ratios = [
            measure(each, matrix, options, [Path(worker.__file__), then], Path(directory)) for each in options.cases
        ]
    print(f"{'median':<57}{statistics.median(ratios):>9.2f}   load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
