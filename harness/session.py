"""Hooks of pytest for a run with ``--backend-matrix``; each does little more than call something else."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import hypothesis
import msgspec
import pytest
from hypothesis.database import ExampleDatabase

import harness
from harness import results
from harness.acting.hooks import DIRECTORY, FoundFiles, can_have_examples
from harness.acting.replay import Replay
from harness.acting.running import caller_of
from harness.acting.stored import finding_name
from harness.auto.hooks import Automatic
from harness.book.asking import book_of
from harness.book.hooks import BookKeeper, check_known, check_whole_book
from harness.collect import CaseModule, Item, case_file, description_of, find_case_files
from harness.database import describe_database, open_database
from harness.errors import BookError, CaseFileError, ReportError, SettingsError
from harness.eventlog import (
    EVENT,
    FORMAT,
    LOG_NAME,
    BackendEvent,
    EventLog,
    Footer,
    FoundEvent,
    Header,
    ItemEvent,
    add_event,
    log_of,
    read_events,
    received_event,
    sent_event,
)
from harness.findings import Identity
from harness.fixture.hooks import PythonTests
from harness.interrupted import reports_of_interrupted, reports_of_unfinished
from harness.items_progress import ItemsProgress
from harness.jury import Jury
from harness.matrix import Matrix
from harness.page import PAGE_NAME, write_page
from harness.preparing import facts_of, prepare
from harness.progress import ProgressLine
from harness.run_setup import choose_arguments, replay_wanted, seed_of, settings_of
from harness.unfinished import describe_unfinished, unfinished_items

REPLAYED = "replay"
"""Where below the results those of a replay go."""


class MatrixPlugin:
    """One run; under pytest-xdist one in the controller, which writes, and one in each worker."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.settings = settings_of(config)
        self.replay: Replay | None = None
        if config.getoption("replay") is not None:
            self.replay = replay_wanted(config, self.settings)
            # Beside the last run's log, which has the finding.
            again = settings_of(config, self.replay)
            self.settings = replace(again, results=again.results / REPLAYED, surface=True)
        self.worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
        self.matrix = Matrix(self.settings, self._progress)
        self.jury = Jury(self.matrix)
        self.book = book_of(self.settings)
        self.keeper = BookKeeper(self)
        self.log: EventLog | None = None
        self.problems: list[str] = []
        self.terminating = results.terminated_like_interrupted()
        self.terminating.__enter__()
        self.found: FoundFiles | None = None
        self.verdicts: Counter[str] = Counter()
        self.findings = 0
        self.progress_line = ProgressLine(self._say, self._terminal)
        self.automatic = Automatic(config, self)
        self.python_tests = PythonTests(self)
        # In a worker too: it reads the command line anew, and with it ``testpaths``.
        choose_arguments(config, self.settings, self.automatic, self.replay)
        if (
            self.worker_input is None
            and self.replay is None
            and config.option.xmlpath is None
            and not config.option.collectonly
        ):
            config.option.xmlpath = str(self.settings.results / "junit.xml")

    @cached_property
    def seed(self) -> int:
        """The run's seed; asked for only when Hypothesis's own plug-in has read its options."""
        return seed_of(self.worker_input, self.settings.seed)

    @cached_property
    def database(self) -> ExampleDatabase | None:
        """Where examples are kept: as the settings say, or Hypothesis's profile."""
        settings = self.settings.database
        return hypothesis.settings().database if settings is None else open_database(settings)

    # --- before the first item ---

    def pytest_report_header(self) -> list[str]:
        others = ", ".join(self.settings.others)
        lines = [f"backend-matrix: {others} against {self.settings.reference}, seed {self.seed}"]
        if self.settings.database is not None:
            lines.append(f"examples are kept in {describe_database(self.settings.database, self.settings.root)}")
        return lines

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist the seed and the log; the controller has already built everything."""
        node.workerinput["backend_matrix_seed"] = self.seed
        node.workerinput["backend_matrix_log"] = str(log_of(self.settings.results))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Check every case file, so that nothing is built for a run that cannot be.

        Last, because Hypothesis warns of strategies that are made before its own hook has run.
        """
        if self.worker_input is not None:
            return
        errors = []
        try:
            _ = self.database  # Redis may not be there.
        except SettingsError as error:
            errors.append(str(error))
        for path in find_case_files(self.config, self.settings):
            try:
                check_known(self, case_file(path))
            except (CaseFileError, BookError) as error:
                errors.append(str(error))
        if not errors:
            try:
                check_whole_book(self)
            except (CaseFileError, BookError) as error:
                errors.append(str(error))
        if errors:
            raise pytest.UsageError("\n".join(errors))
        if not self.config.option.collectonly and self._has_workers():
            self._prepare(self._extensions_of_files())

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if file_path in find_case_files(self.config, self.settings):
            return CaseModule.from_parent(parent, path=file_path, run=self)
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        if self.config.option.collectonly or self.worker_input is not None or self._has_workers():
            return
        if session.testsfailed and not session.config.option.continue_on_collection_errors:
            return
        items = [item for item in session.items if isinstance(item, Item)]
        self._prepare(list(dict.fromkeys((item.case.extension, item.case.file) for item in items)))

    # --- while an item is at work, and after it ---

    def tell(self, event: FoundEvent) -> None:
        """Write what an item has found into the log at once, for nobody knows how the item will end."""
        if self.worker_input is not None:
            add_event(Path(self.worker_input["backend_matrix_log"]), event)
        else:
            self._begun_log().write(event)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        try:
            return (yield)
        except KeyboardInterrupt:
            for report in reports_of_interrupted(item):
                item.ihook.pytest_runtest_logreport(report=report)
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if isinstance(item, Item) and call.when == "call":
            report.__dict__[EVENT] = sent_event(item.event(report))
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        sent = report.__dict__.get(EVENT)
        told = self._event_of_lost_item(report) if sent is None else received_event(sent)
        if told is not None and self.worker_input is None:
            self.verdicts[told.verdict] += 1
            self.findings += len(told.findings)
            self.automatic.note(told)
            self.keeper.note(told)
            self._begun_log().write(told)
            if self.found is not None:
                with results.noted(self.problems, self.settings.results):
                    self.found.write(told)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        self.keeper.summary(terminalreporter)
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.verdicts.items()))
        if counts:
            terminalreporter.write_sep("-", f"backend matrix: {counts}")
            directory = self.from_root(self.settings.results)
            terminalreporter.write_line(f"{directory}/{PAGE_NAME}, {directory}/{LOG_NAME}, {directory}/junit.xml")
        for problem in self.problems:
            terminalreporter.write_line(problem, red=True)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        self.matrix.close()
        if self.worker_input is not None:
            return (yield)
        self._report_unfinished(session)
        self.keeper.finish(session)
        kept = self.settings.results / LOG_NAME
        spared = results.everything_is_broken(self.verdicts) and results.is_good(kept)
        with results.junit_written_whole(self.config, self.problems, spared=spared):
            yield
        if self.log is not None:
            footer = Footer(
                _now(),
                int(session.exitstatus),
                dict(self.verdicts),
                results.why_ended_early(session),
                self.keeper.told_of_unmatched(),
            )
            log = results.place_for(kept, spared=spared)
            self.log.finish(footer, log)
            if self.log.failed is not None:
                told = f"{self.from_root(self.log.partial)}: not whole, because it cannot be written"
                self.problems.append(f"{told}: {self.log.failed.strerror}")
            else:
                results.remove_left_over(self.settings.results)
                with results.noted(self.problems, self.settings.results):
                    write_page(log, results.place_for(kept.with_name(PAGE_NAME), spared=spared))
        if self.problems:
            self.problems.append("Make room or name another directory with --matrix-results, and run again.")
            session.exitstatus = session.exitstatus or ReportError.exit_code
        if spared:
            self.problems.append(f"Everything is broken: the report of an earlier run was kept, see {results.BROKEN}*.")

    def pytest_unconfigure(self) -> None:
        self.matrix.close()
        self.terminating.__exit__(None, None, None)

    # --- helpers ---

    def _begun_log(self) -> EventLog:
        if self.log is None:
            # Only tests in Python, of which nobody knew that they are about backends.
            self.log = self._open_log()
            for facts in facts_of([self.matrix.backend(name) for name in self.settings.backends]).values():
                self.log.write(BackendEvent(facts))
        return self.log

    def _unfinished(self) -> dict[str, ItemEvent]:
        """Return the items that have begun in workers of pytest-xdist and not ended, with what they have found."""
        if self.log is None or not self._has_workers():
            return {}
        return unfinished_items(read_events(self.log.partial))

    def _event_of_lost_item(self, report: pytest.TestReport) -> ItemEvent | None:
        """Return the event of an item that was lost with its process, and add what it had found to the report."""
        lost = results.event_of_lost_item(report)
        if lost is None or self.worker_input is not None:
            return None
        begun = self._unfinished().get(lost.item)
        if begun is not None:
            lost = msgspec.structs.replace(begun, message=lost.message, outcome=lost.outcome)
            report.longrepr = describe_unfinished(lost)
        return lost

    def _report_unfinished(self, session: pytest.Session) -> None:
        """Report the items that the workers of pytest-xdist are at, where the run ends before they do."""
        nodes = getattr(self.config.pluginmanager.getplugin("dsession"), "nodemanager", None)
        if nodes is None:
            return
        # They are interrupted now, and what they tell after it is theirs to tell.
        nodes.teardown_nodes()
        for event in self._unfinished().values():
            versions = {name: description_of(self, name) for name in (self.settings.reference, event.backend)}
            for report in reports_of_unfinished(event, versions):
                session.ihook.pytest_runtest_logreport(report=report)

    def from_root(self, path: Path) -> str:
        """Return a path as it is told: from the project's directory, if it lies there."""
        root = self.settings.root
        return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)

    def what_to_do(self, item: str, identity: Identity, *, kept: bool = False) -> list[str]:
        """Return the lines that say what was written of a finding, and how to run just it again.

        ``kept`` says that its program is an example of its case already.
        """
        finding = finding_name(item, *identity)
        file = f"{self.from_root(self.settings.results / DIRECTORY)}/{finding}"
        lines = ["", f"Standalone:   {file}.py", f"Run just it:  pytest --backend-matrix --replay={finding}"]
        if can_have_examples(item) and not kept:
            lines.append(f"Keep it:      git apply {file}.patch")
        return lines

    def _has_workers(self) -> bool:
        return bool(getattr(self.config.option, "tx", None)) and self.config.option.dist != "no"

    def _extensions_of_files(self) -> list[tuple[str, Path]]:
        files = find_case_files(self.config, self.settings)
        return [*((case_file(path).extension, path) for path in files), *self.automatic.wanted]

    def _prepare(self, wanted: list[tuple[str, Path]]) -> None:
        """Provide every backend, compile every extension, and say what takes part."""
        if not wanted:
            return
        self.log = self._open_log()
        if self.settings.caller is not None:
            wanted = [*wanted, (self.settings.caller[0], self.settings.root / "pyproject.toml")]
        wanted = list(dict.fromkeys(wanted))
        self.progress_line.stages.samples = len(wanted) * len(self.settings.backends)
        with self.progress_line.shown():
            provided, facts = prepare(self.matrix, wanted, self.progress_line.end_source)
        for backend in provided:
            self._say(f"{backend.name}: {backend.description}")
            self.log.write(BackendEvent(facts[backend.name]))
        for backend in provided:
            if backend.notice:
                self._say(backend.notice)
        reference = self.matrix.backend(self.settings.reference)
        for backend in provided:
            if backend.language_version != reference.language_version:
                self._say(
                    f"{backend.name} has Python {_dotted(backend.language_version)} and {reference.name} "
                    f"{_dotted(reference.language_version)}: what the versions may explain is counted as skew, "
                    "and does not fail the run (--strict-skew does)."
                )

    def _open_log(self) -> EventLog:
        try:
            log = EventLog(self.settings.results)
        except OSError as error:
            raise pytest.UsageError(
                f"{self.settings.results}: results cannot be written: {error.strerror}; "
                f"name another directory with --matrix-results"
            ) from None
        versions = {name: version(name) for name in ("pytest", "hypothesis", "maturin")}
        header = Header(
            FORMAT,
            _now(),
            harness.__version__,
            self.settings.reference,
            self.settings.backends,
            self.seed,
            versions,
            tuple(map(str, self.config.invocation_params.args)),
            caller_of(self.matrix),
        )
        log.write(header)
        with results.noted(self.problems, self.settings.results):
            self.found = FoundFiles(self.settings.results, header, self.settings.root)
        return log

    def _say(self, line: str) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self.config.option.verbose >= 0:
            reporter.ensure_newline()
            reporter.write_line(line)

    def items_progress(self) -> ItemsProgress:
        """Return the plug-in that says how far the items are."""
        return ItemsProgress(self._say, lambda: self.findings)

    def _terminal(self) -> TextIO | None:
        """Return the terminal to show progress on; None if there is none, or nobody wants to see it."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or not reporter.isatty or self.config.option.verbose < 0:
            return None
        stream: TextIO | None = getattr(reporter._tw, "_file", None)
        return stream

    def _progress(self, line: str) -> None:
        """Take in what a build says; a worker of pytest-xdist says nothing."""
        if self.worker_input is None:
            self.progress_line.take(line)


def _dotted(version_numbers: tuple[int, int]) -> str:
    return ".".join(map(str, version_numbers))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
