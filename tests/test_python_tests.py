"""The fixture ``matrix`` as a user sees it, on backends that need no compiler."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable

import pytest
from test_plugin import FAKES, PYPROJECT, Project, project, text_of  # noqa: F401

from harness.eventlog import BackendEvent, Footer, Header
from harness.fixture.recording import Recording
from harness.program import Step
from harness.values import Result

CheckGolden = Callable[[str, str], None]

BEGIN = """
import pytest
from hypothesis import example, given, settings, strategies as st
"""


@pytest.fixture
def python(project: Project) -> Project:  # noqa: F811
    """A project with a crate and no case file."""
    shutil.copytree(FAKES / "automatic", project.path / "extensions/sampling")
    return project


def write(project: Project, body: str) -> None:  # noqa: F811
    (project.path / "test_numbers.py").write_text(BEGIN + body, encoding="utf-8")


def verdicts(project: Project) -> dict[str, str]:  # noqa: F811
    return {name.partition("::")[2]: event.verdict for name, event in project.items().items()}


# --- plain calls -----------------------------------------------------------------------------------

GIVEN = """
@given(st.integers())
def test_byte(matrix, value):
    matrix.call("sampling", "byte", value)
"""
JOIN = """
@given(st.integers(0, 20))
def test_join(matrix, value):
    matrix.call("sampling", "join", ["a"] * value, ",")
"""


def test_a_test_of_hypothesis_needs_no_suppression_and_agrees(python: Project) -> None:
    write(python, GIVEN.replace("st.integers()", "st.integers(-500, 76)"))
    result = python.run("test_numbers.py", "-W", "error")
    result.assert_outcomes(passed=1)
    assert verdicts(python) == {"test_byte[beta]": "agree"}
    (event,) = python.items().values()
    assert event.examples >= 60
    assert event.case == "test_byte"


def test_a_divergence_fails_the_test_and_is_shrunk(python: Project) -> None:
    write(python, JOIN)
    result = python.run("test_numbers.py", "--hypothesis-seed=2")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*beta does not do what alpha does: value differs",
            "*  > join(?'a', 'a', 'a', 'a'?, ',')",
            "*  alpha  returned 'a,a,a,a'",
            "*value=4,*",
            "*- backend matrix -*",
            "@pytest.mark.known_divergence(backend='beta', kind='value', place='join()', reason=...)",
            "Run it again:  pytest --backend-matrix --backends=beta --hypothesis-seed=2 --reference=alpha *",
        ],
        consecutive=False,
    )
    (event,) = python.items().values()
    assert (event.verdict, event.outcome) == ("diverge", "failed")
    assert event.findings[0].text == "join(['a', 'a', 'a', 'a'], ',')"


def test_the_event_log_and_junit_are_as_those_of_cases(python: Project) -> None:
    write(python, "def test_third(matrix):\n    for _ in range(2):\n        matrix.call('sampling', 'third')\n")
    python.run("test_numbers.py").assert_outcomes(passed=1)
    kinds = [type(each) for each in python.events()]
    assert kinds[0] is Header
    assert kinds[-1] is Footer
    assert kinds.count(BackendEvent) == 2
    properties = {each.get("name"): each.get("value") for each in python.junit()["test_third[beta]"].iter("property")}
    assert properties["backend"] == "beta"
    assert properties["verdict"] == "agree"
    assert properties["version.alpha"] == "Fake alpha 1.0"


def test_the_command_that_is_told_runs_the_test_again(python: Project) -> None:
    write(python, JOIN)
    told = re.search(r"Run it again:  pytest --backend-matrix (.+)", text_of(python.run("test_numbers.py")))
    assert told
    (first,) = python.items().values()
    shutil.rmtree(python.path / ".hypothesis", ignore_errors=True)
    python.run(*shlex.split(told[1])).assert_outcomes(failed=1)
    (again,) = python.items().values()
    assert again.findings == first.findings


def test_the_number_of_examples_is_the_command_line_s(python: Project) -> None:
    write(python, GIVEN.replace("st.integers()", "st.integers(-500, 76)"))
    python.run("test_numbers.py", "--examples=7")
    (event,) = python.items().values()
    assert event.examples == 7


def test_without_the_option_the_test_is_skipped_with_a_reason(python: Project) -> None:
    write(python, GIVEN)
    result = python.pytester.runpytest_inprocess("-rs", "-p", "no:cacheprovider")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * runs with pytest --backend-matrix"])


def test_each_backend_has_an_item_and_one_that_lacks_functions_is_skipped(python: Project) -> None:
    python.configure(PYPROJECT.replace('["beta"]', '["beta", "lacking"]'))
    write(python, GIVEN.replace("st.integers()", "st.integers(-500, 76)"))
    result = python.run("test_numbers.py", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    assert verdicts(python) == {"test_byte[beta]": "agree", "test_byte[lacking]": "unsupported"}
    result.stdout.fnmatch_lines(["SKIPPED * unsupported: lacking lacks PyObject_GetBuffer, PyType_FromSpec"])


def test_files_that_the_settings_name_are_run_beside_case_files(python: Project) -> None:
    python.configure(PYPROJECT + 'cases = ["cases/*.yaml", "test_*.py"]\n')
    python.cases(agree="args: ['none()']")
    write(python, GIVEN.replace("st.integers()", "st.integers(-500, 76)"))
    python.run().assert_outcomes(passed=2)
    assert set(python.items()) == {"cases/sample.yaml::agree[beta]", "test_numbers.py::test_byte[beta]"}


def test_under_xdist_it_is_the_same(python: Project) -> None:
    write(python, GIVEN + GIVEN.replace("test_byte", "test_more").replace("st.integers()", "st.just(77)"))
    result = python.run_outside("test_numbers.py", "-n", "2", "-k", "more or byte")
    assert result.ret == 1
    assert verdicts(python)["test_more[beta]"] == "diverge"
    assert any(isinstance(each, BackendEvent) for each in python.events())


def test_an_assertion_of_the_test_s_own_is_no_divergence(python: Project) -> None:
    write(python, "def test_own(matrix):\n    assert matrix.call('sampling', 'byte', 5) == 6\n")
    python.run("test_numbers.py").assert_outcomes(failed=1)
    assert verdicts(python) == {"test_own[beta]": "broken"}


def test_two_divergences_of_one_test_are_both_told(python: Project) -> None:
    write(
        python,
        """
