"""Time stands still, and nothing of the surroundings shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from audittui import timestamp
from tests.tui.driving import NOW, loop_at_rest


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(timestamp, "now", lambda: NOW)
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "no-config.toml"))
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot waits until the application rests, not until the machine has time: Textual's own
    wait takes 20 ms at least, and up to a second where others use the processor.
    """
    for module in ("textual.pilot", "textual.app"):
        monkeypatch.setattr(f"{module}.wait_for_idle", loop_at_rest)
