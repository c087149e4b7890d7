"""The missing seqs of a chain that a tail has skipped, and looks for again from time to time.

Otherwise anyone who can put one item far beyond a chain's end would blind the tail to everything
written in between. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

KEPT = 4
"""Gaps remembered: the widest ones."""

Gap = tuple[int, int]
"""The first and the last missing seq."""


def with_gap(gaps: Sequence[Gap], first: int, last: int) -> tuple[Gap, ...]:
    """``gaps`` with one more; only the widest `KEPT` are kept."""
    return tuple(sorted((*gaps, (first, last)), key=_width, reverse=True)[:KEPT])


def without(gaps: Sequence[Gap], seq: int) -> tuple[Gap, ...]:
    """``gaps`` after ``seq`` was found, with what is left on either side of it."""
    left: list[Gap] = []
    for first, last in gaps:
        if first <= seq <= last:
            left += [side for side in ((first, seq - 1), (seq + 1, last)) if _width(side) > 0]
        else:
            left.append((first, last))
    return tuple(sorted(left, key=_width, reverse=True)[:KEPT])


def _width(gap: Gap) -> int:
    return gap[1] - gap[0] + 1
