"""Counts with nouns."""

from __future__ import annotations

_PLURALS = {"entry": "entries"}
"""Nouns with an irregular plural."""


def counted(count: int, noun: str) -> str:
    """A count with its noun: ``1 row``, ``2,500 rows``, ``3 entries``."""
    return f"{count:,} {noun if count == 1 else _PLURALS.get(noun, noun + 's')}"
