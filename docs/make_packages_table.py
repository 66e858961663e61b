"""Write ``docs/packages.md``: published packages and their own suites, one row for each test, on every backend.

    python docs/make_packages_table.py                 # all packages; what has been run before is taken from the cache
    python docs/make_packages_table.py --only NAME     # one package, printed and not written
    python docs/make_packages_table.py --refresh       # pins the newest versions first

Packages, versions and hashes stand in ``tests/published/packages.toml``.  Needs pip's and cargo's registries.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "packages.md"
sys.path.insert(0, str(ROOT / "tests"))

from published import pins, report, suites  # noqa: E402

from harness.backends import DEFAULT_BACKENDS, Request, provide  # noqa: E402
from harness.errors import BuildError, ExtensionError  # noqa: E402


def progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def outcome(package: pins.Package, backends: list[suites.Backend]) -> report.Outcome:
    """Run one package on every backend; a compiler's refusal is an outcome."""
    fetched = pins.fetch(package, progress)
    pyo3 = pins.pyo3_version(fetched)
    made = report.Outcome(package, ".".join(map(str, pyo3)) if pyo3 else "none")
    if not pyo3:
        made.refused["all"] = "it does not use PyO3"
        return made
    if pyo3 < report.FIRST_PYO3:
        made.refused["all"] = f"its PyO3 is older than {'.'.join(map(str, report.FIRST_PYO3))}"
        return made
    tools = pins.tools(package, progress)
    for backend in backends:
        try:
            made.suites[backend.name] = suites.run_suite(fetched, backend, tools, progress)
        except (BuildError, ExtensionError, suites.SuiteError) as error:
            progress(str(error))
            made.refused[backend.name] = f"{backend.name}: {suites.reason_of(error)}"
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", help="run one package and print its part of the page")
    parser.add_argument("--refresh", action="store_true", help="pin the newest versions first")
    options = parser.parse_args()
    if options.refresh:
        pins.TABLE.write_text(pins.refreshed(pins.TABLE.read_text(encoding="utf-8"), progress), encoding="utf-8")
    backends = [provide(name, Request(None, progress)) for name in DEFAULT_BACKENDS]
    chosen = [each for each in pins.read_packages() if options.only in (None, each.name)]
    if not chosen:
        parser.error(f"{options.only} is not in {pins.TABLE.relative_to(ROOT)}")
    outcomes = [outcome(package, backends) for package in chosen]
    versions = {backend.name: str(backend.versions["interpreter"]) for backend in backends}
    page = report.render(outcomes, DEFAULT_BACKENDS, versions)
    if options.only:
        print(page)
    else:
        PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
