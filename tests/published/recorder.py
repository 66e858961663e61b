"""A plug-in of pytest that writes what becomes of each test as it happens.

A line is in the file before the test starts and another when it is over, so that a death or a hang has a place.
It runs inside every interpreter and imports nothing of ours.
"""

import json
import os

import pytest

FILE = "BACKEND_MATRIX_RECORD"
MESSAGE_LENGTH = 2000


def _write(kind, test, message=""):
    with open(os.environ[FILE], "a", encoding="utf-8") as stream:
        stream.write(json.dumps({"kind": kind, "test": test, "message": message[:MESSAGE_LENGTH]}) + "\n")


def pytest_collectreport(report):
    if report.failed or report.skipped:
        _write("broken" if report.failed else "skipped", report.nodeid, _skipped(report))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid, location):
    _write("started", nodeid)


def pytest_runtest_logreport(report):
    """Write the verdict: a failure in set-up or tear-down is a failure too, and outweighs a pass."""
    expected = hasattr(report, "wasxfail")
    if report.failed:
        _write("failed", report.nodeid, _reason(report))
    elif report.skipped:
        _write("xfailed" if expected else "skipped", report.nodeid, _skipped(report))
    elif report.when == "call":
        _write("xpassed" if expected else "passed", report.nodeid)


def pytest_runtest_logfinish(nodeid, location):
    _write("finished", nodeid)


def _reason(report):
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash is not None else str(report.longrepr)


def _skipped(report):
    longrepr = report.longrepr
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)
