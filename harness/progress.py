"""What a run says while it works: one line, on a terminal rewritten in place, elsewhere printed now and then.

Whatever prepares something passes on lines as they come (``building ...``, ``compiling ...``, cargo's own).  From them,
a clock, and how long the same took last time, :class:`Stages` makes the text; it is pure.  :class:`ProgressLine` shows
it: with rich on a terminal, as plain lines elsewhere, at least one in a minute.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TextIO

import msgspec

from harness.builds import cache_directory, write_atomically

PLAIN_INTERVAL_S = 30.0
"""How often a plain line says how far a stage has come."""

QUIET_LIMIT_S = 45.0
"""How long a run may say nothing while items are at work."""

WIDTH = 79
SAMPLE = "sample"
USUAL_S = {"host": 330.0, SAMPLE: 3.0}
"""How long the host and one sample take on two cores, where nothing is known of this machine."""

_STAGES = (
    (re.compile(r"building the host"), "host"),
    (re.compile(r"compiling "), "samples"),
    (re.compile(r"getting "), "interpreters"),
    (re.compile(r"waiting "), "waiting"),
)
_CRATES = re.compile(r"\((\d+) crates\)")


@dataclass
class Stage:
    """A part of the preparations: when it began, and how many of its crates are done."""

    name: str
    started_s: float
    line: str
    total: int = 0
    done: int = 0


@dataclass
class Stages:
    """The preparations of a run, from the lines that they say; times are seconds of any steady clock.

    Several may be at work at once, each a ``source`` of its own.  ``last_s`` says how long each stage took the last
    time, and ``samples`` how many compilations there will be.
    """

    last_s: Mapping[str, float] = field(default_factory=dict)
    samples: int = 0
    active: dict[int, Stage] = field(default_factory=dict)
    took_s: dict[str, float] = field(default_factory=dict)
    compiled: int = 0

    def take(self, line: str, now_s: float, source: int = 0) -> str:
        """Take in a line; return the text about its stage if it is worth a line of its own, or nothing."""
        name = next((name for pattern, name in _STAGES if pattern.match(line)), None)
        stage = self.active.get(source)
        if name is None:
            if stage is not None and stage.name == "host" and line.lstrip().startswith("Compiling "):
                stage.done += 1
            return ""
        if stage is None or stage.name != name:
            self.end(now_s, source)
            stage = self.active[source] = Stage(name, now_s, line)
        stage.line = line
        if name == "host" and (crates := _CRATES.search(line)) is not None:
            stage.total = int(crates[1])
        elif name == "samples":
            self.compiled += 1
            stage.total, stage.done = self.samples, self.compiled
        return self._text_of(stage, now_s)

    def end(self, now_s: float, source: int) -> None:
        """End the stage of a source; how long it took is added to ``took_s``."""
        stage = self.active.pop(source, None)
        if stage is not None:
            self.took_s[stage.name] = self.took_s.get(stage.name, 0.0) + now_s - stage.started_s

    def text(self, now_s: float) -> str:
        """Return the line about the stage that is longest at work; empty if none is."""
        oldest = min(self.active.values(), key=lambda stage: stage.started_s, default=None)
        return "" if oldest is None else self._text_of(oldest, now_s)

    def _text_of(self, stage: Stage, now_s: float) -> str:
        parts = [stage.line.partition(" (")[0]]
        if stage.total:
            parts.append(f"crate {min(stage.done, stage.total)} of {stage.total}")
        elapsed_s = now_s - stage.started_s
        parts.append(duration(elapsed_s))
        left_s = self._left_s(stage, elapsed_s)
        if left_s is not None:
            parts.append(f"about {duration(left_s)} left")
        return ", ".join(parts)[:WIDTH]

    def _left_s(self, stage: Stage, elapsed_s: float) -> float | None:
        """Return how long a stage will still take, from the last time, or from its crates where it is late."""
        if stage.name == "samples":
            return self.last_s.get(SAMPLE, USUAL_S[SAMPLE]) * (stage.total - stage.done + 1)
        whole_s = self.last_s.get(stage.name, USUAL_S.get(stage.name))
        if whole_s is None:
            return None
        if elapsed_s < whole_s:
            return whole_s - elapsed_s
        share = stage.done / stage.total if stage.total else 0.0
        return elapsed_s * (1 - share) / share if 0.0 < share < 1.0 else None


def duration(seconds: float) -> str:
    """Return a time as people say it: ``50 s``, ``3 min 10 s``."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def items_text(done: int, total: int, findings: int, at: str, for_s: float) -> str:
    """Return the line about items: how many are done, how many findings there are, and which is at work how long."""
    found = f"{findings} finding{'' if findings == 1 else 's'} so far"
    where = f", {duration(for_s)} since {at}" if at else ""
    return f"{done} of {total} items done, {found}{where}"


