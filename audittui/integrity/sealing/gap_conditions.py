"""What must be true before a gap is signed."""

from __future__ import annotations

from audittui.errors import UsageError
from audittui.integrity.chain_reader import ChainReader
from audittui.integrity.gap import Gap, Gaps

MAX_REASON = 1000
MAX_ENTRIES = 1_000_000
"""Entries of one gap: each of them takes a leaf."""


def demand_reason(reason: str) -> str:
    """``reason`` as it is signed. Raises `UsageError` where it cannot stand in a note."""
    reason = reason.strip()
    if not reason:
        raise UsageError("A gap needs a reason.", "Give --reason TEXT.")
    if len(reason) > MAX_REASON or not reason.isprintable():
        raise UsageError(
            f"The reason must be one line of at most {MAX_REASON:,} printable characters."
        )
    return reason


def demand_gap(reader: ChainReader, gap: Gap, size: int, known: Gaps) -> None:
    """Raise `UsageError` unless all of ``gap`` is gone, and nothing else around it.

    ``size`` is how many entries are sealed, ``known`` are the gaps that are signed already.
    """
    chain, first, last = reader.chain, gap.first, gap.last
    if first < size:
        raise UsageError(
            f"{chain} is sealed up to entry {size - 1}: what was sealed cannot become a gap."
        )
    if last - first >= MAX_ENTRIES:
        raise UsageError(f"A gap has at most {MAX_ENTRIES:,} entries.")
    if any(one.first <= last and first <= one.last for one in known.all):
        raise UsageError(f"Another gap of {chain} holds some of {first}..{last}.")
    for place in reader.between(first, last):
        raise UsageError(f"Entry {place.seq} of {chain} is there: only what is gone can be a gap.")
    gone = _first_gone(reader, size, first, known)
    if gone < first:
        raise UsageError(f"Entry {gone} of {chain} is gone, too.", "Accept that gap first.")
    after = reader.beside(last, after=True)
    if after is not None and after.seq > last + 1 and known.covering(last + 1) is None:
        raise UsageError(
            f"Entry {last + 1} of {chain} is gone, too.",
            f"The next one that is there is {after.seq}: accept the gap up to {after.seq - 1}.",
        )


def _first_gone(reader: ChainReader, seq: int, end: int, known: Gaps) -> int:
    """The first seq from ``seq`` on that is neither there nor in a gap; ``end`` where all are."""
    places = reader.between(seq, end - 1) if seq < end else iter(())
    for place in places:
        seq = _over(seq, known)
        if place.seq > seq:
            return seq
        seq = max(seq, place.seq + 1)
    return min(_over(seq, known), end)


def _over(seq: int, known: Gaps) -> int:
    while (gap := known.covering(seq)) is not None:
        seq = gap.last + 1
    return seq
