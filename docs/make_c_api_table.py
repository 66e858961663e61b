"""Write ``docs/c-api.md`` and the host's ``supplied.txt``: who defines each function of the C-API.

    python docs/make_c_api_table.py            # writes both
    python docs/make_c_api_table.py --check    # exit status 1 if one of them is out of date

Read are the sources only, so the result is the same everywhere: what pyo3-ffi declares for RustPython, what
rustpython-capi exports, what the host's ``runtime/src`` exports, which functions PyO3's own sources name, and which
were called when ``benchmarks/record_c_api_calls.py`` last watched the cases. The crates are looked for in cargo's
registry.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = ROOT / "harness" / "backends" / "host" / "runtime"
TABLE = ROOT / "docs" / "c-api.md"
CALLS = ROOT / "docs" / "c-api-calls.txt"
RANKING = ROOT / "docs" / "c-api-ranking.toml"
SUPPLIED = HOST / "supplied.txt"
REGISTRY = Path.home() / ".cargo" / "registry" / "src"

PYO3, PYO3_FFI, CAPI = "pyo3-0.30.1", "pyo3-ffi-0.30.1", "rustpython-capi-0.6.0"

#: How many case files a row names.
NAMED_FILES = 3
#: pyo3-ffi declares these under conditions that do not hold for RustPython.
NOT_DECLARED = re.compile(r"^(_?PyPy|PyUnstable_|Py_CompileStringFlags$)")
#: Modules of pyo3-ffi that are not compiled for RustPython under the stable ABI.
NOT_COMPILED = {"cpython", "compat", "datetime", "bltinmodule", "enumobject", "marshal", "structmember"}

HEAD = """# The C-API on RustPython

Made by `docs/make_c_api_table.py`; do not edit. One row for each function that {ffi} declares.

- **RustPython**: {capi} defines it.
- **host**: our host defines it, because RustPython does not; a finding that touches one may be ours.
- **stub**: it raises `SystemError` with its name and the reason, so that an extension that names it loads.
- **missing**: nobody defines it; an extension that names it cannot be loaded.

"PyO3" says whether {pyo3}'s own sources name the function; extensions may call others through `pyo3::ffi`.

"Tested by" names what calls the function: cases that were seen to do so when `benchmarks/record_c_api_calls.py`
watched them (`numbers:add_i64 +39` is that case and 39 more of `cases/numbers.yaml`; `import` is the extension's own
import; at most three files are named), and the host's own tests, unit tests beside the code and fixtures in C, whose
sources use it. {untested} functions have no test: {untested_by_who}.

"Needed by" counts published packages whose wheels have the function as an undefined symbol: of {packages} of the most
downloaded ones, and in brackets of the {with_pyo3} among them that are made with PyO3. It is the order in which the
stubs are judged, and is read from the wheels by `docs/make_capi_ranking.py`. Wheels for CPython use macros where the
stable ABI of free-threaded Python calls a function, so that few need `Py_IncRef` there and most `_Py_Dealloc`.

| who | functions | of them named by PyO3 | needed by a package |
| --- | --- | --- | --- |
{summary}

"""


def crate(name: str) -> Path:
    """The sources of a crate in cargo's registry."""
    found = sorted(REGISTRY.glob(f"*/{name}"))
    if not found:
        sys.exit(f"{name} is not in {REGISTRY}\n  cargo fetch --manifest-path {HOST.parent}/Cargo.toml")
    return found[0] / "src"


def rust_files(folder: Path) -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.rs"))}


def holds(condition: str) -> bool:
    """Evaluate the condition of a ``#[cfg(...)]`` for RustPython's build: 3.15, stable ABI, free-threaded, Linux."""
    words = re.sub(r'\w+\s*=\s*"[^"]*"', "False", condition)  # features and platforms other than the plain ones
    words = re.sub(r"\b(?!all\b|any\b|not\b|False\b)\w+", lambda word: str(is_set(word[0])), words)
    words = words.replace("not(", "_not(").replace("all(", "_all(").replace("any(", "_any(")
    names = {"_not": lambda value: not value, "_all": lambda *values: all(values), "_any": lambda *values: any(values)}
    return bool(eval(words, {"__builtins__": {}}, names))


