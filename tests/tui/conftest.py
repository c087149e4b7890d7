"""Time stands still, and nothing of the surroundings shows."""

from __future__ import annotations

import pytest

from audittui import timestamp
from tests.tui.driving import NOW


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamp, "now", lambda: NOW)
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
