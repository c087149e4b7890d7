"""The size the terminal application needs."""

from __future__ import annotations

from textual.geometry import Size

SMALLEST = Size(60, 15)
"""Columns and lines of the smallest usable terminal."""


def fits(size: Size) -> bool:
    """True if a terminal of this size is large enough."""
    return size.width >= SMALLEST.width and size.height >= SMALLEST.height