def is_set(flag: str) -> bool:
    version = re.fullmatch(r"Py_3_(\d+)", flag)
    return int(version[1]) <= 15 if version else flag in {"RustPython", "Py_LIMITED_API", "Py_GIL_DISABLED", "unix"}


def declared() -> dict[str, str]:
    """Function -> header, as pyo3-ffi declares them for RustPython."""
    functions: dict[str, str] = {}
    folder = crate(PYO3_FFI)
    for path, source in rust_files(folder).items():
        if NOT_COMPILED & set(path.relative_to(folder).with_suffix("").parts):
            continue
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", source, flags=re.DOTALL)
        for attributes, name in re.findall(
            r"((?:#\[(?:[^\[\]]|\[[^\]]*\])*\]\s*)*)(?:pub(?:\(crate\))? )?fn (_?Py\w+)\s*\([^{};]*;", text
        ):
            conditions = re.findall(r"#\[cfg\((.*?)\)\]", attributes, re.DOTALL)
            if not NOT_DECLARED.match(name) and all(map(holds, conditions)):
                functions.setdefault(name, path.stem.strip("_"))
    return functions


def upstream() -> set[str]:
    """What rustpython-capi exports."""
    text = "\n".join(rust_files(crate(CAPI)).values())
    plain = re.findall(r"no_mangle\)\]\s*(?:#\[[^\n]*\]\s*)*pub (?:unsafe )?extern \"C\" fn (\w+)", text)
    checks = re.findall(r"define_py_check!\((?:exact )?fn (\w+)", text)
    return {*plain, *checks}


def ours() -> tuple[set[str], dict[str, str]]:
    """What the host exports: functions, and stubs with their reasons."""
    texts = rust_files(HOST / "src")
    stubs: dict[str, str] = {}
    table = texts[HOST / "src" / "capi" / "stubs.rs"]
    table = table[table.index("\nstubs! {") :]
    for reason, names in re.findall(r'"([^"]+)":((?:\s*\w+ -> \w+;)+)', table):
        for name in re.findall(r"(\w+) ->", names):
            stubs[name] = reason
    text = "\n".join(source for path, source in texts.items() if path.name != "stubs.rs")
    functions = set(re.findall(r"extern \"C\" fn (_?Py\w+)", text))
    functions |= set(re.findall(r"^\s*fn (_?Py\w+)\(", text, re.MULTILINE))
    functions |= set(re.findall(r"(_?Py\w+) = backend_matrix_variadic_", text))
    # Names that a macro turns into functions: alone on a line, or in a list of names.
    functions |= set(re.findall(r"^ +(_?Py\w+)(?:\(\w*\);|,$|\);?$|$)", text, re.MULTILINE))
    functions |= {
        name for line in re.findall(r"^ +(_?Py\w+(?:, _?Py\w+)+)", text, re.MULTILINE) for name in line.split(", ")
    }
    return functions - set(stubs), stubs


def named_by_pyo3() -> set[str]:
    text = "\n".join(rust_files(crate(PYO3)).values())
    return set(re.findall(r"\b(_?Py\w+)\b", text))


def calls_of_cases() -> dict[str, list[str]]:
    """Function -> the cases that call it, shortened; see ``benchmarks/record_c_api_calls.py`` for the file read."""
    calls: dict[str, list[str]] = {}
    for line in CALLS.read_text(encoding="utf-8").splitlines():
        name, *found = line.split()
        if name != "#":
            parts = [each.split(":") for each in found]
            calls[name] = [
                f"{file}:{first}" + (f" +{int(number) - 1}" if number != "1" else "")
                for file, number, first in parts[:NAMED_FILES]
            ]
            if len(parts) > NAMED_FILES:
                calls[name].append(f"{len(parts) - NAMED_FILES} more files")
    return calls


