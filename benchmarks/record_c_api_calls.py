"""Write ``docs/c-api-calls.txt``: which functions of the C-API the samples' cases call on the host.

    python benchmarks/record_c_api_calls.py [--examples 100] [[--update] FILE ...]

A library that is loaded before the host's runtime stands in front of every function of ``docs/c-api.md``: a few
instructions that note a call which comes from outside the runtime, and jump to the function.  The notes lie in
a file that worker and script share, so they outlive a worker that is killed.  Not noted is a function whose
address an extension hands to the host, which calls it from the inside.

With case files named, such as ``classes``, what is found is printed; with ``--update`` what is told of them is
written anew.

Each line is a function, and for each case file that calls it the number of its cases that do and the first.
Import of the extension counts as a case of its own, ``import``.
"""

from __future__ import annotations

import argparse
import mmap
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from drawn import ROOT, case_files, feed, lane_of, matrix_of, programs_for, watched

BACKEND = "rustpython"
RUNTIME = "libbackend_matrix_host.so"
TIMEOUT_S = 60.0
TABLE = ROOT / "docs" / "c-api.md"
CALLS = ROOT / "docs" / "c-api-calls.txt"

ASSEMBLY_HEAD = """\
    .bss
    .globl backend_matrix_real, backend_matrix_runtime, backend_matrix_runtime_size, backend_matrix_notes
backend_matrix_real: .skip 8 * {count}
backend_matrix_runtime: .skip 8
backend_matrix_runtime_size: .skip 8
backend_matrix_notes: .skip 8
    .data
    .globl backend_matrix_names
backend_matrix_names: .ascii "{names}\\0"
    .text
"""

# r11 may be changed between a call and the function's first instruction (System V ABI, "Function Calling Sequence").
ASSEMBLY_FUNCTION = """\
    .globl {name}
    .type {name}, @function
{name}:
    movq (%rsp), %r11
    subq backend_matrix_runtime(%rip), %r11
    cmpq backend_matrix_runtime_size(%rip), %r11
    jb 1f
    movq backend_matrix_notes(%rip), %r11
    movb $1, {index}(%r11)
1:  jmpq *backend_matrix_real+8*{index}(%rip)
"""

FILLER = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *backend_matrix_real[];
extern char *backend_matrix_notes, backend_matrix_names[];
extern uintptr_t backend_matrix_runtime, backend_matrix_runtime_size;

static int find_runtime(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    if (!strstr(info->dlpi_name, "@RUNTIME@"))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && part->p_flags & PF_X) {
            backend_matrix_runtime = info->dlpi_addr + part->p_vaddr;
            backend_matrix_runtime_size = part->p_memsz;
        }
    }
    return 1;
}

__attribute__((constructor)) static void fill(void)
{
    int notes = open(getenv("BACKEND_MATRIX_NOTES"), O_RDWR);
    void *map = notes < 0 ? MAP_FAILED : mmap(NULL, @COUNT@, PROT_READ | PROT_WRITE, MAP_SHARED, notes, 0);
    if (map == MAP_FAILED || !dl_iterate_phdr(find_runtime, NULL))
        abort();
    close(notes);
    backend_matrix_notes = map;
    int index = 0;
    for (char *name = strtok(backend_matrix_names, " "); name; name = strtok(NULL, " "))
        if (!(backend_matrix_real[index++] = dlsym(RTLD_NEXT, name)))
            abort();
}
"""


def functions() -> list[str]:
    """The functions that the runtime exports, as the table has them."""
    rows = re.findall(r"^\| `(\w+)` \| (\S+) ", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return [name for name, who in rows if who != "missing"]


def make_recorder(directory: Path, names: list[str]) -> Path:
    """Compile the library that stands in front of ``names``."""
    assembly = ASSEMBLY_HEAD.format(count=len(names), names=" ".join(names))
    assembly += "".join(ASSEMBLY_FUNCTION.format(name=name, index=index) for index, name in enumerate(names))
    (directory / "functions.s").write_text(assembly + '    .section .note.GNU-stack,"",@progbits\n')
    (directory / "fill.c").write_text(FILLER.replace("@RUNTIME@", RUNTIME).replace("@COUNT@", str(len(names))))
    library = directory / "recorder.so"
    argv = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-Wl,-Bsymbolic"]
    subprocess.run([*argv, "-o", library, directory / "functions.s", directory / "fill.c", "-ldl"], check=True)
    return library


def record(examples: int, directory: Path, files: list[str]) -> dict[str, dict[str, list[str]]]:
    """Run every case; return function -> case file -> cases that called it."""
    names = functions()
    library = make_recorder(directory, names)
    notes = directory / "notes"
    notes.write_bytes(bytes(len(names)))
    called: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    matrix = matrix_of(BACKEND)
    command = matrix.backend(BACKEND).command
    runtime = Path(command.argv[0]).with_name(RUNTIME)
    preloaded = watched(command, LD_PRELOAD=f"{library} {runtime}", BACKEND_MATRIX_NOTES=str(notes))
    with notes.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as shared:

        def take(file: str, case: str) -> None:
            for name, noted in zip(names, shared[:]):
                if noted:
                    called[name][file].append(case)
            shared[:] = bytes(len(names))

        for cases in case_files(files):
            file = cases.path.stem
            lane = lane_of(matrix, BACKEND, cases, preloaded)
            try:
                lane.fresh()
                take(file, "import")
                for case in cases.cases:
                    # Some cases await for ever on purpose; a case says itself how long is long.
                    lane.timeout_s = case.spec.timeout_s or TIMEOUT_S
                    done = sum(1 for _ in feed(lane, programs_for(case, lane, examples)))
                    take(file, case.name)
                    print(f"  {file}: {case.name}, {done} programs", file=sys.stderr)
            finally:
                lane.close()
    return called


Told = dict[str, dict[str, str]]
"""Function -> case file -> ``NUMBER:FIRST`` of its cases that call it."""


def summary(called: dict[str, dict[str, list[str]]]) -> Told:
    """Return what is told of the calls."""
    return {name: {file: f"{len(cases)}:{cases[0]}" for file, cases in files.items()} for name, files in called.items()}


def read(text: str) -> Told:
    """Return what the text of the file tells."""
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {name: dict(part.split(":", 1) for part in parts) for name, *parts in lines}


def merged(before: Told, now: Told, files: set[str]) -> Told:
    """Return ``before`` with what ``now`` tells of ``files`` in place of what it told of them."""
    kept = {name: {file: cases for file, cases in told.items() if file not in files} for name, told in before.items()}
    both = {name: kept.get(name, {}) | now.get(name, {}) for name in before | now}
    return {name: told for name, told in both.items() if told}


def written(told: Told) -> str:
    """The text of the file."""
    lines = ["# Made by benchmarks/record_c_api_calls.py: function, then FILE:NUMBER:FIRST of the cases that call it."]
    for name, files in sorted(told.items()):
        lines.append(" ".join([name, *(f"{file}:{cases}" for file, cases in sorted(files.items()))]))
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="case files, such as classes; all if none is given")
    parser.add_argument("--examples", type=int, default=100, help="drawn programs for each case")
    parser.add_argument("--update", action="store_true", help="write what is told of the files that are named")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        told = summary(record(options.examples, Path(directory), options.files))
    if options.files and not options.update:
        sys.stdout.write(written(told))
        return
    if options.files:
        told = merged(read(CALLS.read_text(encoding="utf-8")), told, {Path(file).stem for file in options.files})
    CALLS.write_text(written(told), encoding="utf-8")


if __name__ == "__main__":
    main()
