"""Requirements on a chain beyond "nothing is wrong", for cron jobs and compliance."""

from __future__ import annotations

import msgspec

from audittui import timestamp
from audittui.integrity.verifying.sweep import Sweep
from audittui.integrity.verifying.verdict import Verdict

_PROVEN = frozenset({"ANCHORED", "EXPIRED", "EXPIRED (not yet recorded)"})
_GAP = frozenset({"GAP"})
"""Entries that a sealer signed off as gone for ever."""


class Gates(msgspec.Struct, frozen=True):
    """The requirements on every chain.

    ``anchored`` requires a trusted checkpoint and everything below it proven, except for signed
    ``gaps`` if they are allowed. At most ``most`` entries may lie beyond it, the oldest at most
    ``age`` microseconds old; None sets no limit.
    """

    anchored: bool = False
    gaps: bool = False
    most: int | None = None
    age: int | None = None

    @property
    def proven(self) -> frozenset[str]:
        """The verdicts that count as proven."""
        return _PROVEN | _GAP if self.gaps else _PROVEN


class Refusal(msgspec.Struct, frozen=True):
    """A requirement that a chain does not meet: its option, and why."""

    chain: str
    gate: str
    why: str

    @property
    def text(self) -> str:
        """The line."""
        return f"{self.chain} fails {self.gate}: {self.why}."


def single_refusal(verdict: Verdict, gates: Gates) -> Refusal | None:
    """Why one entry does not meet ``--require-anchored``; None if it does, or need not."""
    if not gates.anchored or (verdict.verdict in gates.proven and not verdict.failed):
        return None
    why = f"entry {verdict.seq} is {verdict.verdict}, not proven"
    return Refusal(verdict.chain, "--require-anchored", why)


class Gate:
    """Checks one chain, by its verdicts and its sweep, against the requirements."""

    def __init__(self, chain: str, gates: Gates) -> None:
        self._chain = chain
        self._gates = gates
        self._unproven: Verdict | None = None

    def add(self, verdict: Verdict) -> None:
        """Add one verdict."""
        if self._unproven is None and (verdict.failed or verdict.verdict not in self._gates.proven):
            # The first one is enough: what lies beyond the checkpoint comes last.
            self._unproven = verdict

    def refusals(self, sweep: Sweep, now: int) -> tuple[Refusal, ...]:
        """The requirements that the chain does not meet at ``now`` (microseconds)."""
        gates, found = self._gates, []
        if gates.anchored and (why := self._why_not_proven(sweep)):
            found.append(Refusal(self._chain, "--require-anchored", why))
        if gates.most is not None and sweep.unsealed > gates.most:
            why = f"{sweep.unsealed:,} entries are not sealed; at most {gates.most:,} may be"
            found.append(Refusal(self._chain, "--max-unsealed", why))
        if gates.age is not None and sweep.oldest is not None and sweep.oldest < now - gates.age:
            why = f"an entry from {timestamp.short(sweep.oldest)} is not sealed"
            found.append(Refusal(self._chain, "--max-unsealed", why))
        if sweep.contradicted:
            why = sweep.contradicted[0].lower() + sweep.contradicted[1:]
            found.append(Refusal(self._chain, "--checkpoint", why))
        return tuple(found)

    def _why_not_proven(self, sweep: Sweep) -> str:
        found = sweep.found
        if self._unproven is not None and self._unproven.verdict == "UNVERIFIABLE":
            return "it could not be verified"
        if found is None or found.checkpoint is None:
            return "it has no checkpoint signed by a trusted key"
        if found.rewritten or found.flawed:
            return "its checkpoints cannot be trusted"
        first = self._unproven
        if first is not None and first.seq < found.checkpoint.size:
            place = f"entry {first.seq}" if first.seq >= 0 else "an item with a malformed key"
            return f"{place} is {first.verdict}, not proven"
        return ""
