"""Where an earlier sweep of a chain ended, and the verdicts if the chain contradicts it."""

from __future__ import annotations

import msgspec

from audittui.integrity.verifying.verdict import Step, Verdict, VerdictName
from audittui.store.identity import TableIdentity


class Mark(msgspec.Struct, frozen=True):
    """The entries below ``size`` of a chain of ``table`` were verified.

    ``head`` is the hash (hex) of the last of them, which links to all before it, and ``expires_at``
    its expiry (Unix seconds; None for never). The entries below ``anchored`` were proven under
    checkpoints signed by ``keys``.
    """

    table: TableIdentity
    chain: str
    size: int
    head: str
    expires_at: int | None = None
    anchored: int = 0
    keys: str = ""

    def anchored_by(self, keys: str) -> int:
        """How many entries, from the first on, were proven under these keys."""
        return self.anchored if keys == self.keys else 0


def shorter(mark: Mark, tip: int) -> Verdict:
    """The verdict on a chain that ends at ``tip`` (-1 if it is empty), short of ``mark``."""
    ends = "is empty" if tip < 0 else f"ends at {tip}"
    note = f"The chain {ends}, but was verified here up to entry {mark.size - 1}"
    step = Step("last sweep", "fails", f"{mark.size:,} entries", f"{tip + 1:,}", note)
    return Verdict(mark.chain, tip + 1, "TRUNCATED", f"TRUNCATED: {_lower(note)}.", (step,))


def another(mark: Mark, found: str) -> Verdict:
    """The verdict on an entry that is not the one last verified, or is gone."""
    seq = mark.size - 1
    note = f"Entry {seq} is not the one last verified here"
    if not found:
        note = f"Entry {seq}, the last one verified here, is not in the table"
    step = Step("last sweep", "fails", mark.head, found or "(absent)", note)
    name: VerdictName = "REWRITTEN" if found else "MISSING"
    return Verdict(mark.chain, seq, name, f"{name}: {_lower(note)}.", (step,))


def _lower(note: str) -> str:
    return note[0].lower() + note[1:]
