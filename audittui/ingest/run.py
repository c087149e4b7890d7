"""Appends what an importer reads, in batches, and keeps count."""

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
"""Drafts a call: ten transactions of keyed entries."""
KEPT = 20
"""Rejections that a summary keeps; all are counted."""
_UNANSWERED = ("network", "other")
"""Kinds of failures after which what was sent last may have landed all the same."""


class Summary(msgspec.Struct):
    """What an import did. ``rejections`` holds the first `KEPT` of ``rejected`` and ``conflicts``.

    ``shortened`` counts what had to be made smaller to fit into an entry; ``conflicts`` the records
    that were kept out because their key stands for an entry with other content, ``kept_conflicts``
    those that were appended under another key.
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
    """One import into ``log``: its summary, and how far it has come.

    ``skip`` records at the beginning are passed over. ``keep_conflicts`` appends a record whose key
    stands for an entry with other content under a key of its own. ``on_rejected`` is told each
    record that is not appended.

    ``handled`` counts the records from the very first that are done with, skipped ones included:
    what a next import may skip. ``unkeyed`` counts drafts that nothing keeps from being appended
    twice; ``unanswered`` is true when what was sent last may have landed.
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
        """Append every draft of ``reads``. ``progress`` gets the summary and the bytes read.

        Raises `StoreError` when the store fails; what was appended before stays, and is counted.
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
                # Everything before the first one that did not land is done with.
                self.handled = batch[len(landed)][0] - 1
            conflicts = self._count(batch, landed)
        if conflicts and self._keep_conflicts:
            self._keep(conflicts)

    def _count(
        self, batch: list[tuple[int, Read, Draft]], landed: list[Appended | KeyConflictError]
    ) -> list[tuple[Read, Draft]]:
        """Count what came of the drafts; the conflicts that are to be kept."""
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
        """Append drafts under keys that their content is part of: they too are written once."""
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
