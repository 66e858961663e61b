"""--auto and the fixture on real backends: a stranger's crate, and the same one as it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_end_to_end import CRATE, THIRD_PARTY, copy_crate, run_pytest

from harness.auto.sources import find_stubs
from harness.backends import cpython, cpython_abi3t
from harness.backends.base import Request
from harness.backends.interpreters import installed
from harness.eventlog import ItemEvent, read_events
from harness.extensions import read_extension


def items(results: Path) -> dict[str, ItemEvent]:
    found = [each for each in read_events(results / "events.jsonl") if isinstance(each, ItemEvent)]
    return {each.item.partition("::")[2]: each for each in found}


def test_a_stranger_s_crate_is_examined_without_a_case(tmp_path: Path) -> None:
    done = run_pytest(f"--auto={CRATE}", "-q", "--hypothesis-seed=0", f"--matrix-results={tmp_path}", cwd=tmp_path)
    found = items(tmp_path)
    functions = ("area", "interpreter_name", "language_version", "scale_all")
    assert {f"{each}[rustpython]" for each in functions} <= set(found), done.stdout + done.stderr
    # What a native function raises lacks the context of what its caller handles; nothing else differs.
    others = [each for name in ("area", "scale_all") for each in found[f"{name}[rustpython]"].findings]
    assert all(each.place.endswith(("an except block", "a finally block")) for each in others), others
    assert "interpreter_name()" in {each.text for each in found["interpreter_name[rustpython]"].findings}
    for name in ("area", "scale_all"):
        event = found[f"{name}[rustpython]"]
        assert 0.6 < event.past_checks / event.calls < 1


def test_an_installed_module_runs_where_it_can_be_imported(tmp_path: Path) -> None:
    backend = cpython.provide(Request(None, print))
    site = backend.build(read_extension(CRATE), progress=print).site
    done = run_pytest(
        *(f"--auto={site / 'geometry'}", "--backends=again,rustpython", "-q", "-rs", f"--matrix-results={tmp_path}"),
        cwd=tmp_path,
        PYTHONPATH=str(THIRD_PARTY),
    )
    found = items(tmp_path)
    assert found["area[again]"].verdict == "agree", done.stdout + done.stderr
    assert found["area[rustpython]"].verdict == "unsupported"
    assert "give --auto the crate's directory for that" in done.stdout


def stable(kind: str) -> tuple[Path, list[str]]:
    """Return where an installed module of a stable ABI lies, and the options that run it on two interpreters."""
    usable = [each for each in installed() if each.language_version >= cpython.OLDEST and not each.free_threaded]
    reference = cpython.nearest(usable)
    if kind == "abi3t":
        if not any(each.language_version >= cpython_abi3t.OLDEST for each in installed()):
            pytest.skip("the stable ABI that RustPython has needs CPython 3.15, which is not installed")
        backend, options = cpython_abi3t.provide(Request(None, print)), ["--reference=cpython-abi3t"]
        options.append("--backends=rustpython")
    else:
        older = [each for each in usable if each.language_version < reference.language_version]
        if not older:
            pytest.skip(f"no CPython from 3.9 on that is older than {reference.version} is installed")
        # What is compiled for the older one is for every later one too.
        backend = cpython._backend("cpython-abi3", older[-1], Request(None, print), features=("pyo3/abi3",))
        options = [f"--backend=cpython={reference.executable}", "--backends=other-version"]
    return backend.build(read_extension(CRATE), progress=print).site / "geometry", options


@pytest.mark.parametrize(("kind", "other"), [("abi3", "other-version"), ("abi3t", "rustpython")])
def test_an_installed_module_of_a_stable_abi_runs_on_every_interpreter_that_has_it(
    tmp_path: Path, kind: str, other: str
) -> None:
    module, options = stable(kind)
    assert [each.name for each in module.glob(f"*.{kind}.so")], list(module.iterdir())
    done = run_pytest(
        *(f"--auto={module}", *options, "-q", "--hypothesis-seed=0", f"--matrix-results={tmp_path}"),
        *("-k", "area or version or name"),
        cwd=tmp_path,
        PYTHONPATH=str(THIRD_PARTY),
    )
    found = items(tmp_path)
    assert found[f"area[{other}]"].past_checks > 0, done.stdout + done.stderr
    # It is the same file, so only what asks for the interpreter tells the two apart.
    told = [found[f"{name}[{other}]"].verdict for name in ("interpreter_name", "language_version")]
    expected = {"abi3": ["agree", "diverge"], "abi3t": ["diverge", "diverge"]}[kind]
    assert told == expected, done.stdout + done.stderr


def test_stubs_are_made_where_a_crate_describes_its_types(tmp_path: Path) -> None:
    copy_crate(tmp_path / "geometry")
    manifest = tmp_path / "geometry" / "Cargo.toml"
    told = 'pyo3 = { version = "0.30.1", features = ["experimental-inspect"] }'
    manifest.write_text(manifest.read_text().replace('pyo3 = "0.30.1"', told))
    extension = read_extension(manifest.parent)
    built = cpython.provide(Request(None, print)).build(extension, progress=print)
    stubs = find_stubs(extension, built.site)
    assert [each.name for each in stubs.parameters("area") or ()] == ["width", "height"]
    assert {name: kind.expression for name, kind in stubs.hints("scale_all", {}).items()} == {
        "lengths": "lists(any_int(), max_size=6)",
        "factor": "any_int()",
    }


TESTS = """
from hypothesis import given, strategies as st

@given(st.lists(st.integers(), max_size=5), st.integers())
def test_scale(matrix, lengths, factor):
    matrix.call({crate!r}, "scale_all", lengths, factor)

def test_name(matrix):
    matrix.call({crate!r}, "interpreter_name")
"""


def test_the_fixture_works_on_real_backends(tmp_path: Path) -> None:
    (tmp_path / "test_geometry.py").write_text(TESTS.format(crate=str(CRATE)))
    done = run_pytest("test_geometry.py", "-q", "--hypothesis-seed=0", "--matrix-results=results", cwd=tmp_path)
    verdicts = {name: each.verdict for name, each in items(tmp_path / "results").items()}
    expected = {"test_scale[rustpython]": "agree", "test_name[rustpython]": "diverge"}
    assert verdicts == expected, done.stdout + done.stderr
