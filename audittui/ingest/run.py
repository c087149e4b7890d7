"""Appends what an importer reads, in batches, and counts the results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import msgspec

from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.idempotency import KeyConflictError, key_fault
from audittui.ingest.source import Read, Rejected
from audittui.writer import Appended, AuditLog

BATCH = 490
"""Drafts per append: ten transactions of keyed entries."""
KEPT = 20
"""How many rejections a summary lists; all are counted."""
_UNANSWERED = ("network", "other")
"""Kinds of failures after which the last write may have succeeded nevertheless."""


class Summary(msgspec.Struct):
    """What an import did. ``rejections`` holds the first `KEPT` of ``rejected`` and ``conflicts``.

    ``shortened`` counts records that were shortened to fit into an entry; ``conflicts`` those not
    imported because their key belongs to an entry with different content, ``kept_conflicts`` those
    of them that were appended under a new key.
    """

    read: int = 0
    added: int = 0
    already_there: int = 0
    rejected: int = 0
    shortened: int = 0
    rejections: list[Rejected] = msgspec.field(default_factory=list)
    conflicts: int = 0
    kept_conflicts: int = 0


class Ingestion:
    """One import into ``log``: its summary and its progress.

    The first ``skip`` records are skipped. ``keep_conflicts`` appends a record under a new key if
    its own belongs to an entry with different content. ``on_rejected`` receives each record that is
    not appended.

    ``handled`` counts the leading records that are done, including skipped ones: the next import
    may skip as many. ``unkeyed`` counts drafts without a key, which could be appended twice;
    ``unanswered`` is True if the last write may have succeeded without a response.
    """

    def __init__(
        self,
        log: AuditLog,
        *,
        skip: int = 0,
        keep_conflicts: bool = False,
        on_rejected: Callable[[Rejected], None] | None = None,
    ) -> None:
        self.summary = Summary()
        self.skipped = 0
        self.handled = 0
        self.unkeyed = 0
        self.unanswered = False
        self._log = log
        self._skip = skip
        self._keep_conflicts = keep_conflicts
        self._on_rejected = on_rejected
        self._batch: list[tuple[int, Read, Draft]] = []

    def run(self, reads: Iterable[Read], progress: Callable[[Summary, int], None]) -> Summary:
        """Append every draft of ``reads``. ``progress`` receives the summary and the bytes read.

        Raises `StoreError` if the store fails; earlier entries stay, and are counted.
        """
        done = number = 0
        for number, one in enumerate(reads, 1):
            done = one.bytes_done
            if number <= self._skip:
                self.skipped = self.handled = number
                continue
            self.summary.read += 1
            if isinstance(one.made, Rejected):
                self.summary.rejected += 1
                self._tell(one.made)
                continue
            self.summary.shortened += one.shortened
            self.unkeyed += one.made.idempotency_key is None
            self._batch.append((number, one, one.made))
            if len(self._batch) == BATCH:
                self._flush()
                self.handled = number
                progress(self.summary, done)
        self._flush()
        self.handled = number
        progress(self.summary, done)
        return self.summary

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        landed: list[Appended | KeyConflictError] = []
        try:
            sizes = [one.size for _, one, _ in batch]
            self._log.append_each([draft for _, _, draft in batch], landed, sizes)
        except StoreError as error:
            self.unanswered = error.kind in _UNANSWERED
            raise
        except KeyboardInterrupt:
            self.unanswered = True
            raise
        finally:
            if len(landed) < len(batch):
                # Everything before the first draft that was not written is done.
                self.handled = batch[len(landed)][0] - 1
            conflicts = self._count(batch, landed)
        if conflicts and self._keep_conflicts:
            self._keep(conflicts)

    def _count(
        self, batch: list[tuple[int, Read, Draft]], landed: list[Appended | KeyConflictError]
    ) -> list[tuple[Read, Draft]]:
        """Count the results of the drafts; return the conflicts to keep."""
        kept: list[tuple[Read, Draft]] = []
        for (_, one, draft), place in zip(batch, landed, strict=False):
            if isinstance(place, Appended):
                self.summary.added += place.added
                self.summary.already_there += not place.added
            elif self._keep_conflicts:
                kept.append((one, draft))
            else:
                self._keep_out(one, place)
        return kept

    def _keep_out(self, one: Read, conflict: KeyConflictError) -> None:
        self.summary.conflicts += 1
        self._tell(Rejected(one.file, one.position, conflict.reason, conflict=True))

    def _keep(self, conflicts: list[tuple[Read, Draft]]) -> None:
        """Append drafts under keys that include their content, so they too are written once."""
        landed: list[Appended | KeyConflictError] = []
        self._log.append_each([_with_own_key(draft) for _, draft in conflicts], landed)
        for (one, _), place in zip(conflicts, landed, strict=True):
            if isinstance(place, KeyConflictError):
                self._keep_out(one, place)
            else:
                self.summary.added += place.added
                self.summary.kept_conflicts += place.added
                self.summary.already_there += not place.added

    def _tell(self, rejected: Rejected) -> None:
        if len(self.summary.rejections) < KEPT:
            self.summary.rejections.append(rejected)
        if self._on_rejected is not None:
            self._on_rejected(rejected)


def _with_own_key(draft: Draft) -> Draft:
    assert draft.idempotency_key is not None
    own = str(draft.source_digest).rpartition(":")[2]
    key = f"{draft.idempotency_key}#{own}"
    if key_fault(key):
        key = f"{hashlib.sha256(draft.idempotency_key.encode()).hexdigest()}#{own}"
    return msgspec.structs.replace(draft, idempotency_key=key)
