"""What to say about a name that nobody knows."""

from __future__ import annotations

from collections.abc import Sequence


def suggestion(name: str, known: Sequence[str]) -> str:
    """``did you mean actor`` where a known name is close, else which names there are."""
    import difflib

    close = difflib.get_close_matches(name[:80], known, 1)
    if close:
        return f"did you mean {close[0]}"
    return f"there are {', '.join(known)}" if known else "there are none"
