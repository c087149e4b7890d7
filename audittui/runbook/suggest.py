"""What to say about a name that nobody knows, in a runbook."""

from __future__ import annotations

from audittui.suggest import suggestion

__all__ = ["suggestion"]
