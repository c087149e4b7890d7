"""Verdicts on absent entries: legitimately gone, missing, or undecided.

Expiry times never decrease along a chain, so the expiry of a present entry bounds those of the
absent ones before and after it. So do the retention statements signed with the checkpoints around
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from audittui.integrity.gap import Gap, Gaps
from audittui.integrity.stored_entry import StoredEntry
from audittui.integrity.verifying.found_checkpoint import FoundCheckpoint
from audittui.integrity.verifying.lifetimes import Lifetimes
from audittui.integrity.verifying.replica_lag import advice, steps_of
from audittui.integrity.verifying.verdict import Step, Verdict, VerdictName

LONGEST_RUN = 1000
"""Absent entries in a run of up to this length get a verdict each; a longer run gets one for
all."""
Leaf = Callable[[int], bytes | str | None]
"""The sealed hash of an entry, the reason it cannot be proven, or None if none is sealed."""


class Absence:
    """Decides the verdicts on a run of absent entries.

    ``before`` and ``after`` are the nearest entries present (None if there are none); one that
    differs from what was sealed bounds nothing. ``tip`` is the seq of the chain's last entry (-1 if
    there is none). ``write_region`` is the region the chain is written in, if the reads went to
    another one.
    """

    def __init__(
        self,
        chain: str,
        lives: Lifetimes,
        gaps: Gaps,
        leaf: Leaf,
        *,
        before: StoredEntry | None,
        after: StoredEntry | None,
        tip: int,
        found: FoundCheckpoint | None,
        write_region: str = "",
    ) -> None:
        self._chain = chain
        self._lives = lives
        self._gaps = gaps
        self._leaf = leaf
        self._before = self._believed(before)
        self._after = self._believed(after)
        self._tip = tip
        self._found = found
        self._region = write_region

    def verdicts(self, first: int, last: int) -> Iterator[Verdict]:
        """The verdicts on the absent entries ``first`` to ``last``."""
        for start, end in self._runs(first, last):
            long = end - start >= LONGEST_RUN
            for seq in [start] if long else range(start, end + 1):
                yield self._verdict(seq, end if long else seq)

    def _believed(self, place: StoredEntry | None) -> StoredEntry | None:
        if place is None or place.entry is None or not place.sound:
            return None
        leaf = self._leaf(place.seq)
        if leaf is None or (isinstance(leaf, bytes) and leaf.hex() == place.digest):
            return place
        return None

    def _runs(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Split the run into parts that share the same facts."""
        lives = self._lives
        ends = [lives.recorded, lives.doubted, lives.expired, lives.ends or 0]
        ends += [bound for gap in self._gaps.all for bound in (gap.first, gap.last + 1)]
        if self._found is not None:
            ends += [self._found.known_size]
            if self._found.checkpoint is not None:
                ends += [self._found.checkpoint.size]
        cuts = sorted({end for end in ends if first < end <= last})
        for start, end in zip([first, *cuts], [*cuts, last + 1], strict=True):
            yield start, end - 1

    def _verdict(self, first: int, last: int) -> Verdict:
        gap = self._gaps.covering(first)
        if gap is not None:
            return self._gap(gap, first, last)
        lives = self._lives
        if last < lives.recorded:
            step = Step(
                "presence", "holds", f"expired below {lives.recorded}", _absent(first, last),
                "Covered by the signed prune record",
            )  # fmt: skip
            text = f"{_which(first, last)} gone, as the signed prune record allows"
            return self._told("EXPIRED", first, last, text, step)
        doubt: tuple[Step, ...] = ()
        if first < lives.doubted:
            doubt = (
                Step("prune record", "fails", "signed after the expiry", "earlier", lives.doubt),
            )
        if self._may_be_gone(first):
            following = self._after.entry.expires_at if self._after and self._after.entry else None
            if last < lives.expired or (following is not None and following <= lives.now):
                step = Step(
                    "presence", "holds", "expired by now", _absent(first, last),
                    "Expiry times never decrease along a chain, and a later one has passed",
                )  # fmt: skip
                text = f"{_which(first, last)} gone after expiring; no prune record covers this yet"
                return self._told("EXPIRED (not yet recorded)", first, last, text, step, *doubt)
            if following is not None and following - lives.now <= lives.interval:
                step = Step(
                    "presence", "not checked", "an entry, or its expiry", _absent(first, last),
                    "The next known expiry is within one sealing interval",
                )  # fmt: skip
                name: VerdictName = "MISSING (may have expired)"
                softer = tuple(map(_softer, doubt))
                return self._told(name, first, last, _gone(first, last), step, *softer)
        return self._missing(first, last, doubt)

    def _may_be_gone(self, first: int) -> bool:
        """False if an entry before ``first`` has not expired, by its own record or a signed one."""
        lives, before = self._lives, self._before
        if lives.ends is not None and first >= lives.ends:
            return False
        if before is None or before.entry is None:
            return True
        until = before.entry.expires_at
        return until is not None and until <= lives.now

    def _missing(self, first: int, last: int, doubt: tuple[Step, ...]) -> Verdict:
        note = "Strongly consistent read of the base table"
        known = self._found.known_size if self._found is not None else 0
        truncated = first > self._tip and first < known
        text = _gone(first, last)
        if truncated:
            text += f", but a signed checkpoint of size {known:,} holds it"
        if self._region:
            name: VerdictName = (
                "TRUNCATED (may not be replicated yet)" if truncated
                else "MISSING (may not be replicated yet)"
            )  # fmt: skip
            text += f". {advice(self._region)}"
            step = Step("presence", "not checked", "an entry", _absent(first, last), note)
            return self._told(name, first, last, text, step, *map(_softer, doubt))
        step = Step("presence", "fails", "an entry", _absent(first, last), note)
        if doubt:
            text += f". {self._lives.doubt}"
        return self._told("TRUNCATED" if truncated else "MISSING", first, last, text, step, *doubt)

    def _gap(self, gap: Gap, first: int, last: int) -> Verdict:
        """The verdict on entries covered by a signed gap statement."""
        text = f"{_which(first, last)} gone; a trusted key signed the reason: {gap.reason}"
        for seq in range(first, last + 1):
            leaf = self._leaf(seq)
            if leaf is None:
                text += ". No checkpoint covers the statement yet"
                break
            if isinstance(leaf, str):
                step = Step("inclusion proof", "fails", "the signed root", "another root", leaf)
                return self._told("UNVERIFIABLE", first, last, leaf, step)
            if leaf != gap.leaf(seq):
                note = f"Seq {seq} was sealed as an entry, not as a gap"
                step = Step("gap statement", "fails", gap.leaf(seq).hex(), leaf.hex(), note)
                return self._missing(first, last, (step,))
        step = Step("presence", "holds", "a gap", _absent(first, last), gap.reason)
        return self._told("GAP", first, last, text, step)

    def _told(self, name: VerdictName, first: int, last: int, text: str, *steps: Step) -> Verdict:
        found = self._found
        counted = name in ("GAP", "EXPIRED", "EXPIRED (not yet recorded)")
        return Verdict(
            self._chain, first, name, f"{name}: {text}.",
            (*(steps_of(found, self._region) if found is not None else ()), *steps),
            anchor=found.anchor if found is not None else None,
            count=last - first + 1 if counted else 1,
        )  # fmt: skip


def _which(first: int, last: int) -> str:
    if first == last:
        return f"seq {first} is"
    return f"seq {first} to {last} ({last - first + 1:,} entries) are"


def _gone(first: int, last: int) -> str:
    return f"{_which(first, last)} not in the table"


def _absent(first: int, last: int) -> str:
    return "absent" if first == last else "all absent"


def _softer(step: Step) -> Step:
    """The step as "not checked": it may fail for another reason."""
    return Step(step.name, "not checked", step.expected, step.found, step.note)
