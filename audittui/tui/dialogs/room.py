"""How much room the terminal application needs."""

from __future__ import annotations

from textual.geometry import Size

SMALLEST = Size(60, 15)
"""Columns and lines of the smallest terminal that has room for everything."""


def fits(size: Size) -> bool:
    """True when a terminal of this size has room for everything."""
    return size.width >= SMALLEST.width and size.height >= SMALLEST.height
