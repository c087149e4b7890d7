"""Time stands still, and nothing of the surroundings shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from audittui import timestamp
from tests.tui.driving import NOW


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(timestamp, "now", lambda: NOW)
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "no-config.toml"))
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