class ProgressLine:
    """Shows how far the preparations are.

    ``say`` prints a whole line; ``terminal`` returns what to draw on, or None, when there is something to show.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        terminal: Callable[[], TextIO | None] = lambda: None,
        *,
        clock: Callable[[], float] = time.monotonic,
        interval_s: float = PLAIN_INTERVAL_S,
    ) -> None:
        self.stages = Stages(_last())
        self._say = say
        self._find_terminal = terminal
        self._terminal: TextIO | None = None
        self._clock = clock
        self._interval_s = interval_s
        self._said_s = clock()
        self._lock = threading.Lock()

    def take(self, line: str) -> None:
        """Take in what a preparation says; it may come from any thread."""
        with self._lock:
            text = self.stages.take(line, self._clock(), threading.get_ident())
            if text and self._terminal is None:
                self._print(text)

    def end_source(self) -> None:
        """Say that the thread that calls it has nothing more to prepare."""
        with self._lock:
            self.stages.end(self._clock(), threading.get_ident())

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Show the line while the preparations are at work, and say at the end what took how long."""
        self._terminal = self._find_terminal()
        try:
            if self._terminal is None:
                with every(self._interval_s, self._remind):
                    yield
            else:
                with self._live(self._terminal):
                    yield
        finally:
            for source in list(self.stages.active):
                self.stages.end(self._clock(), source)
            took_s = self.stages.took_s
            if took_s:
                self._say(f"prepared: {', '.join(f'{name} {round(seconds)} s' for name, seconds in took_s.items())}")
                each = {SAMPLE: took_s["samples"] / self.stages.compiled} if "samples" in took_s else {}
                _keep({**self.stages.last_s, **took_s, **each})

    def _live(self, terminal: TextIO) -> AbstractContextManager[object]:
        # Imported where there is a terminal to draw on: it takes a tenth of a second.
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        def line() -> Text:
            return Text(self.stages.text(self._clock()), no_wrap=True, overflow="ellipsis")

        console = Console(file=terminal, width=WIDTH)
        return Live(get_renderable=line, console=console, transient=True, refresh_per_second=4)

    def _remind(self) -> None:
        with self._lock:
            now_s = self._clock()
            if now_s - self._said_s >= self._interval_s and (text := self.stages.text(now_s)):
                self._print(text)

    def _print(self, text: str) -> None:
        self._said_s = self._clock()
        self._say(text)


@contextlib.contextmanager
def every(interval_s: float, do: Callable[[], None]) -> Iterator[None]:
    """Call a function in a thread of its own about four times in each interval, so that it can see what is late."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(interval_s / 4):
            do()

    thread = threading.Thread(target=run, name="backend-matrix-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _last() -> dict[str, float]:
    try:
        return msgspec.json.decode((cache_directory() / "durations.json").read_bytes(), type=dict[str, float])
    except (OSError, msgspec.DecodeError):
        return {}


def _keep(took_s: Mapping[str, float]) -> None:
    with contextlib.suppress(OSError):
        kept = {name: round(seconds, 1) for name, seconds in took_s.items() if name in USUAL_S}
        write_atomically(cache_directory() / "durations.json", msgspec.json.encode(kept))
