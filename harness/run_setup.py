"""What a run is made with: settings, seed and arguments, from pytest's command line."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import core

from harness.acting.replay import Replay, replay_named
from harness.book.reading import is_of_the_book
from harness.errors import HarnessError
from harness.eventlog import LOG_NAME
from harness.settings import Overrides, Settings, read_settings

if TYPE_CHECKING:
    from harness.auto.hooks import Automatic


def replay_wanted(config: pytest.Config, settings: Settings) -> Replay:
    """Return what is to be run again.  Raises: pytest.UsageError -- it is in no log, or cannot be replayed."""
    try:
        return replay_named(config.getoption("replay"), settings.results / LOG_NAME)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None


def settings_of(config: pytest.Config, replay: Replay | None = None) -> Settings:
    """Return the settings, over which the command line is laid.  Raises: pytest.UsageError -- they have no meaning."""
    overrides = Overrides(
        backends=config.getoption("backends") or (replay.backend if replay else None),
        interpreters=tuple(config.getoption("backend")),
        reference=config.getoption("reference") or (replay.reference if replay else None),
        examples=config.getoption("examples"),
        results=config.getoption("matrix_results"),
        blame=config.getoption("blame"),
        offline=config.getoption("offline"),
        strict_skew=config.getoption("strict_skew"),
        # The controller of pytest-xdist has built everything; its workers must not do it again.
        rebuild=config.getoption("rebuild") and not hasattr(config, "workerinput"),
    )
    try:
        return read_settings(config.rootpath, overrides)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None


def seed_of(worker_input: dict[str, Any] | None, setting: int | None = None) -> int:
    """Return the run's seed: Hypothesis's own, if one was given, or the setting, or a new one."""
    if worker_input is not None:
        return int(worker_input["backend_matrix_seed"])
    given = core.global_force_seed
    if isinstance(given, int):
        return given
    if setting is not None:
        return setting
    if hypothesis.settings().derandomize:
        return 0
    return random.SystemRandom().getrandbits(32)


def choose_arguments(config: pytest.Config, settings: Settings, automatic: Automatic, replay: Replay | None) -> None:
    """Without arguments, collect the case files and not ``testpaths``; with ``--auto``, only what it names.

    What is replayed is in one item.

    Raises: pytest.UsageError -- there are no case files.
    """
    if replay is not None:
        config.args[:] = [] if replay.is_automatic else [f"{settings.root / replay.item}"]
    elif config.args_source is not pytest.Config.ArgsSource.ARGS and automatic.sources:
        config.args[:] = []
    elif config.args_source is not pytest.Config.ArgsSource.ARGS:
        matching = {path for pattern in settings.cases for path in settings.root.glob(pattern)}
        found = sorted(str(path) for path in matching if not is_of_the_book(path, settings.root))
        if not found:
            raise pytest.UsageError(f"no case files: nothing matches {', '.join(settings.cases)} in {settings.root}")
        config.args[:] = found
