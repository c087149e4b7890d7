"""Settings of all tests: their order, their signals, and the profile of property tests."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

# Property tests are judged by what they find, not by their time on a busy machine.
settings.register_profile(
    "audittui", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("audittui")

LONG = (
    "tests/tui/test_fuzz.py",
    "tests/test_bundle.py",
    "tests/store/test_writers_killed.py",
    "tests/test_real_logs.py",
    "tests/terminal/",
    "tests/tui/test_hostile.py",
    "tests/faults/",
    "tests/test_readme.py",
    "tests/tui/",
)
"""Slow tests, the slowest first."""


def pytest_configure() -> None:
    """Undo that a shell's background job, and what it starts, ignores Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, default)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests run first, so that no core idles while the last one runs."""

    def place(item: pytest.Item) -> int:
        return next((at for at, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))

    items.sort(key=place)