@given(st.one_of(st.just(77), st.just("2024-02-29")))
def test_two(matrix, value):
    matrix.call("sampling", "byte" if isinstance(value, int) else "date", value)
""",
    )
    python.run("test_numbers.py").assert_outcomes(failed=1)
    (event,) = python.items().values()
    assert {each.text for each in event.findings} == {"byte(77)", "date('2024-02-29')"}


# --- what comes back -------------------------------------------------------------------------------

ANSWERS = """
from harness.fixture.answers import ExtensionError

def test_values(matrix):
    assert matrix.call("sampling", "byte", 5) == 5
    assert matrix.call("sampling", "join", ["a", "b"], "-", last=None) == "a-b"
    raised = matrix.call("sampling", "byte", "x")
    assert type(raised) is TypeError and raised.args == ("argument 'value': 'str' object cannot be converted",)
    with pytest.raises(OverflowError, match="out of range"):
        matrix.raising.call("sampling", "byte", 256)
    own = matrix.call("sampling", "Mistake", 1)
    assert "Mistake" in repr(own)

def test_objects(matrix):
    account = matrix.call("sampling", "Account", "me")
    assert repr(account) == str(account) == "<sampling.Account r0>"
    assert account.deposit(3) == 3
    assert account.deposit(amount=4) == 7
    assert isinstance(account.deposit("x"), TypeError)
    assert account.balance == 7
    account.owner = "you"
    assert account.owner == "you"
    del account.owner
    assert isinstance(account.owner, AttributeError)
    assert len(account) == 2
    other = matrix.call("sampling", "Account", "other")
    other.deposit(1)
    assert account.merge(other) == 6
    both = account + other
    assert both.balance == 8
    assert matrix.builtin("repr", both) == "Account('both', 8)"
    assert (account == other) is False and bool(account) is True
    with pytest.raises(TypeError):
        int(account)

