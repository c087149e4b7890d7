"""Suggestions for unknown names in a runbook."""

from __future__ import annotations

from audittui.suggest import suggestion

__all__ = ["suggestion"]
