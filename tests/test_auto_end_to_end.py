"""--auto and the fixture on real backends: a stranger's crate, and the same one as it is installed."""

from __future__ import annotations

from pathlib import Path

from test_end_to_end import CRATE, THIRD_PARTY, run_pytest

from harness.backends import cpython
from harness.backends.base import Request
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
