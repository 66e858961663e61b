"""The same seed draws the same examples, in whatever process and after whatever else.

Hypothesis mixes constants into what it draws that it finds in the sources of local modules, those of the harness if
it is installed in place. Which modules are loaded depends on what ran before, on ``-n``, and on what is imported
late; so the same item with the same seed would draw other programs in another run. What is under test is no Python
module anyway.  Source: Hypothesis 6.131, "constants" in its changes; there is no setting for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock

from hypothesis.internal import constants_ast
from hypothesis.internal.conjecture import providers


@contextlib.contextmanager
def without_local_constants() -> Iterator[None]:
    """Let Hypothesis draw, while the context lasts, as if no module were local; other tests are not concerned."""
    if not hasattr(providers, "_get_local_constants"):
        # A later Hypothesis that does it in another way; tests/test_repeatable.py then says so.
        yield
        return
    none = constants_ast.Constants()
    with mock.patch.object(providers, "_get_local_constants", return_value=none):
        # What is permitted where was worked out with the constants that were known then.
        providers.CONSTANTS_CACHE.cache.clear()
        try:
            yield
        finally:
            providers.CONSTANTS_CACHE.cache.clear()