def calls_of_host_tests() -> dict[str, list[str]]:
    """Function -> the files of the host's own tests that name it, other than in a text or comment."""
    calls: dict[str, list[str]] = {}
    # In stubs.rs the table of all stubs follows the first such mark: its test calls every one.
    texts = {
        f"unit tests of {path.relative_to(HOST / 'src')}": source.partition("#[cfg(test)]\n")[2]
        for path, source in rust_files(HOST / "src").items()
    }
    fixtures = HOST.parent / "tests" / "fixtures"
    texts |= {path.name: path.read_text(encoding="utf-8") for path in sorted(fixtures.glob("*.c"))}
    for title, text in texts.items():
        code = re.sub(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|\buse [^;]*;', "", text, flags=re.DOTALL)
        for name in sorted(set(re.findall(r"\b(_?Py\w+)\b", code))):
            calls.setdefault(name, []).append(title)
    return calls


def table() -> tuple[str, str]:
    """The Markdown table and the list of supplied functions."""
    functions, theirs = declared(), upstream()
    by_cases, by_host = calls_of_cases(), calls_of_host_tests()
    mine, stubs = ours()
    named = named_by_pyo3()
    ranking = tomllib.loads(RANKING.read_text(encoding="utf-8"))
    needed, packages = ranking["needed"], ranking["package"]
    rows: list[tuple[str, str, str, str, str, str, str]] = []
    for name, header in sorted(functions.items(), key=lambda item: (item[1], item[0])):
        if name in theirs:
            who, note = "RustPython", ""
        elif name in stubs:
            who, note = "stub", f"RustPython {stubs[name]}"
        elif name in mine:
            who, note = "host", ""
        else:
            who, note = "missing", ""
        tests = ", ".join(by_cases.get(name, []) + by_host.get(name, []))
        need = "{} ({})".format(*needed[name]) if name in needed else ""
        rows.append((header, name, who, "yes" if name in named else "", tests, note, need))
    summary = []
    for who in ("RustPython", "host", "stub", "missing"):
        chosen = [row for row in rows if row[2] == who]
        counts = (len(chosen), sum(row[3] == "yes" for row in chosen), sum(bool(row[6]) for row in chosen))
        summary.append(f"| {who} | {' | '.join(map(str, counts))} |")
    untested = Counter(row[2] for row in rows if not row[4])
    text = HEAD.format(
        ffi=PYO3_FFI,
        capi=CAPI,
        pyo3=PYO3,
        summary="\n".join(summary),
        packages=len(packages),
        with_pyo3=sum(package["pyo3"] for package in packages),
        untested=untested.total(),
        untested_by_who=", ".join(f"{number} of {who}" for who, number in sorted(untested.items())),
    )
    for header in sorted({row[0] for row in rows}):
        text += f"## {header}.h\n\n| function | who | PyO3 | needed by | tested by | note |\n"
        text += "| --- | --- | --- | --- | --- | --- |\n"
        for row in rows:
            if row[0] == header:
                text += f"| `{row[1]}` | {row[2]} | {row[3]} | {row[6]} | {row[4]} | {row[5]} |\n"
        text += "\n"
    supplied = "".join(
        f"{row[1]} {row[2]}\n" for row in sorted(rows, key=lambda row: row[1]) if row[2] in ("host", "stub")
    )
    return text.rstrip() + "\n", supplied


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if a file is out of date")
    check = parser.parse_args().check
    text, supplied = table()
    stale = [
        path
        for path, content in ((TABLE, text), (SUPPLIED, supplied))
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    if check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: python docs/make_c_api_table.py")
        return int(bool(stale))
    TABLE.write_text(text, encoding="utf-8")
    SUPPLIED.write_text(supplied, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
