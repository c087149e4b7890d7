"""The colours: one calm accent, and others for what needs attention. Words say the same."""

from __future__ import annotations

ACCENT = "#7fb4ca"
BAD = "#e46876"
WARN = "#dca561"
GOOD = "#98bb6c"
DIM = "#8a8f98"
TONE_COLOURS = {"denied": BAD, "failure": WARN}
"""The colours of the tones in lists."""
