"""A plugin of pytest: how long each test took, in seconds, written to ``MUTANTS_TIMES``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_times: dict[str, float] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _times[report.nodeid] = _times.get(report.nodeid, 0.0) + report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        Path(os.environ["MUTANTS_TIMES"]).write_text(json.dumps(_times))
