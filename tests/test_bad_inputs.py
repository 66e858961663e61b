"""A table of bad inputs, with message and exit code: options, settings, case files, crates and environments."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import CheckGolden
from harness import builds
from harness.backends import base, cpython, cpython_abi3t, provide, rustpython
from harness.backends.interpreters import probe
from harness.cases import read_case_file
from harness.cli import main
from harness.errors import HarnessError
from harness.extensions import find_extension, read_extension, read_installed
from harness.settings import Overrides, read_settings

Try = Callable[[Path], object]

MANIFEST = '[package]\nname = "demo"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\npyo3 = "0.30"\n'


# --- settings and options --------------------------------------------------------------------------


def setting(text: str) -> Try:
    def read(directory: Path) -> object:
        (directory / "pyproject.toml").write_text(text)
        return read_settings(directory, Overrides())

    return read


def table(text: str) -> Try:
    return setting(f"[tool.backend-matrix]\n{text}\n")


def option(**given: object) -> Try:
    return lambda directory: read_settings(directory, Overrides(**given))  # type: ignore[arg-type]


SETTINGS: dict[str, Try] = {
    "no TOML": setting("[tool.backend-matrix\n"),
    "a key twice": table("examples = 1\nexamples = 2"),
    "unknown setting": table("exampels = 5"),
    "unknown setting, like nothing": table("quux = 5"),
    "examples is text": table('examples = "many"'),
    "examples is 0": table("examples = 0"),
    "time limit is 0": table("timeout-s = 0"),
    "time limit is text": table('timeout-s = "long"'),
    "backends is text": table('backends = "cpython"'),
    "unknown backend": table('backends = ["cpyton"]'),
    "unknown reference": table('reference = "pypy"'),
    "no backends but the reference": table('backends = ["cpython"]'),
    "unknown rule": table('rules = ["panic-thread"]'),
    "cases is text": table('cases = "cases/*.yaml"'),
    "interpreter of an unknown backend": table('interpreters = { pypy = "/usr/bin/pypy" }'),
    "interpreters is a list": table('interpreters = ["/usr/bin/python3"]'),
    "surface is text": table('surface = "yes"'),
}
OPTIONS: dict[str, Try] = {
    "--backends is empty": option(backends=""),
    "--backends has only commas": option(backends=", ,"),
    "--backends unknown": option(backends="cpython,rustpyton"),
    "--backends only the reference": option(backends="cpython"),
    "--backend without a path": option(interpreters=("cpython",)),
    "--backend with an empty path": option(interpreters=("cpython=",)),
    "--backend without a name": option(interpreters=("=/usr/bin/python3",)),
    "--backend unknown": option(interpreters=("pypy=/usr/bin/pypy",)),
    "--reference unknown": option(reference="nobody"),
    "--examples 0": option(examples=0),
    "--examples negative": option(examples=-3),
}

# --- case files ------------------------------------------------------------------------------------


def cases(text: str) -> Try:
    def read(directory: Path) -> object:
        (directory / "bad.yaml").write_text(text, encoding="utf-8")
        return read_case_file(directory / "bad.yaml")

    return read


def expression(source: str) -> Try:
    quoted = source.replace("'", "''")
    return cases(f"extension: demo\ncases:\n  add:\n    args: ['{quoted}']\n")


BOMB = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefghi", "bcdefghij"))
CASE_FILES: dict[str, Try] = {
    "a file that is not there": lambda directory: read_case_file(directory / "gone.yaml"),
    "a directory": read_case_file,
    "empty": cases(""),
    "a tab": cases("extension: demo\n\tcases: {}\n"),
    "a control character": cases("extension: demo\ncases: {a: {args: ['\x00']}}\n"),
    "another tag": cases("extension: !!python/object/apply:os.system ['echo no']\ncases: {}\n"),
    "a tag of its own": cases("extension: demo\ncases:\n  a: !run {}\n"),
    "an alias bomb": cases(f"extension: demo\ncases:\n  a: {{}}\n{BOMB}"),
    "nested 10,000 deep": cases("extension: demo\ncases: " + "[" * 10_000 + "]" * 10_000),
    "a merge key": cases("extension: demo\ncases:\n  a: {<<: {args: []}}\n"),
    "unknown field": cases("extension: demo\ncases:\n  add: {arg: []}\n"),
    "a case twice": cases("extension: demo\ncases:\n  add: {}\n  add: {}\n"),
    "a step of two kinds": cases("extension: demo\ncases:\n  a: {program: {start: [{call: f, get: x}]}}\n"),
    "an unknown operator": cases("extension: demo\ncases:\n  a: {program: {start: [{operator: ad}]}}\n"),
    "an unknown word": expression("integer()"),
    "an attribute chain": expression("().__class__.__base__.__subclasses__()"),
    "attributes of a strategy": expression("integers().map(print)"),
    "a comprehension": expression("[x for x in (1, 2)]"),
    "a generator that never ends": expression("list(x for x in iter(int, 1))"),
    "a lambda": expression("just(lambda: 1)"),
    "an f-string": expression("f'{open}'"),
    "an import": expression("__import__('os').system('echo no')"),
    "a dunder name": expression("__builtins__"),
    "an assignment": expression("(x := 1)"),
    "a tower of powers": expression("10**10**10"),
    "a long shift": expression("1 << 10**9"),
    "a long text": expression("'a' * 10**12"),
    "a long list in a list": expression("[[0] * 1000] * 1000"),
    "a huge literal": expression("9" * 6000),
    "a literal longer than any file": expression("1" * 30_000),
    "parentheses, 1,000 deep": expression("(" * 1000 + ")" * 1000),
    "calls, 400 deep": expression("lists(" * 400 + "none()" + ")" * 400),
    "minus signs, 5,000": expression("-" * 5000 + "1"),
    "sums, 5,000 long": expression("+".join(["1"] * 5000)),
    "bounds that are turned round": expression("integers(5, 1)"),
    "a text that is not closed": expression('"abc'),
    "a regular expression that is none": expression("from_regex('(')"),
}

# --- crates ----------------------------------------------------------------------------------------


def crate(manifest: str | None, pyproject: str | None = None) -> Try:
    def read(directory: Path) -> object:
        if manifest is not None:
            (directory / "Cargo.toml").write_text(manifest)
        if pyproject is not None:
            (directory / "pyproject.toml").write_text(pyproject)
        return read_extension(directory)

    return read


def installed(name: str, *files: str) -> Try:
    def read(directory: Path) -> object:
        for file in files:
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            (directory / file).write_text("")
        return read_installed(directory / name)

    return read


def named(name: str) -> Try:
    def find(directory: Path) -> object:
        return find_extension(name, case_file=directory / "cases/a.yaml", root=directory, crates=())

    return find


CRATES: dict[str, Try] = {
    "no crate": crate(None),
    "no TOML": crate("[package"),
    "a workspace": crate('[workspace]\nmembers = ["a"]\n'),
    "no name": crate(MANIFEST.replace('name = "demo"', "")),
    "no cdylib": crate(MANIFEST.replace('crate-type = ["cdylib"]', "")),
    "an rlib": crate(MANIFEST.replace("cdylib", "rlib")),
    "no PyO3": crate(MANIFEST.replace('pyo3 = "0.30"', 'libc = "0.2"')),
    "no dependencies": crate(MANIFEST.partition("[dependencies]")[0]),
    "a pyproject.toml that is no TOML": crate(MANIFEST, "[tool"),
    "a manifest-path that leads nowhere": crate(MANIFEST, '[tool.maturin]\nmanifest-path = "rust/Cargo.toml"\n'),
    "a name that no crate has": named("nowhere"),
    "a path that leads nowhere": named("../crates/nowhere"),
    "a package without a library": installed("pure", "pure/__init__.py"),
    "a file that is no library": installed("thing.py", "thing.py"),
}

# --- environments ----------------------------------------------------------------------------------


def tool_says(text: str, code: int = 101) -> Try:
    """Run a build tool that says what the real ones say."""

    def run(directory: Path) -> object:
        (directory / "said").write_text(text)
        tool = directory / "tool"
        tool.write_text(f"#!/bin/sh\ncat {directory}/said >&2\nexit {code}\n")
        tool.chmod(0o755)
        return builds.run_tool([str(tool)], what="compiling demo", environment={}, progress=lambda line: None)

    return run


def interpreter(source: str | None) -> Try:
    def ask(directory: Path) -> object:
        if source is not None:
            (directory / "python").write_text(source)
            (directory / "python").chmod(0o755)
        return probe(directory / "python")

    return ask


def says_it_is(version: str, provider: base.Provider, kind: str = "cpython") -> Try:
    """Ask a backend for an interpreter that says it is something else."""

    def ask(directory: Path) -> object:
        told = (
            f'{{"executable": "python", "implementation": "{kind}", "version": "{version}", "level": "final", '
            f'"free_threaded": false, "extension_suffix": ".so"}}'
        )
        path = directory / "python"
        path.write_text(f"#!/bin/sh\necho '{told}'\n")
        path.chmod(0o755)
        return provider(base.Request(path, lambda line: None))

    return ask


ENVIRONMENTS: dict[str, Try] = {
    "no such tool": lambda directory: builds.run_tool(
        ["no-such-cargo"], what="compiling demo", environment={}, progress=lambda line: None
    ),
    "a compiler error": tool_says(
        '   Compiling demo v0.1.0\nerror[E0308]: mismatched types\n --> src/lib.rs:3:5\n  |\n3 |     "no"\n  |  ^^^^ '
        "expected `i64`, found `&str`\n\nerror: could not compile `demo` (lib) due to 1 previous error\n"
    ),
    "offline, without cached crates": tool_says(
        "error: failed to get `pyo3` as a dependency of package `demo v0.1.0`\n\nCaused by:\n  failed to query "
        "replaced source registry `crates-io`\n\nCaused by:\n  attempting to make an HTTP request, but --offline "
        "was specified\n"
    ),
    "offline, a package that is not there": tool_says(
        "error: no matching package named `pyo3` found\nlocation searched: crates.io index\nrequired by package `demo "
        "v0.1.0`\nAs a reminder, you're using offline mode (--offline) which can sometimes cause surprising "
        "resolution failures\n"
    ),
    "no network": tool_says(
        "error: failed to download `pyo3 v0.30.0`\n\nCaused by:\n  [6] Couldn't resolve host name (Could not resolve "
        "host: static.crates.io)\n"
    ),
    "no linker": tool_says("error: linker `cc` not found\n  |\n  = note: No such file or directory (os error 2)\n"),
    "an old Rust": tool_says(
        "error: rustc 1.70.0 is not supported by the following packages:\n  pyo3@0.30.0 requires rustc 1.83\n"
    ),
    "an old cargo": tool_says(
        "error: failed to parse manifest at `demo/Cargo.toml`\n\nCaused by:\n  feature `edition2024` is required\n"
    ),
    "a rustup without a default": tool_says(
        "error: rustup could not choose a version of cargo to run, because one wasn't specified explicitly, and no "
        "default is configured.\nhelp: run 'rustup default stable'\n"
    ),
    "a target without its library": tool_says("error[E0463]: can't find crate for `core`\n"),
    "a Python that is too new for PyO3": tool_says(
        "error: failed to run custom build command for `pyo3-ffi v0.20.0`\n--- stderr\n  error: the configured Python "
        "interpreter version (3.15) is newer than PyO3's maximum supported version (3.12)\n"
    ),
    "a Python that is too old for PyO3": tool_says(
        "error: the configured Python interpreter version (3.6) is lower than PyO3's minimum supported version (3.8)\n"
    ),
    "a PyO3 without abi3t": tool_says(
        "error: failed to select a version for `pyo3`.\n    ... required by package `demo v0.1.0`\nversions that meet "
        "the requirements `^0.25` are: 0.25.1\n\npackage `demo` depends on `pyo3` with feature `abi3t` but `pyo3` "
        "does not have that feature.\n"
    ),
    "a PyO3 that does not know the implementation": tool_says(
        "error: failed to run custom build command for `pyo3-ffi v0.25.1`\n--- stderr\n  error: failed to parse "
        "contents of PYO3_CONFIG_FILE\n  caused by:\n    - 0: unknown implementation: RustPython\n"
    ),
    "a crate without a library": tool_says("error: no library targets found in package `demo`\n"),
    "a maturin that is missing": tool_says("/usr/bin/python3: No module named maturin\n", 1),
    "a module of another name": tool_says(
        "Warning: Couldn't find the symbol `PyInit_demo` in the native library. Python will fail to import this "
        "module.\nmaturin failed\n",
        1,
    ),
    "a Cargo.lock that is behind": tool_says(
        "error: the lock file demo/Cargo.lock needs to be updated but --locked was passed to prevent this\n"
    ),
    "a full disk": tool_says("error: could not write output to libdemo.rmeta: No space left on device (os error 28)\n"),
    "a cache that is read-only": tool_says(
        "error: failed to open: /cache/target/.cargo-lock\n\nCaused by:\n  Permission denied (os error 13)\n"
    ),
    "a compiler that was killed": tool_says(
        "error: could not compile `syn`\n\n  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)"
    ),
    "a tool that only fails": tool_says("", 3),
    "an interpreter that is not there": interpreter(None),
    "an interpreter that is no program": interpreter("not a program"),
    "an interpreter that fails": interpreter("#!/bin/sh\nexit 3\n"),
    "an interpreter that says something else": interpreter("#!/bin/sh\necho hello\n"),
    "a reference that is another interpreter": says_it_is("3.11.0", cpython.provide, "pypy"),
    "a reference that is too old": says_it_is("3.8.0", cpython.provide),
    "a control that is too old": says_it_is("3.14.0", cpython_abi3t.provide),
    "a host that is not there": lambda directory: rustpython.provide(
        base.Request(directory / "rustpython", lambda line: None)
    ),
    "a host without its runtime": lambda directory: rustpython.provide(
        base.Request(_touched(directory / "rustpython"), lambda line: None)
    ),
    "a backend that nobody has": lambda directory: provide("pypy", base.Request(None, lambda line: None)),
}


def _touched(path: Path) -> Path:
    path.touch()
    return path


# --- commands --------------------------------------------------------------------------------------

COMMANDS: dict[str, tuple[str, ...]] = {
    "unknown command": ("chek",),
    "check without a file": ("check",),
    "check of a file that is not there": ("check", "gone.yaml"),
    "prepare of an unknown backend": ("prepare", "cpyton"),
    "schema of something else": ("schema", "replies"),
    "auto of nothing": ("auto", "nowhere"),
    "auto of a directory without a crate": ("auto", "."),
    "auto with a backend without a path": ("auto", ".", "--backend", "cpython"),
    "check-backend of an unknown backend": ("check-backend", "cpyton"),
    "check-backend with an interpreter that is not there": (
        *("check-backend", "cpython", "--backend"),
        "cpython=/nowhere/python",
    ),
    "check-backend with no time": ("check-backend", "cpython", "--timeout-s", "-1"),
}


@pytest.fixture(autouse=True)
def an_empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKEND_MATRIX_CACHE", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def told(inputs: dict[str, Try], work: Path) -> str:
    lines = []
    for number, (name, attempt) in enumerate(inputs.items()):
        directory = work / str(number)
        directory.mkdir()
        try:
            attempt(directory)
        except HarnessError as error:
            message = str(error).replace(str(directory), "HERE")
            lines.append(f"# {name}: exit code {error.exit_code}\n{_shown(message)}\n")
        else:
            pytest.fail(f"{name}: nothing is said")
    return "\n".join(lines)


def _shown(message: str) -> str:
    """Return a message as the golden file has it: long lines cut, and without what another machine says otherwise."""
    message = re.sub(r"there are [a-zA-Z0-9, -]*rustpython[a-zA-Z0-9, -]*", "there are [the backends]", message)
    # What others add to is listed where it is made.
    message = re.sub(r"there are backends, reference, .*", "there are [the settings]", message)
    message = re.sub(r"(unknown rule '[^']*': )there are [a-z, -]*", r"\1there are [the rules]", message)
    message = re.sub(r"exactly one of call, [a-z, ]*;", "exactly one of [the kinds];", message)
    # Python's own words, which are others in other versions.
    message = re.sub(r"(not an expression: )(?!nested)[^'\"\n]* in ", r"\1[...] in ", message)
    return "\n".join(line if len(line) <= 300 else line[:280] + f" [... {len(line)}]" for line in message.splitlines())


@pytest.mark.parametrize(
    ("group", "inputs"),
    [
        ("settings", SETTINGS),
        ("options", OPTIONS),
        ("case_files", CASE_FILES),
        ("crates", CRATES),
        ("environments", ENVIRONMENTS),
    ],
)
def test_each_is_refused_with_what_is_wrong_where_and_what_to_do(
    group: str, inputs: dict[str, Try], an_empty_cache: Path, golden: CheckGolden
) -> None:
    golden(f"bad_inputs/{group}.txt", told(inputs, an_empty_cache))


USAGE_ERROR = 2


def test_commands_say_the_same(an_empty_cache: Path, golden: CheckGolden) -> None:
    lines = []
    for name, arguments in COMMANDS.items():
        result = CliRunner().invoke(main, list(arguments), prog_name="backend-matrix")
        assert result.exit_code not in (0, 1), f"{name}: {result.output}"
        assert "Traceback" not in result.output
        # What click refuses it says in words of its own, which are others in each of its versions.
        refused = "(refused by click)" if result.exit_code == USAGE_ERROR else result.output
        output = refused.replace(str(an_empty_cache), "HERE")
        lines.append(f"# {' '.join(arguments)}: exit code {result.exit_code}\n{_shown(output)}\n")
    golden("bad_inputs/commands.txt", "\n".join(lines))


def test_there_are_many_of_them() -> None:
    assert sum(map(len, (SETTINGS, OPTIONS, CASE_FILES, CRATES, ENVIRONMENTS, COMMANDS))) > 100


def test_what_an_expression_may_cost_is_bounded(an_empty_cache: Path) -> None:
    # Counted in what is made, not in seconds: this machine may be busy.
    import tracemalloc

    tracemalloc.start()
    try:
        for name in ("a tower of powers", "a long text", "a long list in a list", "an alias bomb", "a long shift"):
            directory = an_empty_cache / name
            directory.mkdir()
            with pytest.raises(HarnessError):
                CASE_FILES[name](directory)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()
