"""Ed25519 keys for signed notes, in C2SP's text forms.

A verifier key is ``<name>+<key ID in hex>+base64(0x01 ‖ 32-byte public key)``, a signer key
``PRIVATE+KEY+<name>+<key ID in hex>+base64(0x01 ‖ 32-byte seed)``. The key ID is the first four
bytes of ``SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)``. Sources: https://c2sp.org/signed-note, and
golang.org/x/mod/sumdb/note for the text forms; RFC 8032 for Ed25519.
"""

from __future__ import annotations

import hashlib
import re
from typing import Protocol

import msgspec

from audittui.integrity.tlog.base64_strict import decode_base64, encode_base64
from audittui.integrity.tlog.malformed import malformed
from audittui.integrity.tlog.note import valid_key_name

ED25519 = 0x01
"""The signature type byte of Ed25519."""
KEY_BYTES = 32
_PRIVATE = "PRIVATE+KEY+"
_KEY_ID = re.compile(r"[0-9a-f]{8}")


def key_id_of(name: str, public_key: bytes) -> bytes:
    """The four-byte ID of an Ed25519 key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([ED25519]) + public_key).digest()[:4]


class SealingKey(Protocol):
    """A key that signs, and its public half."""

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        ...

    def sign(self, text: bytes) -> bytes:
        """The signature over ``text``. Raises `StoreError` if a remote signer fails."""
        ...


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key and its name."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The key's four-byte ID."""
        return key_id_of(self.name, self.public_key)

    @property
    def text(self) -> str:
        """The key's text form (a vkey)."""
        return _text(self.name, self.key_id, self.public_key)

    def holds(self, text: bytes, signature: bytes) -> bool:
        """True when ``signature`` is this key's over ``text``."""
        # Reading a key does not need cryptography, which takes a tenth of a second to import.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True

    def named(self, name: str) -> VerifierKey:
        """The same key under another name, such as that of a log."""
        return VerifierKey(name, self.public_key)


class SignerKey(msgspec.Struct, frozen=True):
    """A private key (its 32-byte seed) and its name. Its ``repr`` shows only the name."""

    name: str
    seed: bytes

    def __repr__(self) -> str:
        return f"SignerKey({self.name!r})"

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return VerifierKey(self.name, public.public_bytes_raw())

    @property
    def key_id(self) -> bytes:
        """The key's four-byte ID."""
        return self.verifier.key_id

    @property
    def text(self) -> str:
        """The key's text form (an skey). Secret."""
        return _PRIVATE + _text(self.name, self.key_id, self.seed)

    def sign(self, text: bytes) -> bytes:
        """The 64-byte signature over ``text``."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(text)


class LogSigner:
    """Signs for one log with a key shared by many, using the log's origin as the key name."""

    def __init__(self, origin: str, key: SealingKey) -> None:
        self.name = origin
        self.verifier = key.verifier.named(origin)
        self._key = key

    @property
    def key_id(self) -> bytes:
        """The four-byte ID of the key under this name."""
        return self.verifier.key_id

    def sign(self, text: bytes) -> bytes:
        """The signature over ``text``."""
        return self._key.sign(text)


def new_signer_key(name: str) -> SignerKey:
    """A new random key. Raises `ValueError` for an invalid key name."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not valid_key_name(name):
        raise ValueError("a key name must not be empty or contain spaces or a plus sign")
    return SignerKey(name, Ed25519PrivateKey.generate().private_bytes_raw())


def parse_verifier_key(text: str) -> VerifierKey:
    """The public key in ``text``. Raises `MalformedError`."""
    name, key_id, key = _parts(text, "verifier key")
    verifier = VerifierKey(name, key)
    if verifier.key_id.hex() != key_id:
        raise malformed("verifier key", "its ID does not match its name and key")
    return verifier


def parse_signer_key(text: str) -> SignerKey:
    """The private key in ``text``. Raises `MalformedError`."""
    if not text.startswith(_PRIVATE):
        raise malformed("signer key", f"it does not begin with {_PRIVATE}")
    name, key_id, seed = _parts(text.removeprefix(_PRIVATE), "signer key")
    signer = SignerKey(name, seed)
    if signer.key_id.hex() != key_id:
        raise malformed("signer key", "its ID does not match its name and key")
    return signer


def _text(name: str, key_id: bytes, key: bytes) -> str:
    return f"{name}+{key_id.hex()}+{encode_base64(bytes([ED25519]) + key)}"


def _parts(text: str, what: str) -> tuple[str, str, bytes]:
    parts = text.split("+", 2)
    if len(parts) != 3 or not valid_key_name(parts[0]) or not _KEY_ID.fullmatch(parts[1]):
        raise malformed(what, "it is not name+ID+key")
    try:
        data = decode_base64(parts[2])
    except ValueError as error:
        raise malformed(what, f"its key is {error}") from None
    if len(data) != 1 + KEY_BYTES or data[0] != ED25519:
        raise malformed(what, "it is not an Ed25519 key")
    return parts[0], parts[1], data[1:]
