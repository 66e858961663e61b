"""What ``--auto`` names: an extension, its surface as the reference shows it, and the worker that is asked."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

import msgspec

from harness import lanes
from harness.auto.probing import probe_on
from harness.auto.scouting import Scout
from harness.auto.selection import Selection, select
from harness.auto.stubs import Stubs, read_stubs
from harness.auto.surface import Surface, surface_of
from harness.auto.workshop import Workshop
from harness.codec import decode
from harness.errors import ExtensionError, WorkerStartError
from harness.extensions import Extension
from harness.lanes import Lane
from harness.matrix import Matrix
from harness.observation import Raised, Returned
from harness.program import Program, Step
from harness.protocol import encode_body

INSIDE = Path(__file__).parent / "inside"
SCRIPT = "matrix_surface"


class Source:
    """One extension whose cases are made from its own surface.

    The extension is imported by a worker of the reference only, never by this process.
    """

    def __init__(self, path: Path, matrix: Matrix, selection: Selection) -> None:
        self.path = path
        self.matrix = matrix
        self.selection = selection
        self.left_out: tuple[str, ...] = ()
        self._lane: Lane | None = None

    @cached_property
    def extension(self) -> Extension:
        """The crate or installed module.  Raises: ExtensionError -- it is neither."""
        return self.matrix.extension(str(self.path), self.path)

    @cached_property
    def workshop(self) -> Workshop:
        """What makes its cases.

        Raises: BuildError -- it does not compile for the reference; WorkerStartError, ExtensionError -- the
        reference cannot import it, or cannot say what is in it.
        """
        reference = self.matrix.settings.reference
        site = str(self.matrix.built(reference, self.extension).site)
        command = self.matrix.backend(reference).command
        asked = Lane(reference, command, SCRIPT, [str(INSIDE), site], timeout_s=60.0)
        try:
            surface, self.left_out = select(ask_surface(asked, self.extension), self.selection)
        finally:
            asked.close()
        # A worker of its own: what is tried must leave no traces where examples are compared.
        timeout_s = self.matrix.settings.timeout_s
        self._lane = Lane(reference, command, self.extension.module, [site], timeout_s=timeout_s)
        stubs = find_stubs(self.extension, Path(site))
        return Workshop(Scout(surface, stubs, probe_on(self._lane, self.extension.module)))

    def close(self) -> None:
        """End the worker that is asked."""
        if self._lane is not None:
            self._lane.close()


def ask_surface(lane: Lane, extension: Extension) -> Surface:
    """Return what an extension shows of itself in the worker behind a lane.

    Raises: ExtensionError -- it cannot be imported there, or does not let itself be looked at.
    """
    program = Program(SCRIPT, (Step("call", "describe", (extension.module,)),))
    lane.send([(0, encode_body(program))])
    lanes.pump([lane], wait=True)
    (observation,) = lane.replies.popleft()[1].observations(1, lane.backend)
    match observation.outcome:
        case Returned(value=wire):
            try:
                return surface_of(decode(wire))
            except (msgspec.ValidationError, ValueError) as error:
                raise ExtensionError(f"{extension.module}: its surface is not understood: {error}") from None
        case Raised(exception=exception):
            why = f"raised {str(exception[1]).removeprefix('builtins.')}: {exception[3].get('str')}"
        case ended:
            why = f"ended the worker: {ended}"
    hint = ""
    if extension.installed is not None:
        hint = (
            f"; {extension.installed.name} is an installed module, which only the interpreter that it was installed "
            f"for can import: name that one with --backend {lane.backend}=PATH"
        )
    raise WorkerStartError(f"{lane.backend}: the import of {extension.module} {why}{hint}")


def find_stubs(extension: Extension, site: Path) -> Stubs:
    """Return what the stub files of a module say, wherever they lie; nothing if there are none that can be read."""
    stem = extension.module.rpartition(".")[2]
    package = site.joinpath(*extension.module.split("."))
    places = [
        *(package.with_suffix(".pyi"), package / "__init__.pyi", package / f"{stem}.pyi"),
        *(extension.directory / f"{stem}.pyi", extension.directory / stem / "__init__.pyi"),
    ]
    for place in places:
        if os.path.isfile(place):
            try:
                return read_stubs(place.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, SyntaxError):
                continue
    return Stubs()
