"""Self-contained proofs (C2SP tlog-proof): a checkpoint, an index and an inclusion proof.

Format: https://c2sp.org/tlog-proof. Lines: ``c2sp.org/tlog-proof@v1``, optionally ``extra`` and
base64, ``index`` and a decimal number, one line of base64 for each hash of the inclusion proof (the
leaf's sibling first), an empty line, the signed checkpoint verbatim.
"""

from __future__ import annotations

import re

import msgspec

from audittui.integrity.tlog.base64_strict import decode_base64, encode_base64
from audittui.integrity.tlog.checkpoint import Checkpoint, parse_checkpoint
from audittui.integrity.tlog.malformed import malformed
from audittui.integrity.tlog.merkle import HASH_BYTES
from audittui.integrity.tlog.note import Note, parse_note

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


class TlogProof(msgspec.Struct, frozen=True):
    """A proof that the entry ``index`` is in the log of ``note``'s checkpoint.

    ``extra`` is application data and is not proven.
    """

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint in the note."""
        return parse_checkpoint(self.note.text)

    def encoded(self) -> bytes:
        """The bytes of a ``.tlog-proof`` file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [encode_base64(one) for one in self.hashes]
        return "".join(f"{line}\n" for line in (*lines, "")).encode() + self.note.encoded()


def parse_tlog_proof(data: bytes) -> TlogProof:
    """The proof in ``data``. Raises `MalformedError`. Nothing is verified yet."""
    head, separator, note = data.partition(b"\n\n")
    if not separator:
        raise malformed("tlog-proof", "no empty line separates the proof from the checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise malformed("tlog-proof", "it is not ASCII") from None
    if lines[0] != HEADER:
        raise malformed("tlog-proof", f"it does not begin with {HEADER}")
    place = 1
    extra = None
    if place < len(lines) and lines[place].startswith("extra "):
        extra = _decoded(lines[place].removeprefix("extra "), "the extra data")
        place += 1
    match = _INDEX.fullmatch(lines[place]) if place < len(lines) else None
    if match is None:
        raise malformed("tlog-proof", "it has no index")
    hashes = tuple(_decoded(line, "a hash") for line in lines[place + 1 :])
    if len(hashes) > MAX_HASHES or any(len(one) != HASH_BYTES for one in hashes):
        raise malformed("tlog-proof", "a hash is not 32 bytes, or there are too many")
    proof = TlogProof(int(match[1]), hashes, parse_note(note), extra)
    parse_checkpoint(proof.note.text)
    return proof


def _decoded(text: str, what: str) -> bytes:
    try:
        return decode_base64(text)
    except ValueError as error:
        raise malformed("tlog-proof", f"{what} is {error}") from None
