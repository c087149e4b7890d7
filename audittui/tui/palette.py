"""The theme: one calm accent, and a colour for what needs a look. Words say the same."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import Theme

ACCENT = "#7fb4ca"
BAD = "#e46876"
WARN = "#dca561"
GOOD = "#98bb6c"
DIM = "#8a8f98"

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
OUTCOME_COLOURS = {"denied": BAD, "failure": WARN}
