"""How often workers may be replaced: a case in which everything dies must not take the whole run."""

from __future__ import annotations

from harness.errors import RestartsLimitError

OF_A_CASE = 300
OF_A_RUN = 3000


class Restarts:
    """Counts the workers of a run that died or hung; shared by its lanes."""

    def __init__(self, *, of_a_case: int = OF_A_CASE, of_a_run: int = OF_A_RUN) -> None:
        self.of_a_case = of_a_case
        self.of_a_run = of_a_run
        self.in_case = 0
        self.in_run = 0

    def begin_case(self) -> None:
        """Count the next case's from nothing."""
        self.in_case = 0

    def count(self, backend: str) -> None:
        """Count one.  Raises: RestartsLimitError -- it was one too many for the case, or for the run."""
        self.in_case += 1
        self.in_run += 1
        if self.in_case > self.of_a_case:
            raise RestartsLimitError(
                f"workers died or hung more than {self.of_a_case} times in this case, the last time on {backend}; "
                f"what was found up to then is kept (setting restarts-per-case)"
            )
        if self.in_run > self.of_a_run:
            raise RestartsLimitError(
                f"workers died or hung more than {self.of_a_run} times in this run, the last time on {backend}; "
                f"what was found up to then is kept (setting restarts-per-run)"
            )