def test_handles_of_plain_values(matrix):
    text = matrix.make("sampling", "join", ["a", "b", "c"], "-")
    assert text.upper() == "A-B-C"
    assert text[2] == "b" and "a" in text and len(text) == 5
    assert list(text) == list("a-b-c")
    assert text + "!" == "a-b-c!" and matrix.operator("add", "<", text) == "<a-b-c"
    assert matrix.iterate(text, 2) == ["a", "-"]
    assert hash(text) == matrix.builtin("hash", text)
    matrix.forget(text)
"""


def test_answers_are_those_of_the_reference(python: Project) -> None:
    write(python, ANSWERS)
    result = python.run("test_numbers.py")
    result.assert_outcomes(passed=3)
    assert set(verdicts(python).values()) == {"agree"}


def test_a_divergence_of_an_object_tells_the_program_that_led_to_it(python: Project) -> None:
    write(
        python,
        """
def test_object(matrix):
    bystander = matrix.call("sampling", "Account", "bystander")
    matrix.call("sampling", "join", [], "")
    account = matrix.call("sampling", "Account", "me")
    account.deposit(1)
    5 + account
""",
    )
    python.run("test_numbers.py").assert_outcomes(failed=1)
    (event,) = python.items().values()
    assert event.findings[0].text == "r0 = Account('me')\nr1 = r0.deposit(1)\nr2 = 5 + r0"


def test_a_handle_of_another_example_is_refused(python: Project) -> None:
    write(
        python,
        """
kept = []

@given(st.integers(0, 5))
def test_kept(matrix, value):
    kept.append(matrix.call("sampling", "Account", "me"))
    matrix.call("sampling", "owner_of", kept[0])
""",
    )
    result = python.run("test_numbers.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*<sampling.Account r0> belongs to another example, *"])
    assert verdicts(python) == {"test_kept[beta]": "broken"}


def test_what_cannot_be_sent_is_refused(python: Project) -> None:
    write(python, "def test_sent(matrix):\n    matrix.call('sampling', 'byte', object)\n")
    result = python.run("test_numbers.py")
    result.stdout.fnmatch_lines(["*a value of type type cannot be sent to a worker*"])


def test_both_workers_may_end(python: Project) -> None:
    source = python.path / "extensions/sampling/sampling.py"
    source.write_text(source.read_text() + "\n\ndef end():\n    os._exit(3)\n")
    write(
        python,
        """
def test_end(matrix):
    assert "both workers ended" in str(matrix.call("sampling", "end"))

def test_after(matrix):
    assert matrix.call("sampling", "byte", 1) == 1
""",
    )
    python.run("test_numbers.py").assert_outcomes(passed=2)


def test_a_difference_that_depends_on_chance_is_flaky(python: Project) -> None:
    source = python.path / "extensions/sampling/sampling.py"
    source.write_text(source.read_text() + "\n\ndef vary():\n    return list(os.urandom(8))\n")
    write(python, "def test_vary(matrix):\n    matrix.call('sampling', 'vary')\n")
    result = python.run("test_numbers.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["flaky: alpha answered two ways (*) and beta answered two ways (*)"])
    assert verdicts(python) == {"test_vary[beta]": "flaky"}


# --- what is known ---------------------------------------------------------------------------------

KNOWN = """
@pytest.mark.known_divergence(backend="beta", kind="type", place="byte()", reason="beta is like that")
@given(st.integers(70, 80))
@example(77)
def test_known(matrix, value):
    matrix.call("sampling", "byte", value)
