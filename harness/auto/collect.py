"""Items of ``--auto``, as pytest collects and runs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.acting.replay import AUTOMATIC, Replay
from harness.auto.counting import CountingDifferential
from harness.auto.sources import Source
from harness.auto.workshop import SURFACE, Subject
from harness.book.asking import known_of
from harness.case_specs import CaseSpec
from harness.cases import Case, CaseKind
from harness.collect import Item
from harness.errors import HarnessError, WorkerStartError
from harness.eventlog import ItemEvent
from harness.examination import Examination, Interrupted, Verdict
from harness.examine import examine
from harness.extensions import Extension
from harness.findings import Judged
from harness.lanes import Lane
from harness.matrix import capabilities_of
from harness.program import Step
from harness.strategies import programs_of

if TYPE_CHECKING:
    from harness.session import MatrixPlugin

COMPILE = "an installed module is not compiled again: give --auto the crate's directory for that"
# The verdict of an item is the first of these that one of its cases came to.
_ORDER: tuple[Verdict, ...] = (
    *("broken", "diverge", "flaky", "changed", "stale", "unexplained", "skew", "known", "unsupported", "agree"),
)


class AutoModule(pytest.Collector):
    """One extension that ``--auto`` names."""

    def __init__(self, *, source: Source, run: MatrixPlugin, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.source = source
        self.run = run

    def collect(self) -> Iterable[pytest.Item]:
        """Yield an item for each subject and each backend other than the reference; the extension is compiled.

        What is replayed needs no cases, and so nobody is asked what there is to make some of.
        """
        try:
            replay = self.run.replay
            subjects = self.source.workshop.subjects() if replay is None else [Subject(subject_of(replay), dict)]
        except HarnessError as error:
            raise self.CollectError(str(error)) from None
        for subject in subjects:
            for backend in self.run.settings.others:
                name = f"{subject.case_name}[{backend}]"
                nodeid = f"{self.nodeid}::{name}"
                if self.run.automatic.wants(nodeid):
                    item = {"nodeid": nodeid, "backend": backend, "source": self.source, "subject": subject}
                    yield AutoItem.from_parent(self, name=name, run=self.run, **item)


class AutoItem(Item):
    """One subject on one backend; its cases are made when it runs."""

    def __init__(self, *, source: Source, subject: Subject, run: MatrixPlugin, **keywords: Any) -> None:
        kind: CaseKind = "surface" if subject.name == SURFACE else "drawn"
        case = Case(source.path, 1, subject.case_name, str(source.path), CaseSpec(), kind)
        super().__init__(case=case, run=run, **keywords)
        self.source = source
        self.subject = subject
        self.made: dict[str, CaseSpec] = {}
        self.calls = 0
        self.past_checks = 0

    def _examine_on(self, extension: Extension, reference: Lane, other: Lane) -> None:
        if extension.installed is not None:
            try:
                _ = other.hello
            except WorkerStartError as error:
                self.examination.verdict = "unsupported"
                self.examination.note = f"{self.backend} cannot import {extension.installed.name} ({error}); {COMPILE}"
                return
        if self.subject.name == SURFACE or self.run.replay is not None:
            super()._examine_on(extension, reference, other)
            return
        self.made = self.subject.make()
        parts = []
        for number, (name, spec) in enumerate(self.made.items()):
            case = Case(self.source.path, 1, name, str(self.source.path), spec)
            self.known = known_of(self.run, case, self.backend)
            programs = programs_of(case, extension.module, capabilities_of(reference, other))
            differential = CountingDifferential(reference, other, self.run.settings.rules, self._is_about)
            plan = self._plan()
            if number:
                plan = replace(plan, identity=f"{plan.identity} {name}")
            try:
                parts.append(examine(programs, differential, self.known, plan))
            except Interrupted as interrupted:
                raise Interrupted(merged([*parts, interrupted.examination]), interrupted.by) from None
            finally:
                differential.abandon()
                self.calls += differential.calls
                self.past_checks += differential.past_checks
        self.examination = merged(parts)

    @property
    def saves_programs(self) -> bool:
        """No: what a crate shows makes other cases of it tomorrow."""
        return False

    def _report(self, examination: Examination) -> None:
        if self.missing and self.source.extension.installed is not None:
            examination.note = f"{self.backend} lacks {', '.join(self.missing)}; {COMPILE}"
        super()._report(examination)

    def draft(self, judged: Judged) -> str:
        """Return nothing: the book is about cases that stand in a file, which ``--auto-write`` makes."""
        return ""

    def _is_about(self, step: Step) -> bool:
        """Say whether a step calls what the item is about; in a class's own item every step does."""
        owner, _, name = self.subject.name.rpartition(".")
        if step.kind == "call":
            return step.name == self.subject.name
        return step.kind == "method" and name in ("", step.name) if owner else step.kind not in ("get", "forget")

    def event(self, report: pytest.TestReport | None) -> ItemEvent:
        """Return what the event log says of this item, the cases included that were made for it."""
        made = {name: msgspec.to_builtins(spec) for name, spec in self.made.items()}
        return msgspec.structs.replace(super().event(report), calls=self.calls, past_checks=self.past_checks, made=made)

    def _options(self) -> list[str]:
        return [*super()._options(), *self.run.automatic.options()]


