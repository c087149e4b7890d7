"""The result of a sweep, in one plain line."""

from __future__ import annotations

from collections import Counter

from audittui.integrity.verifying.verdict import FAILURES, UNSETTLED, Anchor, Verdict

_SERIOUS = (
    "REWRITTEN", "TRUNCATED", "MODIFIED", "BROKEN LINK", "MISSING", "INDEX MISMATCH",
    *sorted(UNSETTLED), "UNVERIFIABLE",
)  # fmt: skip


class Tally:
    """Counts the verdicts on one chain, by name.

    A run of absent entries counts as one if it is a fault, otherwise as its number of entries. Set
    ``unproven`` if a key is trusted but the chain has no checkpoint that it signed.
    """

    def __init__(self, chain: str) -> None:
        self.counts: Counter[str] = Counter()
        self.failed = False
        self.unproven = False
        self._chain = chain
        self._first: dict[str, int] = {}
        self._doubt = ""
        self._anchor: Anchor | None = None

    def add(self, verdict: Verdict) -> None:
        """Count one verdict."""
        name = verdict.verdict
        self.counts[name] += verdict.count
        if verdict.seq >= 0:
            self._first.setdefault(name, verdict.seq)
        if verdict.anchor is not None:
            self._anchor = verdict.anchor
        if verdict.failed:
            self.failed = True
            if not self._doubt:
                failing = [step for step in verdict.steps if step.result == "fails"]
                self._doubt = failing[0].note if failing else ""

    @property
    def code(self) -> int:
        """The exit code: 4 for a failure, 1 if something could not be verified, 3 if the result is
        undecided, or if a key is trusted and the chain has no trusted checkpoint."""
        if self.failed:
            return 4
        if self.counts["UNVERIFIABLE"]:
            return 1
        if self.unsettled:
            return 3
        return 3 if self.unproven and self.counts.total() else 0

    @property
    def gaps(self) -> int:
        """Entries that are gone for ever, by a signed gap statement."""
        return self.counts["GAP"]

    @property
    def unsettled(self) -> bool:
        """True when it is undecided whether something is missing (exit code 3)."""
        return any(self.counts[name] for name in UNSETTLED)

    def text(self) -> str:
        """The line."""
        counts, chain = self.counts, self._chain
        total = counts.total()
        wrong = [
            f"{counts[name]:,} {name}"
            + (f" (first {self._first[name]})" if name in self._first else "")
            for name in _SERIOUS
            if counts[name]
        ]
        if wrong:
            found = ", ".join(wrong)
            bad = any(counts[name] for name in FAILURES)
            late = any(counts[name] for name in UNSETTLED)
            told = (
                "is NOT as it was written" if bad
                else "cannot be settled yet" if late
                else "could not be verified"
            )  # fmt: skip
            return f"{chain} {told}: {found} of {total:,}."
        if not total:
            return f"{chain}: nothing to verify."
        if self.failed:
            return f"{chain} is doubtful: {self._doubt}."
        parts = []
        if counts["ANCHORED"]:
            parts.append(f"{counts['ANCHORED']:,} proven under a signed checkpoint")
        rest = counts["CHAINED"] + counts["UNANCHORED"]
        if rest:
            sealed = counts["ANCHORED"] or self._anchor
            parts.append(f"{rest:,} {'chained, not sealed yet' if sealed else 'chained'}")
        if counts["EXPIRED"]:
            parts.append(f"{counts['EXPIRED']:,} expired as allowed")
        if counts["EXPIRED (not yet recorded)"]:
            parts.append(f"{counts['EXPIRED (not yet recorded)']:,} expired, not yet recorded")
        if counts["GAP"]:
            parts.append(f"{counts['GAP']:,} signed as a gap")
        text = f"{chain} is as it was written: {', '.join(parts)}."
        if not counts["ANCHORED"]:
            text = f"{chain} is consistent: {', '.join(parts)}; no signed checkpoint proves it."
        return text
