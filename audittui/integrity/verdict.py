"""Verdicts: what was checked of one entry, against what, and what came of it."""

from __future__ import annotations

from typing import Literal

import msgspec

VerdictName = Literal[
    "ANCHORED",
    "CHAINED",
    "UNANCHORED",
    "EXPIRED",
    "MODIFIED",
    "BROKEN LINK",
    "MISSING",
    "TRUNCATED",
    "REWRITTEN",
    "INDEX MISMATCH",
    "UNVERIFIABLE",
    "GAP",
    "EXPIRED (not yet recorded)",
    "MISSING (may have expired)",
    "MISSING (may not be replicated yet)",
    "TRUNCATED (may not be replicated yet)",
    "REWRITTEN (may not be replicated yet)",
]

FAILURES: frozenset[str] = frozenset(
    {"MODIFIED", "BROKEN LINK", "MISSING", "TRUNCATED", "REWRITTEN", "INDEX MISMATCH"}
)
"""The verdicts that say that something is wrong (exit code 4)."""

UNSETTLED: frozenset[str] = frozenset(
    {
        "MISSING (may have expired)", "MISSING (may not be replicated yet)",
        "TRUNCATED (may not be replicated yet)", "REWRITTEN (may not be replicated yet)",
    }
)  # fmt: skip
"""The verdicts that say that nobody can tell yet (exit code 3)."""


class Step(msgspec.Struct, frozen=True):
    """One comparison. ``result`` is ``holds``, ``fails`` or ``not checked``.

    ``expected`` and ``found`` are texts (hashes in hex); ``note`` says in words what it means.
    """

    name: str
    result: Literal["holds", "fails", "not checked"]
    expected: str = ""
    found: str = ""
    note: str = ""


class Anchor(msgspec.Struct, frozen=True):
    """The checkpoint that an entry was held against: its log, its size, and when it was signed.

    ``sealed_at`` is the sealer's clock, as the table tells it; nothing signs it.
    """

    origin: str
    size: int
    sealed_at: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """The verdict on one entry, with the steps that led to it and a sentence for people.

    ``rcu`` is what it took to read the entry, its neighbours, the checkpoint and the proof;
    ``pin_rcu`` what it took to prove the checkpoint consistent with the pinned one. ``proof`` is
    the inclusion proof as a C2SP tlog-proof, where the entry is proven. ``expired`` entries are
    still there, but may go at any moment. ``count`` is the number of entries that one verdict on a
    run of absent ones speaks of. ``body_hash`` is that of the body that was judged, in hex; empty
    where none was.
    """

    chain: str
    seq: int
    verdict: VerdictName
    summary: str
    steps: tuple[Step, ...] = ()
    rcu: float = 0.0
    anchor: Anchor | None = None
    pin_rcu: float = 0.0
    proof: bytes = b""
    expired: bool = False
    count: int = 1
    body_hash: str = ""

    @property
    def unsettled(self) -> bool:
        """True when nothing is proven wrong, and nothing is proven right either."""
        return self.verdict in UNSETTLED

    @property
    def failed(self) -> bool:
        """True when something is wrong with the entry, or with what should prove it."""
        return self.verdict in FAILURES or any(step.result == "fails" for step in self.steps)
