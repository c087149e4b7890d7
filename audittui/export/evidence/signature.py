"""The collector's signature: ``manifest.note``, a signed note over the manifest's SHA-256.

Its text is the line ``audittui-evidence/v1`` and the line ``sha256`` with the digest in hex. No
checkpoint, retention statement or prune record has such a text, so that none is ever taken for the
other; still a key that seals is refused here, so that nobody has to rely on that.
"""

from __future__ import annotations

import hashlib

from audittui.integrity.tlog.keys import LogSigner, SealingKey, VerifierKey
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.note import parse_note, sign_note, verified_by

DOMAIN = "audittui-evidence/v1"


def sign_manifest(manifest: bytes, key: SealingKey) -> bytes:
    """The note over ``manifest``. Raises `StoreError` where the key is elsewhere and fails."""
    return sign_note(_text(manifest), [LogSigner(key.verifier.name, key)]).encoded()


def signature_fault(note: bytes, manifest: bytes, key: VerifierKey) -> str:
    """Why ``note`` is not the signature of ``key`` alone over ``manifest``; empty: it is."""
    try:
        parsed = parse_note(note)
    except MalformedError as error:
        return f"it is a {error}"
    if parsed.text != _text(manifest):
        return "it was made over another manifest"
    if len(parsed.signatures) != 1 or parsed.encoded() != note:
        return "it is not one signature"
    if not verified_by(parsed, [key]):
        return f"it does not hold under {key.text}"
    return ""


def _text(manifest: bytes) -> str:
    return f"{DOMAIN}\nsha256 {hashlib.sha256(manifest).hexdigest()}\n"
