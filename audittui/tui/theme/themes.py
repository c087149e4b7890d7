"""The theme of the application, and the one of the terminal's own sixteen colours."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import Theme

from audittui.tui.theme.palette import ACCENT, BAD, GOOD, WARN

THEME = Theme(
    name="audittui",
    primary=ACCENT,
    secondary=ACCENT,
    accent=ACCENT,
    warning=WARN,
    error=BAD,
    success=GOOD,
    foreground="#d5d8dd",
    background="#14171c",
    surface="#14171c",
    panel="#1d2229",
    dark=True,
)
PLAIN = "sixteen"
"""The theme of the terminal's own sixteen colours."""
PLAIN_THEME = replace(THEME, name=PLAIN)
