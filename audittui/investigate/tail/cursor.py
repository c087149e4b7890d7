"""Where a live tail is, as text that a later tail resumes from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import msgspec

from audittui.errors import UsageError
from audittui.query.cursor_text import cursor_parts, cursor_text
from audittui.runbook.plan import RowFilter

MARK_BYTES = 8
"""Bytes of a row's mark: a digest of its key."""


class ChainPlace(msgspec.Struct, frozen=True, array_like=True):
    """How far one chain is followed.

    ``seq`` is the last one processed (-1 for none). Up to ``tip`` only rows since the tail's
    ``since`` match. ``loose``: the next seq is not known. ``gaps`` are missing seqs (first and
    last) that were given up.
    """

    seq: int
    tip: int = -1
    loose: bool = False
    gaps: tuple[tuple[int, int], ...] = ()


class WindowPlace(msgspec.Struct, frozen=True, array_like=True):
    """How far an index is polled; times in microseconds.

    ``start`` is where the next poll begins, ``begin`` the tail's own beginning. Rows before
    ``horizon`` are processed, and so are those whose marks are in ``marks`` (`MARK_BYTES` each),
    with the tick of each in ``ticks``. ``newest`` is the newest sort value seen.
    """

    start: int
    begin: int
    horizon: int
    newest: int
    overlap: int
    marks: bytes
    ticks: tuple[int, ...]


class TailCursor(msgspec.Struct, frozen=True, array_like=True):
    """The parts of a tail's cursor: ``chains`` or ``window`` is set, depending on the layout."""

    kind: Literal["tail-1"]
    question: str
    since: int | None
    chains: dict[str, ChainPlace] | None = None
    window: WindowPlace | None = None


def question_digest(runbook: str, layout: str, *conditions: Sequence[RowFilter]) -> str:
    """A short digest of what a tail asks."""
    seen = repr((runbook, layout, *map(tuple, conditions)))
    return hashlib.sha256(seen.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def encode_tail_cursor(cursor: TailCursor) -> str:
    """The text of a cursor."""
    return cursor_text(cursor)


def decode_tail_cursor(text: str) -> TailCursor:
    """Decode a cursor. Raises `UsageError`."""
    try:
        return cursor_parts(text, TailCursor)
    except ValueError:
        raise UsageError(
            "The cursor is damaged or does not belong to a tail.",
            "Copy all of it from the line that audittui tail printed.",
        ) from None
