"""What ``--auto`` adds to a run: hooks of pytest, and the options that belong to it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.acting.replay import AUTOMATIC
from harness.auto.collect import collect_sources, is_named, replayed, source_names
from harness.auto.selection import Selection
from harness.auto.sources import Source
from harness.auto.written import case_file_text
from harness.case_specs import CaseSpec
from harness.eventlog import ItemEvent
from harness.extensions import name_in_case_file

if TYPE_CHECKING:
    from harness.session import MatrixPlugin


class Automatic:
    """The extensions that ``--auto`` names, and what came of their items."""

    def __init__(self, config: pytest.Config, run: MatrixPlugin) -> None:
        self.run = run
        self.directory: str | None = config.getoption("auto_write")
        selection = Selection(tuple(config.getoption("auto_include")), tuple(config.getoption("auto_exclude")))
        self.selection = selection
        directory = config.invocation_params.dir
        replay = run.replay
        paths = list(dict.fromkeys((directory / each).resolve() for each in config.getoption("auto")))
        for path in paths:
            if not path.exists():
                raise pytest.UsageError(f"--auto {path}: is neither a crate nor an installed extension module")
        named = source_names(paths) if replay is None or not replay.is_automatic else replayed(replay, paths, run)
        self.sources = {name: Source(path, run.matrix, selection) for name, path in named.items()}
        self.chosen = [each for each in config.args if self.sources and each.startswith(AUTOMATIC)]
        config.args[:] = [each for each in config.args if each not in self.chosen]
        self._made: dict[str, dict[str, CaseSpec]] = {}
        self._calls: Counter[str] = Counter()
        self._past: Counter[str] = Counter()

    @property
    def wanted(self) -> list[tuple[str, Path]]:
        """The extensions, as :meth:`harness.matrix.Matrix.extension` finds them."""
        return [(str(source.path), source.path) for source in self.sources.values()]

    def wants(self, nodeid: str) -> bool:
        """Say whether the command line asks for an item: it names it, or none of them."""
        return not self.chosen or any(is_named(argument, nodeid) for argument in self.chosen)

    def options(self) -> list[str]:
        """Return the options that bring the same items again."""
        found = [f"--auto={source.path}" for source in self.sources.values()]
        found += [f"--auto-include={each}" for each in self.selection.include]
        return found + [f"--auto-exclude={each}" for each in self.selection.exclude]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the items; first of all, so that -k, --lf and their like see them."""
        items += collect_sources(session, self.run)

    def note(self, event: ItemEvent) -> None:
        """Take in what came of an item, whatever it was."""
        module, _, name = event.item.partition("::")
        if not module.startswith(AUTOMATIC):
            return
        subject = f"{module.removeprefix(AUTOMATIC)}::{name.rpartition('[')[0]}"
        self._calls[subject] += event.calls
        self._past[subject] += event.past_checks
        made = {key: msgspec.convert(spec, CaseSpec) for key, spec in event.made.items()}
        self._made.setdefault(module.removeprefix(AUTOMATIC), {}).update(made)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which share of each subject's calls got past the checking of their arguments."""
        told = {name: count for name, count in self._calls.items() if count}
        if told:
            terminalreporter.write_sep("-", "auto: calls that got past the checking of their arguments")
            for name, count in told.items():
                terminalreporter.write_line(f"{self._past[name] / count:4.0%} of {count:6}  {name}")
        for name, source in self.sources.items():
            if source.left_out:
                terminalreporter.write_line(f"not called, for their names: {name}: {', '.join(source.left_out)}")

    def pytest_sessionfinish(self) -> None:
        """Write the cases that were made, if asked, and end the workers that were tried on."""
        for source in self.sources.values():
            source.close()
        if self.directory is None or self.run.worker_input is not None:
            return
        directory = self.run.config.invocation_params.dir / self.directory
        directory.mkdir(parents=True, exist_ok=True)
        for name, cases in self._made.items():
            source = self.sources[name]
            path = directory / f"{Path(name).name}.yaml"
            extension = name_in_case_file(source.path, path)
            path.write_text(case_file_text(extension, cases, left_out=source.left_out), encoding="utf-8")
