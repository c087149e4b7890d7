"""The text form of every cursor: compressed MessagePack in URL-safe base64."""

from __future__ import annotations

import base64
import zlib
from typing import TypeVar

import msgspec

_MAX_BYTES = 4_000_000

Parts = TypeVar("Parts")


def cursor_text(parts: msgspec.Struct) -> str:
    """The text of a cursor with these parts."""
    packed = zlib.compress(msgspec.msgpack.encode(parts), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def cursor_parts(text: str, kind: type[Parts]) -> Parts:
    """Decode the parts of a cursor. Raises ``ValueError`` when ``text`` is damaged."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj()
        plain = inflate.decompress(packed, _MAX_BYTES)
        if not inflate.eof:
            raise ValueError("cut off")
        return msgspec.msgpack.decode(plain, type=kind)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(str(error)) from None
