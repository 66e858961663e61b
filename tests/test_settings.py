"""Settings: the table in pyproject.toml, the command line that wins, and what is said of nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SettingsError
from harness.rules import DEFAULT_RULES
from harness.settings import Overrides, Settings, read_settings


def read(root: Path, table: str = "", **overrides: object) -> Settings:
    (root / "pyproject.toml").write_text(f"[tool.backend-matrix]\n{table}\n", encoding="utf-8")
    return read_settings(root, Overrides(**overrides))  # type: ignore[arg-type]


def test_without_a_pyproject_the_defaults_hold(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, Overrides())
    assert settings == Settings(
        root=tmp_path,
        backends=("cpython", "rustpython"),
        reference="cpython",
        examples=None,
        cases=("cases/*.yaml",),
        extensions=(),
        timeout_s=10.0,
        results=tmp_path / "results",
        rules=frozenset(DEFAULT_RULES),
    )
    assert settings.others == ("rustpython",)


def test_a_pyproject_without_the_table_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert read_settings(tmp_path, Overrides()).examples is None


def test_every_setting_is_read(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        backends = ["rustpython", "cpython-abi3t"]
        reference = "cpython-abi3t"
        examples = 7
        cases = ["matrix/*.yml"]
        extensions = ["../elsewhere", "sub/crate"]
        timeout-s = 2.5
        results = "out"
        rules = ["stderr-ignored"]
        interpreters = {cpython = "~/python"}
        caller = "../crate:calls.apply"
        seed = 3
        """,
    )
    assert settings.backends == ("cpython-abi3t", "rustpython")
    assert settings.others == ("rustpython",)
    assert (settings.examples, settings.timeout_s, settings.results) == (7, 2.5, tmp_path / "out")
    assert settings.cases == ("matrix/*.yml",)
    assert settings.extensions == (tmp_path.parent / "elsewhere", tmp_path / "sub/crate")
    assert settings.rules == {"stderr-ignored"}
    assert settings.interpreters == {"cpython": Path.home() / "python"}
    assert settings.caller == ("../crate", "calls.apply")
    assert settings.seed == 3


def test_the_command_line_wins(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        'backends = ["rustpython"]\nexamples = 7\nresults = "out"\ninterpreters = {cpython = "/a"}',
        backends="cpython-abi3t, cpython",
        reference="cpython",
        examples=9,
        results="elsewhere",
        interpreters=("cpython=/b=c",),
        rebuild=True,
    )
    assert settings.backends == ("cpython", "cpython-abi3t")
    assert (settings.examples, settings.results) == (9, tmp_path / "elsewhere")
    assert settings.interpreters == {"cpython": Path("/b=c")}
    assert settings.rebuild


def test_the_reference_always_runs_and_comes_first(tmp_path: Path) -> None:
    assert read(tmp_path, backends="rustpython").backends == ("cpython", "rustpython")
    assert read(tmp_path, backends="rustpython,cpython").backends == ("cpython", "rustpython")
    assert read(tmp_path, backends="cpython,rustpython", reference="rustpython").others == ("cpython",)


def test_a_backend_whose_interpreter_is_named_takes_part(tmp_path: Path) -> None:
    settings = read(tmp_path, backends="rustpython", interpreters=("cpython-abi3t=/usr/bin/python3.15",))
    assert settings.backends == ("cpython", "rustpython", "cpython-abi3t")


@pytest.mark.parametrize(
    ("table", "overrides", "message"),
    [
        ("exampels = 5", {}, "PLACE: unknown setting 'exampels'; did you mean 'examples'?"),
        ("timeout_s = 5", {}, "PLACE: unknown setting 'timeout_s'; did you mean 'timeout-s'?"),
        (
            "x = 5",
            {},
            "PLACE: unknown setting 'x'; there are backends, reference, examples, cases, extensions, timeout-s, "
            "results, rules, interpreters",
        ),
        ('examples = "many"', {}, "PLACE: examples: must be a whole number, not text"),
        ("examples = 0", {}, "PLACE: the number of examples must be at least 1, not 0"),
        ("", {"examples": -1}, "--examples: the number of examples must be at least 1, not -1"),
        ("seed = -1", {}, "PLACE: seed must be at least 0, not -1"),
        ('seed = "any"', {}, "PLACE: seed: must be a whole number, not text"),
        ("timeout-s = 0", {}, "PLACE: timeout-s must be more than 0, not 0"),
        ('backends = "cpython"', {}, "PLACE: backends: must be a list, not text"),
        ("backends = []", {}, "only the reference 'cpython' is left; name another backend with --backends"),
        ("", {"backends": "cpython"}, "only the reference 'cpython' is left; name another backend with --backends"),
        ("", {"backends": " , "}, "--backends: name at least one, such as --backends cpython,rustpython"),
        (
            "",
            {"backends": "rustpyton"},
            "--backends: unknown backend 'rustpyton': there are cpython, cpython-VERSION, cpython-abi3t, rustpython; "
            "did you mean 'rustpython'?",
        ),
        (
            "",
            {"reference": "jython"},
            "--reference: unknown backend 'jython': there are cpython, cpython-VERSION, cpython-abi3t, rustpython",
        ),
        (
            "",
            {"interpreters": ("/usr/bin/python3",)},
            "--backend /usr/bin/python3: write NAME=PATH, such as --backend cpython=/usr/bin/python3.14",
        ),
        (
            "",
            {"interpreters": ("cpython=",)},
            "--backend cpython=: write NAME=PATH, such as --backend cpython=/usr/bin/python3.14",
        ),
        (
            "interpreters = {ruby = '/x'}",
            {},
            "PLACE: unknown backend 'ruby': there are cpython, cpython-VERSION, cpython-abi3t, rustpython",
        ),
        ("rules = ['nothing']", {}, "PLACE: unknown rule 'nothing': there are "),
        ("caller = 'apply'", {}, "PLACE: caller is EXTENSION:FUNCTION, such as my_crate:apply, not 'apply'"),
        (
            "caller = 'crate:do it'",
            {},
            "PLACE: caller is EXTENSION:FUNCTION, such as my_crate:apply, not 'crate:do it'",
        ),
        ("not toml", {}, "FILE: not TOML: Expected '=' after a key in a key/value pair (at line 2, column 5)"),
    ],
)
def test_nonsense_is_refused_with_its_place(
    tmp_path: Path, table: str, overrides: dict[str, object], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, table, **overrides)
    file = tmp_path / "pyproject.toml"
    expected = message.replace("PLACE", f"{file}: [tool.backend-matrix]").replace("FILE", str(file))
    assert str(caught.value).startswith(expected)
    assert caught.value.exit_code == 4


def test_a_pyproject_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    with pytest.raises(SettingsError, match="Is a directory"):
        read_settings(tmp_path, Overrides())
