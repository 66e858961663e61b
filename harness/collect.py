"""Case files and their items, as pytest collects and runs them."""

from __future__ import annotations

import datetime
import hashlib
import shlex
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from harness.acting.again import run_again
from harness.backends import DEFAULT_REFERENCE
from harness.book.asking import known_of
from harness.book.drafts import draft_of
from harness.book.reading import file_of, is_of_the_book
from harness.cases import Case, CaseFile, read_case_file
from harness.differential import Differential
from harness.errors import HarnessError
from harness.eventlog import FoundEvent, ItemEvent
from harness.examination import Examination, Interrupted, Plan, SkewJudge, note_of
from harness.examine import examine, examine_all
from harness.extensions import Extension
from harness.failed import ItemFailed, representation
from harness.findings import Identity, Judged, Known
from harness.handshake import Capabilities
from harness.interrupted import ENDED
from harness.item_events import item_event, record_of
from harness.lanes import Lane
from harness.matrix import capabilities_of
from harness.report import book as telling
from harness.report import failure, junit
from harness.settings import Settings
from harness.skew_judge import skew_judge
from harness.strategies import example_programs, executable, programs_of
from harness.surface import surface_programs
from harness.witnesses import add_witness, keep_witnesses, stored_witnesses

if TYPE_CHECKING:
    from harness.session import MatrixPlugin


CASE_SUFFIXES = (".yaml", ".yml")


def find_case_files(config: pytest.Config, settings: Settings) -> list[Path]:
    """Return the case files that pytest's arguments name, or lie below a directory that they name.

    A file that is named is one whatever it is called, if it is YAML; below a directory those count that
    match the ``cases`` setting.
    """
    kept: list[Path] | None = config.stash.get(_FOUND, None)
    if kept is None:
        matching = matching_case_files(settings)
        named = [Path(config.invocation_params.dir, str(each).split("::")[0]).resolve() for each in config.args]
        kept = [path for path in named if path.suffix in CASE_SUFFIXES and path.is_file()]
        kept += [path for path in matching if any(path.is_relative_to(each) for each in named) and path not in kept]
        kept = list(dict.fromkeys(kept))
        config.stash[_FOUND] = kept
    return kept


def case_file(path: Path) -> CaseFile:
    """Return a case file, read once in a run.  Raises: CaseFileError -- see :func:`read_case_file`."""
    if path not in _READ:
        _READ[path] = read_case_file(path)
    return _READ[path]


def matching_case_files(settings: Settings) -> list[Path]:
    """Return the case files that match the ``cases`` setting; tests in Python that match are pytest's to collect."""
    found = {path for pattern in settings.cases for path in settings.root.glob(pattern)}
    return sorted(path for path in found if path.suffix in CASE_SUFFIXES and not is_of_the_book(path, settings.root))


_READ: dict[Path, CaseFile] = {}
_FOUND = pytest.StashKey[list[Path]]()


