"""The conditions for signing a gap."""

from __future__ import annotations

from audittui.errors import UsageError
from audittui.integrity.chain_reader import ChainReader
from audittui.integrity.gap import Gap, Gaps

MAX_REASON = 1000
MAX_ENTRIES = 1_000_000
"""The most entries of one gap: each of them takes a leaf."""


def demand_reason(reason: str) -> str:
    """``reason`` as it is signed. Raises `UsageError` if it is not valid in a note."""
    reason = reason.strip()
    if not reason:
        raise UsageError("A gap needs a reason.", "Give --reason TEXT.")
    if len(reason) > MAX_REASON or not reason.isprintable():
        raise UsageError(
            f"The reason must be one line of at most {MAX_REASON:,} printable characters."
        )
    return reason


def demand_gap(reader: ChainReader, gap: Gap, size: int, known: Gaps) -> None:
    """Raise `UsageError` unless all of ``gap`` is gone, and nothing adjacent to it is.

    ``size`` is the number of sealed entries, ``known`` are the gaps already signed.
    """
    chain, first, last = reader.chain, gap.first, gap.last
    if first < size:
        raise UsageError(
            f"{chain} is sealed up to entry {size - 1}: a sealed entry cannot become a gap."
        )
    if last - first >= MAX_ENTRIES:
        raise UsageError(f"A gap has at most {MAX_ENTRIES:,} entries.")
    if any(one.first <= last and first <= one.last for one in known.all):
        raise UsageError(f"Another gap of {chain} overlaps {first}..{last}.")
    for place in reader.between(first, last):
        raise UsageError(f"Entry {place.seq} of {chain} exists: a gap holds only absent entries.")
    gone = _first_gone(reader, size, first, known)
    if gone < first:
        raise UsageError(f"Entry {gone} of {chain} is also gone.", "Accept that gap first.")
    after = reader.beside(last, after=True)
    if after is not None and after.seq > last + 1 and known.covering(last + 1) is None:
        raise UsageError(
            f"Entry {last + 1} of {chain} is also gone.",
            f"The next entry is {after.seq}: accept the gap up to {after.seq - 1}.",
        )


def _first_gone(reader: ChainReader, seq: int, end: int, known: Gaps) -> int:
    """The first seq from ``seq`` on that is neither present nor in a gap; ``end`` if all are."""
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