def merged(parts: list[Examination]) -> Examination:
    """Return several examinations as one; a finding that several made is told once."""
    whole = Examination("agree")
    findings = {each.finding.identity: each for part in reversed(parts) for each in reversed(part.findings)}
    whole.findings = tuple(dict(reversed(findings.items())).values())
    whole.skewed = tuple({each.finding.identity: each for part in parts for each in part.skewed}.values())
    for part in parts:
        whole.examples += part.examples
        whole.known += part.known
        whole.rules_applied += part.rules_applied
        whole.judged_in_part += part.judged_in_part
        whole.note = whole.note or part.note
        whole.saved |= part.saved
    whole.verdict = next((each for each in _ORDER if any(part.verdict == each for part in parts)), "agree")
    return whole


def collect_sources(session: pytest.Session, run: MatrixPlugin) -> list[pytest.Item]:
    """Return the items of every extension that ``--auto`` names; one that cannot be collected is an error."""
    found: list[pytest.Item] = []
    for name, source in run.automatic.sources.items():
        module = AutoModule.from_parent(
            session, name=f"{AUTOMATIC}{name}", nodeid=f"{AUTOMATIC}{name}", source=source, run=run
        )
        session.ihook.pytest_collectstart(collector=module)
        report = session.ihook.pytest_make_collect_report(collector=module)
        report.__dict__.pop("call", None)  # Holds the exception itself, which cannot travel.
        session.ihook.pytest_collectreport(report=report)
        if report.passed:
            found += [each for each in report.result if isinstance(each, pytest.Item)]
    for argument in run.automatic.chosen:
        if not session.testsfailed and not any(is_named(argument, each.nodeid) for each in found):
            raise pytest.UsageError(f"not found: {argument}; --collect-only lists what there is")
    return found


def subject_of(replay: Replay) -> str:
    """Return what a replayed item is about, as the name of a case."""
    return replay.item.partition("::")[2].rpartition("[")[0]


def replayed(replay: Replay, given: list[Path], run: MatrixPlugin) -> dict[str, Path]:
    """Return the extension of a replayed item, by its name in it: as ``--auto`` says, or as the replay does.

    Raises: UsageError -- neither says where it is, or nothing is there.
    """
    wanted = replay.source
    path = next((each for each in given if wanted in (str(each), *source_names([each]))), None)
    if path is None and not replay.extension:
        raise pytest.UsageError(f"--replay: {replay.item} lies outside of the project: say where with --auto PATH")
    path = path or (run.settings.root / replay.extension).resolve()
    if not path.exists():
        raise pytest.UsageError(f"--replay: {replay.item}: {path} is not there; say with --auto PATH where it is")
    return {wanted: path}


def is_named(argument: str, nodeid: str) -> bool:
    """Say whether an argument of the command line names an item, or the extension that it belongs to."""
    return nodeid == argument or nodeid.startswith(f"{argument}::")


def source_names(paths: list[Path]) -> dict[str, Path]:
    """Return a short name for each path: its last part, or the whole path where two would be called the same."""
    last = [path.name.partition(".")[0] if path.is_file() else path.name for path in paths]
    return {name if last.count(name) == 1 else str(path): path for name, path in zip(last, paths)}
