"""Where the last good sweep of a chain ended, kept on this machine for ``--since last``."""

from __future__ import annotations

import hashlib
from pathlib import Path

from audittui.config import state_folder


def load_mark(place: str, chain: str) -> int:
    """The seq from which on nothing was verified yet; 0 where no sweep is known."""
    try:
        text = _path(place, chain).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return 0
    return int(text) if text.isdigit() and len(text) <= 20 else 0


def save_mark(place: str, chain: str, seq: int) -> None:
    """Remember that everything below ``seq`` was verified, if that is possible."""
    path = _path(place, chain)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(f"{seq}\n", encoding="ascii")
        path.chmod(0o600)
    except OSError:
        return


def _path(place: str, chain: str) -> Path:
    name = hashlib.sha256(f"{place}\n{chain}".encode()).hexdigest()[:32]
    return state_folder() / "verified" / name
