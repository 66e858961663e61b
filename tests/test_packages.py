"""Published packages: their own suites on every backend say what `docs/packages.md` says."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from published import pins, report, suites

from harness.backends import DEFAULT_BACKENDS, Request, provide
from harness.backends.base import Backend
from harness.builds import Built
from harness.process import WorkerCommand

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "packages.md"
MANIFEST = '[package]\nname = "fake"\n[lib]\ncrate-type = ["cdylib"]\n[dependencies]\npyo3 = "0.30"\n'
ALWAYS = [package for package in pins.read_packages() if package.always]


def progress(line: str) -> None:
    print(line, file=sys.stderr)


@cache
def backends() -> list[Backend]:
    return [provide(name, Request(None, progress)) for name in DEFAULT_BACKENDS]


# --- the real ones ---------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ALWAYS, ids=lambda package: package.name)
def test_the_suites_of_published_packages_say_what_the_page_says(package: pins.Package) -> None:
    try:
        tools, fetched = pins.tools(package, progress), pins.fetch(package, progress)
    except pins.DownloadError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    told = report.verdicts_on(PAGE.read_text(encoding="utf-8"))[package.name]
    for backend in backends():
        seen = suites.run_suite(fetched, backend, tools, progress)
        assert not seen.broken
        assert seen.verdicts() == {test: verdicts[backend.name] for test, verdicts in told.items()}, backend.name


def test_the_page_knows_the_pinned_packages_and_no_test_fails_on_one_interpreter_alone() -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = report.verdicts_on(text)
    for package in ALWAYS:
        assert f"## {package.name} {package.version}\n" in text, "python docs/make_packages_table.py"
        for test, verdicts in told[package.name].items():
            reference, *others = (verdicts[name] for name in DEFAULT_BACKENDS)
            # Some tests say themselves that they are about the reference alone.
            assert reference != "passed" or set(others) <= {"passed", "skipped"}, test
    assert {name: len(told[name]) for name in ("rpds-py", "blake3", "jiter")} == {
        "rpds-py": 132,
        "blake3": 28,
        "jiter": 35,
    }


# --- one suite, on a fake backend ------------------------------------------------------------------

RunFake = Callable[..., suites.Suite]


@pytest.fixture
def run_fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFake:
    """Run the text of a test file as the suite of a package that needs no compiler."""
    monkeypatch.setenv("BACKEND_MATRIX_CACHE", str(tmp_path / "cache"))

    def run(source: str, **options: object) -> suites.Suite:
        directory = tmp_path / "unpacked"
        directory.mkdir(exist_ok=True)
        (directory / "Cargo.toml").write_text(MANIFEST)
        (directory / "test_it.py").write_text(source)
        (tmp_path / "site").mkdir(exist_ok=True)
        backend = Backend(
            name="fake",
            description="a fake",
            language_version=sys.version_info[:2],
            command=WorkerCommand((sys.executable,)),
            compile=lambda extension, _progress, _rebuild: Built(
                extension, tmp_path / "site", tmp_path, source, frozenset()
            ),
        )
        package = pins.Package("fake", "1", "0", **{"suite": ["test_it.py"], **options})  # type: ignore[arg-type]
        return suites.run_suite(pins.Fetched(package, directory), backend, tmp_path / "site", progress)

    return run


def test_each_test_has_its_verdict_and_reason(run_fake: RunFake) -> None:
    suite = run_fake(
        "import pytest\n"
        "def test_a(): pass\n"
        "def test_b(): assert 1 == 2\n"
        "def test_c(): pytest.skip('no')\n"
        "@pytest.mark.xfail\ndef test_d(): assert 0\n"
        "@pytest.fixture\ndef bad():\n    yield 1\n    raise ValueError('late')\n"
        "def test_e(bad): pass\n"
    )
    verdicts = {name.removeprefix("test_it.py::"): verdict for name, verdict in suite.verdicts().items()}
    assert verdicts == {
        "test_a": "passed",
        "test_b": "failed",
        "test_c": "skipped",
        "test_d": "xfailed",
        "test_e": "failed",
    }
    assert [test.message for test in suite.tests] == [
        "",
        "assert 1 == 2",
        "Skipped: no",
        suite.tests[3].message,
        "ValueError: late",
    ]


def test_a_death_is_charged_to_its_test_and_the_others_are_run(run_fake: RunFake) -> None:
    suite = run_fake("import os\ndef test_a(): pass\ndef test_b(): os.abort()\ndef test_c(): pass\n")
    assert list(suite.verdicts().values()) == ["passed", "crashed", "passed"]
    assert suite.tests[1].message == "exit status -6"


def test_a_hang_is_charged_to_its_test(run_fake: RunFake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "SILENCE_TIMEOUT_S", 3.0)
    suite = run_fake("import time\ndef test_a(): time.sleep(1000)\ndef test_b(): pass\n")
    assert sorted(suite.verdicts().items()) == [("test_it.py::test_a", "hung"), ("test_it.py::test_b", "passed")]


def test_a_file_that_cannot_be_collected_is_told(run_fake: RunFake) -> None:
    with pytest.raises(suites.SuiteError, match="No module named 'no_such_module'"):
        run_fake("import no_such_module\n")


def test_what_needs_a_stand_in_is_skipped_and_says_so(run_fake: RunFake) -> None:
    suite = run_fake(
        "import numpy\ndef test_a(): assert numpy.__name__\ndef test_b(): numpy.array([1])\n", stand_ins=["numpy"]
    )
    assert list(suite.verdicts().values()) == ["passed", "skipped"]
    assert suite.tests[1].message == "Skipped: needs numpy.array, and a stand-in is installed"


def test_a_package_without_a_suite_is_imported(run_fake: RunFake, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir(exist_ok=True)
    (tmp_path / "site" / "fake.py").write_text("")
    assert run_fake("", suite=[]).verdicts() == {"test_import.py::test_import": "passed"}
    (tmp_path / "site" / "fake.py").write_text("raise ImportError('no')")
    assert run_fake("# other inputs", suite=[]).tests[0].message == "ImportError: no"


def test_the_package_that_is_tested_is_the_built_one(run_fake: RunFake, tmp_path: Path) -> None:
    (tmp_path / "site" / "fake").mkdir(parents=True)
    (tmp_path / "site" / "fake" / "__init__.py").write_text("built = True")
    (tmp_path / "unpacked" / "fake").mkdir(parents=True)
    (tmp_path / "unpacked" / "fake" / "__init__.py").write_text("built = False")
    assert list(run_fake("import fake\ndef test_a(): assert fake.built\n").verdicts().values()) == ["passed"]


def test_a_second_run_is_taken_from_the_cache(run_fake: RunFake, tmp_path: Path) -> None:
    source = f"def test_a():\n    open({str(tmp_path / 'times')!r}, 'a').write('x')\n"
    assert run_fake(source) == run_fake(source)
    assert (tmp_path / "times").read_text() == "x"
    run_fake(source + "\n")
    assert (tmp_path / "times").read_text() == "xx"


def test_of_several_verdicts_the_worst_counts() -> None:
    lines = [
        json.dumps({"kind": kind, "test": test, "message": kind})
        for kind, test in [
            ("started", "a"),
            ("passed", "a"),
            ("failed", "a"),
            ("passed", "a"),
            ("finished", "a"),
            ("started", "b"),
            ("passed", "b"),
        ]
    ]
    assert suites.read_record(lines) == ([suites.Test("a", "failed", "failed")], ["b"])


# --- what is pinned --------------------------------------------------------------------------------


def test_a_file_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_MATRIX_CACHE", str(tmp_path))

    def download(_requirement: str, _name: str, to: Path) -> Path:
        (to / "fake-1.tar.gz").write_bytes(b"other")
        return to / "fake-1.tar.gz"

    monkeypatch.setattr(pins, "download", download)
    with pytest.raises(pins.DownloadError, match=r"fake-1\.tar\.gz: has the hash d9298a10d1b0.*, not 0123"):
        pins.fetch(pins.Package("fake", "1", "0123"), progress)
    assert not list((tmp_path / "published").iterdir())


def test_what_a_suite_needs_is_pinned() -> None:
    for package in pins.read_packages():
        assert pins.requirements(package.needs).count("--hash=sha256:") == len(package.needs)
    with pytest.raises(pins.DownloadError, match=r"nothing is not in .*requirements\.txt: there are anyio, "):
        pins.requirements(["nothing"])


def test_a_refresh_writes_version_and_hash_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(_requirement: str, name: str, to: Path) -> Path:
        (to / f"{name}-2.5.tar.gz").write_bytes(b"new")
        return to / f"{name}-2.5.tar.gz"

    monkeypatch.setattr(pins, "download", download)
    text = pins.TABLE.read_text(encoding="utf-8")
    lines = list(zip(text.splitlines(), pins.refreshed(text, progress).splitlines(), strict=True))
    changed = {new for old, new in lines if old != new}
    assert changed == {'version = "2.5"', f'sha256 = "{pins.hashlib.sha256(b"new").hexdigest()}"'}


def test_the_version_of_pyo3_is_the_locked_one_or_the_one_asked_for(tmp_path: Path) -> None:
    fetched = pins.Fetched(ALWAYS[0], tmp_path)
    assert pins.pyo3_version(fetched) == ()
    (tmp_path / "Cargo.toml").write_text('[dependencies]\npyo3 = { version = "^0.29.1" }\n')
    assert pins.pyo3_version(fetched) == (0, 29, 1)
    (tmp_path / "Cargo.lock").write_text('[[package]]\nname = "pyo3"\nversion = "0.30.1"\n')
    assert pins.pyo3_version(fetched) == (0, 30, 1)


VERSIONS = {"one": "3.14.1", "other": "0.6.0"}

# --- the page --------------------------------------------------------------------------------------


def test_a_page_is_read_as_it_was_written() -> None:
    package = pins.Package("p", "1.0", "0", suite=["tests"], always=True)
    names = ["tests/a.py::test_x[1|2]", "tests/a.py::test_y"]
    one = suites.Suite([suites.Test(name, "passed") for name in names])
    other = suites.Suite([suites.Test(names[0], "failed", "a | b\nc")])
    outcomes = [
        report.Outcome(package, "0.30.1", {"one": one, "other": other}),
        report.Outcome(pins.Package("q", "2", "0"), "0.28", refused={"all": "its PyO3 is older than 0.29"}),
    ]
    page = report.render(outcomes, ["one", "other"], VERSIONS)
    assert report.verdicts_on(page) == {
        "p": {names[0]: {"one": "passed", "other": "failed"}, names[1]: {"one": "passed", "other": "absent"}}
    }
    assert "Run with one 3.14.1, other 0.6.0, and pytest 9." in page
    assert "| p* | 1.0 | 0.30.1 | 2 | 2 passed | 1 failed |  |" in page
    assert "| q | 2 | 0.28 |  | not run | not run | its PyO3 is older than 0.29 |" in page
    assert "| `tests/a.py::test_x[1\\|2]` | passed | failed | a \\| b c |" in page


def test_of_a_package_that_is_run_by_the_tool_only_what_does_not_pass_is_listed() -> None:
    package = pins.Package("p", "1.0", "0", suite=["tests"])
    one = suites.Suite([suites.Test("a", "passed"), suites.Test("b", "passed")])
    other = suites.Suite([suites.Test("a", "passed"), suites.Test("b", "failed", "why")])
    page = report.render([report.Outcome(package, "0.30.1", {"one": one, "other": other})], ["one", "other"], VERSIONS)
    assert report.verdicts_on(page) == {"p": {"b": {"one": "passed", "other": "failed"}}}
    assert page.endswith("| `b` | passed | failed | why |\n\nThe other 1 tests pass.\n")
