"""Start the workers of a lane, one of them before it is needed."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import WorkerProtocolError, WorkerStartError
from harness.observation import Wire
from harness.process import WorkerCommand, WorkerProcess


class LoadFailedError(WorkerStartError):
    """The extension could not be imported; ``exception`` is what it raised, in wire form."""

    def __init__(self, backend: str, module: str, exception: Wire) -> None:
        super().__init__(f"{backend}: import of {module} raised {exception[1]}: {exception[3].get('str')}")
        self.exception = exception


class Workers:
    """Starts workers that have imported a module, and keeps at most one spare."""

    def __init__(
        self, backend: str, command: WorkerCommand, module: str, paths: Sequence[str], caller: str | None
    ) -> None:
        self.backend = backend
        self.command = command
        self.module = module
        self._paths = list(paths)
        self._caller = caller
        self._spare: WorkerProcess | None = None
        self._asked = False

    def take(self) -> WorkerProcess:
        """Return the spare, or start a worker and wait for it.

        Raises: LoadFailedError -- the import raised; WorkerStartError, WorkerProtocolError -- it cannot be started.
        """
        spare, self._spare = self._spare, None
        if spare is not None:
            try:
                if not spare.has_ended():
                    self._load(spare, asked=self._asked)
                    return spare
            except (WorkerStartError, WorkerProtocolError):
                # If this was no accident, the worker that is started instead raises the same.
                pass
            except BaseException:
                spare.kill()
                raise
            spare.kill()
        worker = WorkerProcess.launch(self.backend, self.command)
        try:
            self._load(worker, asked=False)
        except BaseException:
            worker.kill()
            raise
        return worker

    def start_spare(self) -> None:
        """Start a spare and do not wait for it; one that cannot be started is none."""
        if self._spare is None:
            try:
                self._spare = WorkerProcess.launch(self.backend, self.command)
            except WorkerStartError:
                return
            self._asked = False

    def advance_spare(self) -> None:
        """Have a spare that has said hello import the module, without waiting for it."""
        if self._spare is not None and not self._asked:
            try:
                self._spare.read_available()
                if b"\n" in self._spare.incoming:
                    self._spare.greet()
                    self._ask(self._spare)
                    self._asked = True
            except (WorkerStartError, WorkerProtocolError):
                self.close_spare()

    def close_spare(self) -> None:
        """End the spare, if there is one."""
        if self._spare is not None:
            self._spare.kill()
            self._spare = None

    def _ask(self, worker: WorkerProcess) -> None:
        worker.ask_to_load(self.module, self._paths, self._caller)

    def _load(self, worker: WorkerProcess, *, asked: bool) -> None:
        if not asked:
            worker.greet()
            self._ask(worker)
        failed = worker.loaded(self.module)
        if failed is not None:
            raise LoadFailedError(self.backend, self.module, failed)
