"""Where the last good sweep of a chain ended, kept on this machine for ``--since last``."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from audittui.config import state_folder
from audittui.whole_file import replace


def load_mark(place: str, chain: str) -> int:
    """The seq from which on nothing was verified yet; 0 where no sweep is known."""
    try:
        text = _path(place, chain).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return 0
    return int(text) if text.isdigit() and len(text) <= 20 else 0


def save_mark(place: str, chain: str, seq: int) -> None:
    """Remember that everything below ``seq`` was verified, if that is possible."""
    with contextlib.suppress(OSError):
        replace(_path(place, chain), f"{seq}\n".encode())


def _path(place: str, chain: str) -> Path:
    name = hashlib.sha256(f"{place}\n{chain}".encode()).hexdigest()[:32]
    return state_folder() / "verified" / name