class CaseModule(pytest.File):
    """One case file."""

    def __init__(self, *, run: MatrixPlugin, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.run = run

    def collect(self) -> Iterable[pytest.Item]:
        """Yield an item for each case and each backend other than the reference."""
        read = case_file(self.path)
        for case in (*read.cases, *(read.built_in if self.run.settings.surface else ())):
            for backend in self.run.settings.others:
                name = f"{case.name}[{backend}]"
                # Given as text, which pytest takes apart as it does what it reads back for --lf.
                nodeid = f"{self.nodeid}::{name}"
                yield Item.from_parent(self, name=name, nodeid=nodeid, case=case, backend=backend, run=self.run)


class Item(pytest.Item):
    """One case on one backend."""

    @property
    def saves_programs(self) -> bool:
        """Whether its next run runs what this one has saved."""
        return self.case.kind == "drawn"

    def __init__(self, *, case: Case, backend: str, run: MatrixPlugin, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.case = case
        self.backend = backend
        self.run = run
        digest = hashlib.blake2b(f"{run.seed} {self.nodeid}".encode(), digest_size=8).digest()
        self.seed = int.from_bytes(digest, "big")
        self.examination = Examination("broken")
        self.known = Known(())
        self.missing: tuple[str, ...] = ()
        self.skew: SkewJudge | None = None
        self.started = 0.0

    def runtest(self) -> None:
        """Examine the case; what came of it is a pass, a failure, an expected failure or a skip."""
        self.started = time.monotonic()
        try:
            self._examine()
        except HarnessError as error:
            self.examination.note = str(error)
            raise ItemFailed(f"broken: {error}") from None
        except KeyboardInterrupt as error:
            self._keep_what_was_found(error)
            raise
        finally:
            versions = {name: description_of(self.run, name) for name in (self.run.settings.reference, self.backend)}
            self.user_properties.extend(junit.properties(self.event(None), versions))
        self._report(self.examination)

    def _examine(self) -> None:
        run, case = self.run, self.case
        extension = run.matrix.extension(case.extension, case.file)
        for name in (run.settings.reference, self.backend):
            self.missing = run.matrix.missing(name, extension)
            if self.missing:
                self.examination.verdict = "unsupported"
                return
        reference, other = (run.matrix.lane(name, extension) for name in (run.settings.reference, self.backend))
        lanes = (reference, other)
        for lane in lanes:
            lane.timeout_s = case.spec.timeout_s or run.settings.timeout_s
            if case.kind == "surface":
                # What programs did to the classes before is no part of what the extension shows.
                lane.fresh()
        self.skew = skew_judge(
            run.matrix, extension, self.backend, run.settings.rules.union(case.spec.rules), timeout_s=other.timeout_s
        )
        before = sum(lane.restarts for lane in lanes)
        run.matrix.restarts.begin_case()
        try:
            self._examine_on(extension, reference, other)
        except Interrupted as interrupted:
            self.examination = interrupted.examination
            raise interrupted.by from None
        self.examination.findings = run.jury.blamed(
            self.examination.findings,
            extension,
            self.backend,
            run.settings.rules.union(case.spec.rules),
            timeout_s=other.timeout_s,
        )
        if sum(lane.restarts for lane in lanes) > before:
            # What ends a worker may have spoilt the memory of one that lives on, and end it in a later item.
            for lane in lanes:
                lane.close()

    def _examine_on(self, extension: Extension, reference: Lane, other: Lane) -> None:
        case, run = self.case, self.run
        differential = Differential(reference, other, run.settings.rules.union(case.spec.rules))
        self.known = known_of(run, case, self.backend)
        try:
            if run.replay is not None:
                self.examination = run_again(run.replay.program, differential, self.known)
            elif case.kind == "drawn":
                capabilities = capabilities_of(reference, other)
                programs = programs_of(case, extension.module, capabilities)
                self.examination = examine(
                    programs, differential, self.known, self._whole_plan(extension, capabilities)
                )
                self._keep_witnesses()
            else:
                asked = surface_programs(differential, extension.module) if case.kind == "surface" else ()
                self.examination = examine_all(asked, differential, self.known, self._plan())
        finally:
            differential.abandon()

    def _plan(self) -> Plan:
        profile = hypothesis.settings()
        wanted = self.run.settings.examples or min(
            profile.max_examples, self.case.spec.max_examples or profile.max_examples
        )
        return Plan(self.nodeid, self.seed, wanted, profile, self.run.database, tell=self._tell, skew=self.skew)

    def _tell(self, met: Identity, judged: Judged | None) -> None:
        """Put what is found where it stays, whatever becomes of this process before the item has ended."""
        if self.saves_programs and self.run.database is not None and judged is not None:
            add_witness(self.run.database, self.nodeid, judged.finding.program)
        self.run.tell(
            FoundEvent(
                self.nodeid,
                self.case.name,
                self.backend,
                self.seed,
                f"{met[0]} at {met[1]}",
                None if judged is None else record_of(judged, self.draft(judged)),
                self.case.extension,
                self.run.from_root(self.case.file),
            )
        )

    def _keep_what_was_found(self, error: KeyboardInterrupt) -> None:
        """Have the item broken with all that it has found so far, and say so where pytest says nothing."""
        examination = self.examination
        if examination.verdict != "broken" or not examination.note:
            examination.verdict = "broken"
            examination.note = note_of(error)
        self.stash[ENDED] = ItemFailed(self._text_of_broken(examination))

    def _whole_plan(self, extension: Extension, capabilities: Capabilities) -> Plan:
        """Return the plan with the programs that are run beside what is drawn."""
        database = self.run.database
        saved = () if database is None else stored_witnesses(database, self.nodeid, extension.module)
        return replace(
            self._plan(),
            examples=executable(example_programs(self.case, extension.module), capabilities),
            witnesses=executable(saved, capabilities),
        )

    def _keep_witnesses(self) -> None:
        """Keep the programs of what was found, for this item's next run here or elsewhere."""
        database, examination = self.run.database, self.examination
        if database is not None and examination.verdict != "broken":
            keep_witnesses(database, self.nodeid, (judged.finding.program for judged in examination.findings))

    def _report(self, examination: Examination) -> None:
        match examination.verdict:
            case "unsupported":
                lacking = f"{self.backend} lacks {', '.join(self.missing)}"
                pytest.skip(f"unsupported: {examination.note or lacking}")
            case "known":
                reasons = [entry.reason for entry, count in self.known.matched.items() if count]
                rates = telling.describe_rates(self.known.rates)
                pytest.xfail("; ".join([*dict.fromkeys(reasons), *rates, *_in_part(examination)]))
            case "skew":
                pytest.xfail(failure.describe_skew(examination.skewed))
            case "stale" | "changed" | "unexplained":
                raise ItemFailed(self._text_of_book(examination))
            case "diverge" | "flaky":
                raise ItemFailed(self._text(examination), failure.headline(examination.findings))
            case "broken":
                raise ItemFailed(self._text_of_broken(examination))

    def _text_of_broken(self, examination: Examination) -> str:
        found = f"\n\nWhat was found until then:\n\n{self._text(examination)}" if examination.findings else ""
        return f"broken: {examination.note}{found}"

    def _text_of_book(self, examination: Examination) -> str:
        """Return what is wrong with the book, whatever else was found."""
        told = [
            telling.describe_changed(
                each, reference=self.run.settings.reference, other=self.backend, draft=self.draft(each.judged)
            )
            for each in examination.changed
        ]
        if examination.stale:
            told.append(telling.describe_stale(examination.stale, other=self.backend))
        unexplained = [entry for entry in self.known.entries if entry.unexplained]
        if unexplained:
            told.append(telling.describe_unexplained(unexplained))
        return "\n\n".join(told)

    def _text(self, examination: Examination) -> str:
        book = file_of(self.case.file, self.backend)
        told = failure.describe_findings(
            examination.findings,
            reference=self.run.settings.reference,
            other=self.backend,
            drafts=[each for each in map(self.draft, examination.findings) if each],
            book=str(book.relative_to(self.config.rootpath) if book.is_relative_to(self.config.rootpath) else book),
            further=self._further,
        )
        notes = [examination.note] if examination.note and examination.verdict != "broken" else []
        of_book = self._text_of_book(examination)
        notes += [of_book] if of_book else []
        notes += _in_part(examination)
        where = f"{self.nodeid}, seed {self.run.seed}, {examination.examples} examples"
        replay = f"Run it again:  {self._command()}"
        return "\n".join([told, *notes, where, replay])

    def draft(self, judged: Judged) -> str:
        """Return the entry that records a finding in the book, or nothing if it does not stand."""
        if judged.flaky:
            return ""
        finding = judged.finding
        like = sorted(self.known.unknown.get(finding.bare, ()))
        return draft_of(finding, case=self.case.name, found=datetime.date.today(), like=like)

    def _further(self, judged: Judged) -> list[str]:
        program = judged.finding.program
        kept = program in example_programs(self.case, program.module)
        return self.run.what_to_do(self.nodeid, judged.finding.identity, kept=kept)

    def _command(self) -> str:
        """Return the command that runs this item again, whatever the settings say."""
        return shlex.join(["pytest", "--backend-matrix", *self._options(), self.nodeid])

    def _options(self) -> list[str]:
        return rerun_options(self.run, self.backend, seeded=not self.examination.saved)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show our own failures as their text alone, anything else as pytest does."""
        if isinstance(excinfo.value, pytest.xfail.Exception):
            # pytest would render the harness's own traceback, which took a fifth of a run's CPU time.
            return str(excinfo.value)
        if isinstance(excinfo.value, ItemFailed):
            return representation(excinfo.value, excinfo)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line from 0, and name, for pytest's own listings."""
        return self.path, self.case.line - 1, self.name

    def event(self, report: pytest.TestReport | None) -> ItemEvent:
        """Return what the event log says of this item."""
        return item_event(
            nodeid=self.nodeid,
            case=self.case.name,
            backend=self.backend,
            examination=self.examination,
            report=report,
            seed=self.seed,
            duration_s=time.monotonic() - self.started,
            missing=self.missing,
            draft=self.draft,
            extension=self.case.extension,
            file=self.run.from_root(self.case.file),
            book=self.known,
            wrong_with_book=self._text_of_book(self.examination),
        )


def rerun_options(run: MatrixPlugin, backend: str, *, seeded: bool = True) -> list[str]:
    """Return the options that run the same again on one backend, whatever the settings say.

    Without the seed Hypothesis begins with what was saved; with one it draws anew.
    """
    settings = run.settings
    options = [f"--backends={backend}", *([f"--hypothesis-seed={run.seed}"] if seeded else [])]
    if settings.reference != DEFAULT_REFERENCE:
        options.append(f"--reference={settings.reference}")
    named = [name for name in (settings.reference, backend) if name in settings.interpreters]
    return options + [f"--backend={name}={settings.interpreters[name]}" for name in named]


def description_of(run: MatrixPlugin, backend: str) -> str:
    """Return the line that describes a backend, whether it is there or not."""
    try:
        return run.matrix.backend(backend).description
    except HarnessError:
        return "not available"


def _in_part(examination: Examination) -> list[str]:
    """Return what is said of examples that were not judged to their end."""
    if not examination.judged_in_part:
        return []
    count = f"{examination.judged_in_part} of {examination.examples}"
    return [f"of {count} examples the steps after one that diverged were not judged"]
