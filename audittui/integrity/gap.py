"""The statement that a sealer signs about entries that can never be sealed, because they are gone.

A signed note of four lines: the domain line, the log's origin, ``gap <first> <last>``, and the
reason. The leaf of a seq in a gap is that text and the line ``seq <seq>``, hashed like an entry. It
cannot be confused with an entry: a body is a JSON object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from audittui.entry import hash_body
from audittui.integrity.tlog.malformed import malformed

DOMAIN = "audittui-gap/v1"
_NUMBER = r"0|[1-9][0-9]{0,18}"
_GAP = re.compile(rf"{re.escape(DOMAIN)}\n([^\n]+)\ngap ({_NUMBER}) ({_NUMBER})\n([^\n]+)\n")


class Gap(msgspec.Struct, frozen=True):
    """The entries ``first`` to ``last`` are gone for ever; ``reason`` is the sealer's."""

    origin: str
    first: int
    last: int
    reason: str

    @property
    def text(self) -> str:
        """The note's text."""
        return f"{DOMAIN}\n{self.origin}\ngap {self.first} {self.last}\n{self.reason}\n"

    def leaf_data(self, seq: int) -> bytes:
        """The leaf data that takes the place of entry ``seq`` in the log."""
        return f"{self.text}seq {seq}\n".encode()

    def leaf(self, seq: int) -> bytes:
        """The leaf hash of ``seq``."""
        return hash_body(self.leaf_data(seq))


class Gaps:
    """The gaps of one chain. If two cover one seq, the first one counts."""

    def __init__(self, gaps: Iterable[Gap] = ()) -> None:
        self.all = tuple(sorted(gaps, key=lambda gap: gap.first))

    def covering(self, seq: int) -> Gap | None:
        """The gap that covers ``seq``."""
        return next((gap for gap in self.all if gap.first <= seq <= gap.last), None)


def parse_gap(text: str) -> Gap:
    """The statement in a note's text. Raises `MalformedError`."""
    match = _GAP.fullmatch(text)
    if match is None or int(match[2]) > int(match[3]):
        raise malformed("gap statement", "it is not domain, origin, gap, first, last and reason")
    return Gap(match[1], int(match[2]), int(match[3]), match[4])


def parse_gap_leaf(data: bytes, seq: int) -> Gap:
    """The gap whose `Gap.leaf_data` for ``seq`` is ``data``. Raises `MalformedError`."""
    text, _, _ = data.decode("utf-8", "replace").rpartition("seq ")
    gap = parse_gap(text)
    if not gap.first <= seq <= gap.last or gap.leaf_data(seq) != data:
        raise malformed("gap statement", f"it does not cover {seq}")
    return gap
