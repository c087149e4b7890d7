"""A plugin of pytest: how long each test that passed took, in seconds, in ``MUTANTS_TIMES``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_times: dict[str, float] = {}
_failed: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _times[report.nodeid] = _times.get(report.nodeid, 0.0) + report.duration
    if report.failed:
        _failed.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        passed = {name: spent for name, spent in _times.items() if name not in _failed}
        Path(os.environ["MUTANTS_TIMES"]).write_text(json.dumps(passed))
