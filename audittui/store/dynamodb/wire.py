"""DynamoDB's wire format: the tagged form (``{"S": "x"}``) to Python's types and back.

Source: DynamoDB API reference, "AttributeValue". In the form that the AWS client accepts and
returns, binary values are ``bytes``; in a response's JSON they are texts in base64.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Rounded, Underflow
from typing import Any

from audittui.errors import StoreError

Tagged = dict[str, Any]
"""One value in the wire format: one key that names the type."""

_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
# The service's limits on numbers: 38 significant digits, magnitudes from 1e-130 to 9.9e125.
_NUMBERS = Context(
    prec=38, Emin=-130, Emax=125, traps=[Inexact, InvalidOperation, Overflow, Rounded, Underflow]
)


def number(text: str) -> int | Decimal:
    """A number from its text. Raises ``ArithmeticError`` if it is not a number."""
    return int(text) if _INTEGER.fullmatch(text) else Decimal(text)


def _same(value: Any) -> Any:
    return value


def _corrupt() -> StoreError:
    return StoreError("The table sent a value that cannot be read.", kind="corrupt")


class _Decoder:
    """Decodes tagged values; ``binary`` decodes binary ones."""

    def __init__(self, binary: Callable[[Any], bytes]) -> None:
        self._by_tag: dict[str, Callable[[Any], Any]] = {
            "S": _same,
            "N": number,
            "B": binary,
            "BOOL": _same,
            "NULL": lambda _: None,
            "M": self.item,
            "L": lambda value: [self.value(inner) for inner in value],
            "SS": set,
            "NS": lambda value: set(map(number, value)),
            "BS": lambda value: set(map(binary, value)),
        }

    def value(self, value: Mapping[str, Any]) -> Any:
        try:
            for tag, inner in value.items():
                if tag == "S":
                    return inner
                decoder = self._by_tag.get(tag)
                if decoder is not None:
                    return decoder(inner)
        except (TypeError, ValueError, AttributeError, ArithmeticError):
            raise _corrupt() from None
        raise StoreError("The table sent a value of an unknown type.", kind="corrupt")

    def item(self, item: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.value(value) for name, value in item.items()}


_PARSED, _JSON = _Decoder(bytes), _Decoder(binascii.a2b_base64)


def decoded_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The Python values of an item's attributes, from the form that the AWS client returns.

    Integral numbers are ``int``, others ``Decimal``. Raises `StoreError` for a type that the format
    does not have, and for a value that does not fit its type.
    """
    return _PARSED.item(item)


decoded_json = _JSON.value
"""Like `decoded_item`, for one tagged value as in a response's JSON."""


def _number_text(value: int | float | Decimal) -> str:
    try:
        number = _NUMBERS.create_decimal(repr(value) if isinstance(value, float) else value)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite():
        raise StoreError(
            f"{value} cannot be stored: a number has at most 38 digits and is finite.",
            kind="invalid",
        )
    return str(value) if isinstance(value, int) else str(number)


def _encoded_set(values: set[Any] | frozenset[Any]) -> Tagged:
    if values and all(isinstance(value, str) for value in values):
        return {"SS": list(values)}
    if values and all(isinstance(value, bytes) for value in values):
        return {"BS": list(values)}
    if values and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values
    ):
        return {"NS": [_number_text(value) for value in values]}
    raise StoreError(
        "A set can be stored when it holds only texts, only numbers or only bytes, and at least "
        "one.",
        kind="invalid",
    )


def encoded(value: Any) -> Tagged:
    """The tagged form of a Python value.

    Raises `StoreError` for values that DynamoDB cannot store: numbers of more than 38 digits, NaN,
    empty or mixed sets, other types.
    """
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float | Decimal):
        return {"N": _number_text(value)}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"B": bytes(value)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, Mapping):
        return {"M": encoded_item(value)}
    if isinstance(value, list | tuple):
        return {"L": [encoded(inner) for inner in value]}
    if isinstance(value, set | frozenset):
        return _encoded_set(value)
    raise StoreError(f"A value of type {type(value).__name__} cannot be stored.", kind="invalid")


def encoded_item(item: Mapping[str, Any]) -> dict[str, Tagged]:
    """The tagged form of an item."""
    return {name: encoded(value) for name, value in item.items()}
