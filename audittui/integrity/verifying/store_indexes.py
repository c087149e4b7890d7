"""Holds the indexes of an embedded store against a chain's entries.

Nobody can change DynamoDB's indexes directly. Those of an embedded store are tables in a file:
deleting or moving a row there hides an entry from every list, while the entry itself is unchanged.
"""

from __future__ import annotations

from typing import Any

import msgspec

from audittui.integrity.stored_entry import StoredEntry, seq_of_key
from audittui.integrity.verifying.verdict import FAILURES, Step, Verdict
from audittui.layout.model import Layout
from audittui.store.port import KeepsIndexes, Store


class StoreIndexes:
    """The faults in one chain's index rows. ``faults`` are by seq; `compare` fills them."""

    def __init__(self, store: Store, layout: Layout, chain: str) -> None:
        self.faults: dict[int, tuple[Step, ...]] = {}
        self._store = store
        self._layout = layout
        self._chain = chain

    def compare(self, *seqs: int) -> None:
        """Compare the indexes with all entries of the chain, or those of ``seqs``.

        Raises `StoreError`.
        """
        store, sort = self._store, self._layout.sort.attribute
        if not isinstance(store, KeepsIndexes):
            return
        keys: list[Any] = [self._layout.key(self._chain, seq)[sort] for seq in seqs]
        partition = self._layout.key(self._chain, 0)[self._layout.partition.attribute]
        for fault in store.index_faults(str(partition), keys or None):
            seq = seq_of_key(fault.key)
            note = f"The index {fault.index} {fault.why}, so lists are wrong"
            step = Step(f"index {fault.index}", "fails", fault.expected, fault.found, note)
            self.faults[seq] = (*self.faults.get(seq, ()), step)

    def with_faults(self, verdict: Verdict, place: StoredEntry) -> Verdict:
        """``verdict`` on an entry, including its index faults."""
        steps = self.faults.get(place.seq)
        if steps is None:
            return verdict
        text = " ".join(f"{step.note}." for step in steps[:3])
        name = verdict.verdict if verdict.verdict in FAILURES else "INDEX MISMATCH"
        summary = f"{verdict.summary} {text}" if verdict.verdict in FAILURES else text
        return msgspec.structs.replace(
            verdict, verdict=name, summary=summary, steps=(*verdict.steps, *steps)
        )
