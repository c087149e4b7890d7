"""Items as bytes: MessagePack, with extensions for what it lacks (large numbers, sets)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec.msgpack import Ext

from audittui.layout.row import Item

_NUMBER, _SET = 1, 2
_INT64 = 1 << 63


class PackError(Exception):
    """The bytes are not a packed item."""


def _plain(value: Any) -> Any:
    if isinstance(value, str | bytes | bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else Ext(_NUMBER, str(value).encode())
    if isinstance(value, float | Decimal):
        return Ext(_NUMBER, str(value).encode())
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return Ext(_SET, _ENCODER.encode([_plain(inner) for inner in value]))
    return [_plain(inner) for inner in value]


def _extension(code: int, data: memoryview) -> Any:
    if code == _NUMBER:
        number = Decimal(bytes(data).decode())
        return int(number) if number == number.to_integral_value() else number
    return set(_DECODER.decode(data))


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(ext_hook=_extension)


def encode(item: Item) -> bytes:
    """The packed bytes of an item."""
    return _ENCODER.encode({name: _plain(value) for name, value in item.items()})


def decode(data: bytes) -> dict[str, Any]:
    """The item that `encode` packed. Raises `PackError`."""
    try:
        item = _DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, ArithmeticError) as error:
        raise PackError(str(error)) from None
    if not isinstance(item, dict):
        raise PackError("not an item")
    return item
