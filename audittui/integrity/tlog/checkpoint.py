"""Checkpoints (C2SP tlog-checkpoint): how large a log is and what its root is.

Format: https://c2sp.org/tlog-checkpoint. The text of a signed note with the lines: origin, tree
size in decimal, root hash in base64, then optional extension lines.
"""

from __future__ import annotations

import re

import msgspec

from audittui.integrity.tlog.base64_strict import decode_base64, encode_base64
from audittui.integrity.tlog.malformed import malformed
from audittui.integrity.tlog.merkle import HASH_BYTES

MAX_SIZE = 2**63 - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(msgspec.Struct, frozen=True):
    """The state of a log at one size. ``root`` is 32 bytes."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note's text, with its final newline."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text. Raises `MalformedError`."""
    if not text.endswith("\n"):
        raise malformed("checkpoint", "the last line has no newline")
    lines = text[:-1].split("\n")
    if len(lines) < 3:
        raise malformed("checkpoint", "it has fewer than three lines")
    if not all(lines):
        raise malformed("checkpoint", "it has an empty line")
    origin, size, encoded, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise malformed("checkpoint", "the tree size is not a canonical decimal number")
    try:
        root = decode_base64(encoded)
    except ValueError as error:
        raise malformed("checkpoint", f"the root hash is {error}") from None
    if len(root) != HASH_BYTES:
        raise malformed("checkpoint", "the root hash is not 32 bytes")
    return Checkpoint(origin, int(size), root, tuple(extensions))
