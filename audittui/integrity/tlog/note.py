"""Signed notes (C2SP signed-note): a text, and who signed it.

Format: https://c2sp.org/signed-note. The text ends in a newline; then an empty line; then one line
for each signature: ``— <key name> base64(4-byte key ID ‖ signature)``. UTF-8 without control
characters other than newline.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from audittui.integrity.tlog.base64_strict import decode_base64, encode_base64
from audittui.integrity.tlog.malformed import malformed

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_DASH = "\u2014 "


class NoteSignature(msgspec.Struct, frozen=True):
    """One signature line: the key's name, its four-byte ID, and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line, with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"


class Note(msgspec.Struct, frozen=True):
    """A text (with its final newline) and its signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def encoded(self) -> bytes:
        """The note's bytes."""
        lines = "".join(signature.line for signature in self.signatures)
        return f"{self.text}\n{lines}".encode()


class Verifier(Protocol):
    """Checks the signatures of one key."""

    @property
    def name(self) -> str:
        """The key's name."""
        ...

    @property
    def key_id(self) -> bytes:
        """The key's four-byte ID."""
        ...

    def holds(self, text: bytes, signature: bytes) -> bool:
        """True when ``signature`` is the key's over ``text``."""
        ...


class Signer(Protocol):
    """Signs for one key."""

    @property
    def name(self) -> str:
        """The key's name."""
        ...

    @property
    def key_id(self) -> bytes:
        """The key's four-byte ID."""
        ...

    def sign(self, text: bytes) -> bytes:
        """The signature over ``text``."""
        ...


def valid_key_name(name: str) -> bool:
    """True for a valid key name: not empty, without spaces, plus signs or control characters."""
    return bool(name) and not any(
        character.isspace() or character == "+" or character < " " for character in name
    )


def parse_note(data: bytes) -> Note:
    """The note in ``data``. Raises `MalformedError`. Nothing is verified yet."""
    if len(data) > MAX_NOTE_BYTES:
        raise malformed("note", "it is too long")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("note", "it is not UTF-8") from None
    if any(character < " " and character != "\n" for character in whole):
        raise malformed("note", "it contains control characters")
    text, separator, lines = whole.rpartition("\n\n")
    if not separator:
        raise malformed("note", "no empty line separates the text from the signatures")
    if not lines.endswith("\n"):
        raise malformed("note", "the last line has no newline")
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise malformed("note", "it has too many signatures")
    return Note(text + "\n", signatures)


def sign_note(text: str, signers: Iterable[Signer]) -> Note:
    """``text`` (with its final newline) signed by each of ``signers``."""
    if not text.endswith("\n"):
        raise ValueError("the text of a note must end in a newline")
    data = text.encode()
    note = Note(
        text,
        tuple(NoteSignature(signer.name, signer.key_id, signer.sign(data)) for signer in signers),
    )
    parse_note(note.encoded())
    return note


def verified_by(note: Note, verifiers: Iterable[Verifier]) -> tuple[Verifier, ...]:
    """The verifiers that signed ``note``; signatures of unknown keys are ignored.

    Empty if none of them did, or if a signature of a known key does not hold: then the whole note
    is refused, as the specification recommends.
    """
    known = {(one.name, one.key_id): one for one in verifiers}
    data = note.text.encode()
    found: dict[tuple[str, bytes], Verifier] = {}
    for signature in note.signatures:
        place = (signature.name, signature.key_id)
        verifier = known.get(place)
        if verifier is None:
            continue
        if not verifier.holds(data, signature.signature):
            return ()
        found[place] = verifier
    return tuple(found.values())


def _signature(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        raise malformed("note", "a signature line does not begin with a dash")
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not space or not valid_key_name(name):
        raise malformed("note", "a signature line has no key name")
    try:
        data = decode_base64(encoded)
    except ValueError as error:
        raise malformed("note", f"a signature is {error}") from None
    if len(data) < 5:
        raise malformed("note", "a signature is too short")
    return NoteSignature(name, data[:4], data[4:])
