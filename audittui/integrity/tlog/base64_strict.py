"""Base 64 in its one canonical spelling (RFC 4648, section 4: padding, no other characters)."""

from __future__ import annotations

import base64
import binascii


def encode_base64(data: bytes) -> str:
    """The text of ``data``."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes that ``text`` says. Raises `ValueError` for every other spelling of them."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base 64") from None
    if encode_base64(data) != text:
        raise ValueError("not canonical base 64")
    return data
