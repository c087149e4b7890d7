"""The collector's signature: ``manifest.note``, a signed note over the manifest's SHA-256.

Its text is the line ``audittui-evidence/v1`` and a line with ``sha256`` and the digest in hex. No
checkpoint, retention statement or prune record has such a text, so none can be mistaken for
another. A key that seals is refused nevertheless, so that nothing depends on this.
"""

from __future__ import annotations

import hashlib

from audittui.integrity.tlog.keys import LogSigner, SealingKey, VerifierKey
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.note import parse_note, sign_note, verified_by

DOMAIN = "audittui-evidence/v1"


def sign_manifest(manifest: bytes, key: SealingKey) -> bytes:
    """The note over ``manifest``. Raises `StoreError` if a remote key (KMS) fails."""
    return sign_note(_text(manifest), [LogSigner(key.verifier.name, key)]).encoded()


def signature_fault(note: bytes, manifest: bytes, key: VerifierKey) -> str:
    """Why ``note`` is not a signature by ``key`` alone over ``manifest``; empty if it is."""
    try:
        parsed = parse_note(note)
    except MalformedError as error:
        return f"it is a {error}"
    if parsed.text != _text(manifest):
        return "it is for another manifest"
    if len(parsed.signatures) != 1 or parsed.encoded() != note:
        return "it is not a single signature"
    if not verified_by(parsed, [key]):
        return f"it does not verify under {key.text}"
    return ""


def _text(manifest: bytes) -> str:
    return f"{DOMAIN}\nsha256 {hashlib.sha256(manifest).hexdigest()}\n"
