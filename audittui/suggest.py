"""Suggestions for unknown names."""

from __future__ import annotations

from collections.abc import Sequence


def suggestion(name: str, known: Sequence[str]) -> str:
    """``did you mean actor`` if a known name is close, otherwise the known names."""
    import difflib

    close = difflib.get_close_matches(name[:80], known, 1)
    if close:
        return f"did you mean {close[0]}"
    return f"choose from {', '.join(known)}" if known else "none exist"
