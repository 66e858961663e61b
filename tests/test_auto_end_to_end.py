"""--auto and the fixture on real backends: a stranger's crate, and the same one as it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_end_to_end import CRATE, THIRD_PARTY, copy_crate, run_pytest

from harness.auto.sources import find_stubs
from harness.backends import cpython, cpython_abi3t
from harness.backends.base import Backend, Request
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


def stable_module(backend: Backend, suffix: str) -> Path:
    """Return the package around a module that a backend has installed; its file is for every interpreter of its ABI."""
    package = backend.build(read_extension(CRATE), progress=print).site / "geometry"
    assert list(package.glob(f"*{suffix}")), list(package.iterdir())
    return package


def test_an_installed_module_of_the_stable_abi_runs_on_every_cpython(tmp_path: Path) -> None:
    usable = [each for each in installed() if each.language_version >= cpython.OLDEST and not each.free_threaded]
    reference = cpython.nearest(usable)
    older = [each for each in usable if each.language_version < reference.language_version]
    if not older:
        pytest.skip(f"no CPython from 3.9 on that is older than {reference.version} is installed")
    # What is compiled for the older one is for every later one too.
    backend = cpython._backend("cpython-abi3", older[-1], Request(None, print), features=("pyo3/abi3",))
    done = run_pytest(
        *(f"--auto={stable_module(backend, '.abi3.so')}", "--backends=other-version", "-k", "language_version or area"),
        *(f"--backend=cpython={reference.executable}", "-q", "--hypothesis-seed=0", f"--matrix-results={tmp_path}"),
        "--strict-skew",
        cwd=tmp_path,
        PYTHONPATH=str(THIRD_PARTY),
    )
    found = items(tmp_path)
    assert found["area[other-version]"].verdict == "agree", done.stdout + done.stderr
    # It is the same file, so only what asks for the interpreter tells the two apart.
    assert found["geometry_native-language_version[other-version]"].verdict == "diverge"


def test_an_installed_module_of_the_later_stable_abi_runs_where_its_symbols_are(tmp_path: Path) -> None:
    able = [each for each in installed() if each.language_version >= cpython_abi3t.OLDEST and not each.free_threaded]
    if not able:
        pytest.skip("the later stable ABI needs CPython 3.15, which is not installed")
    module = stable_module(cpython_abi3t.provide(Request(None, print)), ".abi3t.so")
    done = run_pytest(
        *(f"--auto={module}", f"--backend=cpython={able[0].executable}", "--backends=cpython-abi3t,rustpython"),
        *("-k", "area", "-q", "-rs", "--hypothesis-seed=0", f"--matrix-results={tmp_path}"),
        cwd=tmp_path,
    )
    found = items(tmp_path)
    assert found["area[cpython-abi3t]"].verdict == "agree", done.stdout + done.stderr
    assert found["area[rustpython]"].verdict == "unsupported"
    assert "rustpython lacks PyList_Type" in done.stdout


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
