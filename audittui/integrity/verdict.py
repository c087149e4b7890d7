"""Verdicts: what was checked of one entry, against what, and what came of it (DESIGN §6)."""

from __future__ import annotations

from typing import Literal

import msgspec

VerdictName = Literal[
    "CHAINED",
    "UNANCHORED",
    "MODIFIED",
    "BROKEN LINK",
    "MISSING",
    "INDEX MISMATCH",
    "UNVERIFIABLE",
]

FAILURES: frozenset[str] = frozenset({"MODIFIED", "BROKEN LINK", "MISSING", "INDEX MISMATCH"})
"""The verdicts that say that something is wrong (exit code 4)."""


class Step(msgspec.Struct, frozen=True):
    """One comparison. ``result`` is ``holds``, ``fails`` or ``not checked``.

    ``expected`` and ``found`` are texts (hashes in hex); ``note`` says in words what it means.
    """

    name: str
    result: Literal["holds", "fails", "not checked"]
    expected: str = ""
    found: str = ""
    note: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """The verdict on one entry, with the steps that led to it and a sentence for people."""

    chain: str
    seq: int
    verdict: VerdictName
    summary: str
    steps: tuple[Step, ...] = ()
    rcu: float = 0.0

    @property
    def failed(self) -> bool:
        """True when something is wrong with the entry."""
        return self.verdict in FAILURES
