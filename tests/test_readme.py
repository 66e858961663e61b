"""The README's commands are the ones that CI runs, and what it shows exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)


def test_the_readme_starts_with_the_two_commands() -> None:
    main_job, tests = COMMANDS
    assert main_job.endswith(".venv/bin/pytest --backend-matrix -n auto")
    assert tests.endswith(".venv/bin/pytest -n auto")
    assert README.index(tests) < README.index("## What it is")


def test_ci_runs_the_readmes_test_command() -> None:
    assert COMMANDS[1] in (ROOT / ".ci" / "run").read_text()
    assert "- run: .ci/run" in (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    nightly = (ROOT / ".github" / "workflows" / "nightly.yml").read_text()
    assert COMMANDS[0] in re.sub(r"\s+", " ", nightly)


def test_every_page_that_is_linked_is_there() -> None:
    pages = [*ROOT.glob("docs/*.md"), ROOT / "README.md"]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
