"""Who is blamed for a finding in a run, by fake voters: the text, the event log, and what it costs."""

from __future__ import annotations

import pytest
from test_plugin import Project, project, text_of

from harness.eventlog import BlameRecord

__all__ = ["project"]

PYPROJECT = '[tool.backend-matrix]\nreference = "court"\nbackends = ["accused"]\nexamples = 60\nsurface = false\n'
NUMBER = "'integers(-10000, 10000)'"


class Court:
    """A project whose reference has voters."""

    def __init__(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project = project
        self.monkeypatch = monkeypatch
        project.configure(PYPROJECT)
        project.cases(differ=f"args: [{NUMBER}]")

    def run(self, voters: str, *arguments: str) -> list[str]:
        """Run with these voters; return the lines on blame, and those that follow them."""
        self.monkeypatch.setenv("FAKE_VOTERS", voters)
        lines = text_of(self.project.run(*arguments)).split("\n")
        first = next((index for index, line in enumerate(lines) if line.startswith("Blame:")), len(lines))
        return [line for line in lines[first : lines.index("", first)] if line] if first < len(lines) else []

    @property
    def record(self) -> BlameRecord:
        [item] = self.project.items().values()
        [finding] = item.findings
        assert finding.blame is not None
        return finding.blame


@pytest.fixture
def court(project: Project, monkeypatch: pytest.MonkeyPatch) -> Court:
    return Court(project, monkeypatch)


IMPORTS = "  functions of the host that the extension imports: PyList_New, PyType_FromSpec"


def test_without_a_control_it_cannot_be_told(court: Court) -> None:
    assert court.run("")[0] == ("Blame: cannot tell: no control here (stable; limited API; Beta; Beta's host)")


def test_a_control_that_does_as_the_reference_clears_what_it_shares_with_the_other(court: Court) -> None:
    assert court.run("control=alpha") == [
        "Blame: interpreter or host (Beta; Beta's host)",
        "  control  does as court",
        IMPORTS,
    ]
    record = court.record
    assert (record.word, record.suspects) == ("interpreter or host", ("interpreter: Beta", "host: Beta's host"))
    assert [(vote.backend, vote.side, vote.text) for vote in record.votes] == [("control", "reference", "returned 100")]
    assert record.touched == ("PyList_New", "PyType_FromSpec")
    properties = {
        each.get("name"): each.get("value") for each in court.project.junit()["differ[accused]"].iter("property")
    }
    assert properties["blame.type at differ()"] == "interpreter or host"


def test_a_control_that_does_as_the_other_and_a_version_that_does_not_leave_the_abi(court: Court) -> None:
    assert court.run("control=beta newer=alpha", "--blame=all") == [
        "Blame: ABI or binding (stable; limited API)",
        "  control  does as accused",
        "  newer    does as court",
    ]


def test_another_version_that_does_as_the_other_is_skew(court: Court) -> None:
    assert court.run("control=alpha older=beta", "--blame=all")[0] == "Blame: skew (as Python 3.13)"


def test_only_the_most_telling_voter_is_compiled_for_unless_all_are_wanted(court: Court) -> None:
    assert court.run("control=alpha newer=alpha older=alpha")[1:4] == [
        "  control  does as court",
        "  not asked: newer, older: the extension is not compiled for it yet; --blame=all",
        "      does that",
    ]
    before = len(court.project.did)
    assert court.run("control=alpha newer=alpha older=alpha", "--blame=all")[1:4] == [
        "  control  does as court",
        "  newer    does as court",
        "  older    does as court",
    ]
    assert len(court.project.did) > before


def test_a_voter_that_cannot_start_is_not_asked_and_says_why(court: Court) -> None:
    assert court.run("control=unstartable")[:3] == [
        "Blame: cannot tell: no control here (stable; limited API; Beta; Beta's host)",
        "  not asked: control: control: cannot start /nowhere/python: No such file or",
        "      directory",
    ]


def test_nobody_is_asked_where_nothing_is_found_or_nobody_is_to_be(court: Court) -> None:
    assert court.run("control=alpha", "--blame=none") == []
    court.project.cases(agree="args: ['anything()']")
    court.project.path.joinpath("did.txt").unlink()
    assert court.run("control=alpha") == []
    assert [line for line in court.project.did if line.startswith("provided")] == ["provided alpha", "provided beta"]


def test_what_is_flaky_is_nobodys_but_its_backends(court: Court) -> None:
    court.project.cases(vary="call: vary")
    assert court.run("control=alpha") == []


def test_a_backend_of_the_same_run_votes_too(court: Court) -> None:
    court.project.configure(PYPROJECT.replace('"accused"', '"accused", "alpha"'))
    lines = court.run("", "-k", "accused")
    assert "  alpha  does as court" in lines


def test_a_test_in_python_is_told_who_is_to_blame(court: Court) -> None:
    path = court.project.path / "test_it.py"
    path.write_text("def test_it(matrix):\n    matrix.call('sample', 'differ', 200)\n")
    court.monkeypatch.setenv("FAKE_VOTERS", "control=alpha")
    court.project.run(str(path), "-p", "no:randomly")
    assert court.record.word == "interpreter or host"


# --- what of the host the program calls ------------------------------------------------------------

WATCHED = PYPROJECT.replace('"accused"', '"watched"')
CALLED = "  functions of the host that the program calls:"


def watched(court: Court, **cases: str) -> list[str]:
    """Run with a control that does as the reference; return what is said after its vote, and the suspects."""
    court.project.configure(WATCHED)
    court.project.cases(**cases)
    suspects, _, *lines = court.run("control=alpha")
    return [suspects, *lines]


def test_a_program_that_calls_nothing_of_the_host_clears_it(court: Court) -> None:
    assert watched(court, differ=f"args: [{NUMBER}]") == [
        "Blame: interpreter (Beta)",
        f"{CALLED} none, which clears the host",
    ]
    assert (court.record.called, court.record.touched, court.record.while_imported) == (True, (), ())


def test_functions_that_the_program_calls_are_named_if_they_are_the_hosts(court: Court) -> None:
    assert watched(court, differ_by_the_host=f"args: [{NUMBER}]") == [
        "Blame: interpreter or host (Beta; Beta's host)",
        f"{CALLED} PyList_New",
    ]
    assert (court.record.called, court.record.touched) == (True, ("PyList_New",))


def test_a_host_that_does_something_by_itself_is_not_cleared(court: Court) -> None:
    assert watched(court, differ_by_itself=f"args: [{NUMBER}]") == [
        "Blame: interpreter or host (Beta; Beta's host)",
        f"{CALLED} none",
        "  the host does more for it than it is called for: it deals with a class, or",
        "      imports",
    ]
    assert court.record.by_itself


@pytest.mark.parametrize("case", ["Made", "hand_out"])
def test_a_class_was_made_when_the_extension_was_imported(court: Court, case: str) -> None:
    assert watched(court, **{case: ""}) == [
        "Blame: interpreter or host (Beta; Beta's host)",
        f"{CALLED} none",
        "  functions of the host that made what it looks at: PyType_FromSpec",
    ]


def test_a_program_that_does_otherwise_when_it_is_watched_leaves_the_imports(court: Court) -> None:
    assert watched(court, differ_unwatched=f"args: [{NUMBER}]") == [
        "Blame: interpreter or host (Beta; Beta's host)",
        "  functions of the host that the extension imports: PyList_New, PyType_FromSpec",
        "      (the program was not watched: it did something else when it was)",
    ]


def test_a_backend_that_takes_no_notes_leaves_the_imports(court: Court) -> None:
    court.monkeypatch.setenv("FAKE_NOTES", "none")
    assert watched(court, differ=f"args: [{NUMBER}]")[1:] == [
        "  functions of the host that the extension imports: PyList_New, PyType_FromSpec",
        "      (the program was not watched: its interpreter did not note what is called)",
    ]
