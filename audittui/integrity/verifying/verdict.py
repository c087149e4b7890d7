"""Verdicts: what was checked on one entry, against what, and the result."""

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
"""The verdicts that report a failure (exit code 4)."""

UNSETTLED: frozenset[str] = frozenset(
    {
        "MISSING (may have expired)", "MISSING (may not be replicated yet)",
        "TRUNCATED (may not be replicated yet)", "REWRITTEN (may not be replicated yet)",
    }
)  # fmt: skip
"""The verdicts that are undecided (exit code 3)."""


class Step(msgspec.Struct, frozen=True):
    """One comparison. ``result`` is ``holds``, ``fails`` or ``not checked``.

    ``expected`` and ``found`` are texts (hashes in hex); ``note`` explains the result.
    """

    name: str
    result: Literal["holds", "fails", "not checked"]
    expected: str = ""
    found: str = ""
    note: str = ""


class Anchor(msgspec.Struct, frozen=True):
    """The checkpoint that an entry was held against: its log, its size, and when it was sealed.

    ``sealed_at`` is the sealer's clock as stored in the table; it is not signed.
    """

    origin: str
    size: int
    sealed_at: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """The verdict on one entry, with the steps that led to it and a sentence for people.

    ``rcu`` is the cost of reading the entry, its neighbours, the checkpoint and the proof;
    ``pin_rcu`` that of proving the checkpoint consistent with the pinned one. ``proof`` is the
    inclusion proof as a C2SP tlog-proof, if the entry is proven. ``expired`` entries are still
    present, but may be deleted at any moment. ``count`` is the number of entries that a verdict on
    a run of absent ones covers. ``body_hash`` is the hash of the verified body, in hex; empty if
    there is none.
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
        """True when nothing is proven either right or wrong."""
        return self.verdict in UNSETTLED

    @property
    def failed(self) -> bool:
        """True when something is wrong with the entry, or with what should prove it."""
        return self.verdict in FAILURES or any(step.result == "fails" for step in self.steps)
