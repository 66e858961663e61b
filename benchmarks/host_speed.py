"""What a class of an extension costs: on CPython's abi3t, under the host, and as a class of RustPython's own.

    python benchmarks/host_speed.py [--rounds 5] [--profile]

The same program (``speed/measure.py``) runs in the interpreters that the backends' workers use, in turn and in one
run; each figure is the least of all rounds, in nanoseconds, without the loop around it.  ``host/native`` is what
the host adds to what an equivalent class written for RustPython in Rust costs (the executable is the bench
``native_class`` of the host's crate, which is compiled first).

With ``--profile`` valgrind counts instructions instead, which no other load on the machine changes, and tells whose
they are: the extension's (PyO3), the C-API's own in RustPython, the host's, or the interpreter's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from harness.backends import cpython_abi3t, rustpython
from harness.backends.base import Backend, Request
from harness.builds import cache_directory, digest_of
from harness.extensions import read_extension

HERE = Path(__file__).resolve().parent
CRATE = HERE / "speed"
PROGRAM = CRATE / "measure.py"
OPERATIONS = ("construct", "method", "attribute", "add", "iterate", "fail")
#: How often valgrind sees an operation: often enough that what happens once does not count.
PROFILED = 4000

Runs = dict[str, tuple[list[str], Path | None]]
"""Name -> command of an interpreter and what goes on its path."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="count instructions, by whose code it is")
    options = parser.parse_args()
    request = Request(None, lambda line: print(f"  {line}", file=sys.stderr))
    runs: Runs = {
        "cpython-abi3t": extension_run(cpython_abi3t.provide(request), request),
        "native": ([str(native_executable())], None),
        "host": extension_run(rustpython.provide(request), request),
    }
    if options.profile:
        print_profile(runs)
    else:
        print_times(runs, options.rounds)


def print_times(runs: Runs, rounds: int) -> None:
    """Measure and print one row for each operation."""
    least: dict[str, dict[str, float]] = {name: {} for name in runs}
    for _ in range(rounds):
        for name, (command, site) in runs.items():
            for operation, nanoseconds in measured(command, site).items():
                before = least[name].get(operation, nanoseconds)
                least[name][operation] = min(before, nanoseconds)
    print(f"{'ns':<12}{''.join(f'{name:>15}' for name in runs)}{'host/native':>13}{'host/cpython':>14}")
    for operation, host in least["host"].items():
        row = [least[name][operation] for name in runs]
        ratios = host / least["native"][operation], host / least["cpython-abi3t"][operation]
        print(f"{operation:<12}{''.join(f'{each:>15.0f}' for each in row)}{ratios[0]:>13.2f}{ratios[1]:>14.1f}")


def print_profile(runs: Runs) -> None:
    """Print instructions per operation, by whose code they are, and the host's in terms of the native class's."""
    columns = ("native", "under host", "extension", "C-API", "host", "host/native")
    print(f"{'instructions':<14}{''.join(f'{name:>13}' for name in columns)}")
    for operation in OPERATIONS:
        native = sum(profiled(*runs["native"], operation).values())
        parts = profiled(*runs["host"], operation)
        owners = Counter[str]()
        for function, instructions in parts.items():
            owners[owner(function)] += instructions
        row = (native, sum(parts.values()), owners["extension"], owners["capi"], owners["host"])
        print(f"{operation:<14}{''.join(f'{each:>13.0f}' for each in row)}{owners['host'] / native:>13.2f}")


def owner(function: str) -> str:
    """Tell whose code a function is, by its name; generic code of the standard library counts as the interpreter's."""
    if "backend_matrix_host" in function or function in SUPPLIED:
        return "host"
    if "pyo3" in function or "speed::" in function:
        return "extension"
    return "capi" if re.match(r"_?Py[A-Z]\w*_", function) or "rustpython_capi" in function else "interpreter"


SUPPLIED = {line.split()[0] for line in (rustpython.HOST_CRATE / "runtime/supplied.txt").read_text().splitlines()}


def profiled(command: list[str], site: Path | None, operation: str) -> Counter[str]:
    """Return instructions per operation by function: those of many operations less those of none."""
    with tempfile.TemporaryDirectory() as directory:
        counts = []
        for times in (0, PROFILED):
            out = Path(directory, str(times))
            argv = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command, str(PROGRAM)]
            run([*argv, operation, str(times)], site)
            counts.append(by_function(out))
    return Counter({name: (counts[1][name] - counts[0][name]) / PROFILED for name in counts[1] | counts[0]})


def by_function(out: Path) -> Counter[str]:
    """Read callgrind's file: instructions that a function itself executed."""
    text = run(["callgrind_annotate", "--auto=no", "--threshold=100", str(out)], None)
    found = Counter[str]()
    line = r"^ *([\d,]+) \([^)]*\)  [^:\n]*:(\S.*?)(?:'\d+)?(?: \[[^]]*\])?$"
    for count, name in re.findall(line, text, re.MULTILINE):
        found[name] += int(count.replace(",", ""))
    return found


def extension_run(backend: Backend, request: Request) -> tuple[list[str], Path | None]:
    """Compile the extension for a backend; return the command of its interpreter and what goes on the path."""
    built = backend.build(read_extension(CRATE), progress=request.progress)
    return list(backend.command.argv), built.site


def native_executable() -> Path:
    """Compile the bench of the host's crate and return its executable."""
    target = cache_directory() / "target" / f"host-{digest_of(rustpython.VERSION)[:8]}"
    command = ["cargo", "bench", "--no-run", "--locked", "--ignore-rust-version", "--bench", "native_class"]
    command += ["--manifest-path", str(rustpython.HOST_CRATE / "Cargo.toml"), "--target-dir", str(target)]
    command += ["--profile", "release", "--message-format", "json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    messages = map(json.loads, done.stdout.splitlines())
    return next(Path(each["executable"]) for each in messages if each.get("target", {}).get("kind") == ["bench"])


def measured(command: list[str], site: Path | None) -> dict[str, float]:
    """Run the program once; return nanoseconds by operation."""
    return dict(json.loads(run([*command, str(PROGRAM)], site)))


def run(command: list[str], site: Path | None) -> str:
    """Run a command with ``site`` on Python's path; return what it prints."""
    environment = dict(os.environ) if site is None else os.environ | {"PYTHONPATH": str(site)}
    quiet = subprocess.DEVNULL if command[0] == "valgrind" else None
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=quiet, text=True, env=environment)
    return done.stdout


if __name__ == "__main__":
    main()
