"""Base64 in its canonical form only (RFC 4648, section 4: with padding and no other characters)."""

from __future__ import annotations

import base64
import binascii


def encode_base64(data: bytes) -> str:
    """The base64 text of ``data``."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes that ``text`` encodes. Raises `ValueError` unless it is canonical."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None
    if encode_base64(data) != text:
        raise ValueError("not canonical base64")
    return data