"""


def test_a_known_divergence_is_an_expected_failure(python: Project) -> None:
    write(python, KNOWN)
    result = python.run("test_numbers.py", "-rx")
    result.assert_outcomes(xfailed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["XFAIL *test_known?beta? - *beta is like that"])
    (event,) = python.items().values()
    assert (event.verdict, event.outcome) == ("known", "xfailed")
    assert event.known["type at byte()"] > 0


def test_a_known_divergence_that_is_gone_fails(python: Project) -> None:
    write(python, KNOWN.replace("st.integers(70, 80)", "st.integers(0, 7)").replace("@example(77)\n", ""))
    result = python.run("test_numbers.py")
    result.assert_outcomes(failed=1)
    assert verdicts(python) == {"test_known[beta]": "stale"}
    (event,) = python.items().values()
    assert event.message.startswith("1 known divergence of beta is gone")
    result.stdout.fnmatch_lines(["*byte()*"])


def test_another_divergence_than_the_known_one_fails(python: Project) -> None:
    write(python, KNOWN.replace('place="byte()"', 'place="other()"'))
    python.run("test_numbers.py").assert_outcomes(failed=1)
    assert verdicts(python) == {"test_known[beta]": "diverge"}


def test_a_mark_without_a_reason_is_an_error(python: Project) -> None:
    write(python, KNOWN.replace(', reason="beta is like that"', ""))
    result = python.run("test_numbers.py")
    result.stdout.fnmatch_lines(["*known_divergence: *reason*"])
    assert result.ret == 1


# --- state machines --------------------------------------------------------------------------------

MACHINE = """
from hypothesis.stateful import Bundle, invariant, rule
from harness.stateful import MatrixMachine

class Accounts(MatrixMachine):
    accounts = Bundle("accounts")

    @rule(target=accounts, owner=st.text(max_size=3))
    def open(self, owner):
        return self.matrix.call("sampling", "Account", owner)

    @rule(account=accounts, amount=st.integers())
    def deposit(self, account, amount):
        assert account.deposit(amount) == account.balance

    @rule(account=accounts, other=accounts)
    def merge(self, account, other):
        account.merge(other)

TestAccounts = Accounts.TestCase
TestAccounts.settings = settings(TestAccounts.settings, max_examples=15, stateful_step_count=8)
"""
WRONG = """
    @rule(account=accounts, value=st.integers(0, 9))
    def radd(self, account, value):
        value + account

TestAccounts"""


def test_a_state_machine_agrees(python: Project) -> None:
    write(python, MACHINE)
    python.run("test_numbers.py").assert_outcomes(passed=1)
    assert verdicts(python) == {"TestAccounts::test_machine[beta]": "agree"}


def test_a_state_machine_shrinks_what_it_finds(python: Project) -> None:
    write(python, MACHINE.replace("\nTestAccounts", WRONG, 1))
    result = python.run("test_numbers.py", "--hypothesis-seed=3")
    result.assert_outcomes(failed=1)
    (event,) = python.items().values()
    assert event.findings[0].text == "r0 = Account('')\nr1 = 0 + r0"
    result.stdout.fnmatch_lines(["*state.radd(account=accounts_0, value=0)*"])


def test_a_state_machine_is_skipped_without_the_option(python: Project) -> None:
    write(python, MACHINE)
    python.pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(skipped=1)


# --- what belongs together -------------------------------------------------------------------------


def test_a_step_comes_after_those_that_its_objects_took_part_in() -> None:
    recording = Recording("m")
    first = recording.add(Step("call", "A"))
    other = recording.add(Step("call", "B"))
    recording.add(Step("method", "touch", (Result(other),)))
    recording.add(Step("call", "plain", (5,)))
    last = recording.add(Step("method", "touch", (Result(first),)))
    assert recording.program(last).steps == (Step("call", "A"), Step("method", "touch", (Result(0),)))
    joined = recording.add(Step("call", "join", ([Result(first), {"k": Result(other)}],)))
    assert [each.name for each in recording.program(joined).steps] == ["A", "B", "touch", "touch", "join"]
    assert recording.program(joined).steps[-1].arguments == ([Result(0), {"k": Result(1)}],)
    forgotten = recording.add(Step("forget", count=other))
    assert recording.program(forgotten).steps[-1] == Step("forget", count=1)
    assert len(recording.whole().steps) == 7
