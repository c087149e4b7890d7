"""Appends what an importer reads, in batches, and keeps count."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from audittui.entry import Draft
from audittui.ingest.source import Read, Rejected
from audittui.writer import AuditLog

BATCH = 490
"""Drafts a call: ten transactions of keyed entries."""
KEPT = 20
"""Rejections that a summary keeps; all are counted."""


class Summary(msgspec.Struct):
    """What an import did. ``rejections`` holds the first `KEPT` of ``rejected``; ``shortened``
    counts what had to be made smaller to fit into an entry."""

    read: int = 0
    added: int = 0
    already_there: int = 0
    rejected: int = 0
    shortened: int = 0
    rejections: list[Rejected] = msgspec.field(default_factory=list)


def ingest(
    reads: Iterable[Read], log: AuditLog, progress: Callable[[Summary, int], None]
) -> Summary:
    """Append every draft of ``reads`` to ``log``. ``progress`` gets the summary and the bytes read.

    Raises `StoreError` when the store fails; what was appended before stays, and an import with
    idempotency keys can simply be run again.
    """
    summary = Summary()
    batch: list[Draft] = []

    def flush(bytes_done: int) -> None:
        if batch:
            for place in log.append_many(batch):
                if place.added:
                    summary.added += 1
                else:
                    summary.already_there += 1
            batch.clear()
        progress(summary, bytes_done)

    done = 0
    for one in reads:
        done = one.bytes_done
        summary.read += 1
        if isinstance(one.made, Rejected):
            summary.rejected += 1
            if len(summary.rejections) < KEPT:
                summary.rejections.append(one.made)
            continue
        summary.shortened += one.shortened
        batch.append(one.made)
        if len(batch) == BATCH:
            flush(done)
    flush(done)
    return summary
