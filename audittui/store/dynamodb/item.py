"""Items that stay in the response's bytes until a value is requested.

A page of a megabyte holds hundreds of items with a dozen attributes each, of which a list shows a
few and a filter often none. Decoding is most of a client's work on a page.
"""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from audittui.errors import StoreError
from audittui.store.dynamodb.wire import decoded_json, number


class _Scalar(msgspec.Struct, frozen=True, gc=False):
    """A tagged value that is a text or a number; both are None if it is of another type."""

    S: str | None = None
    N: str | None = None


_ABSENT = _Scalar(S="")
_PLAIN = msgspec.json.Decoder()


class _Picker:
    """Reads the attributes ``names`` from an item's bytes and skips all others."""

    def __init__(self, names: Sequence[str]) -> None:
        fields = [f"f{at}" for at in range(len(names))]
        shape = msgspec.defstruct(
            "_Picked",
            [(field, _Scalar, _ABSENT) for field in fields],
            rename=dict(zip(fields, names, strict=True)),
            frozen=True,
            gc=False,
        )
        self.decode = msgspec.json.Decoder(shape).decode
        self.texts = attrgetter(*[f"{field}.S" for field in fields])
        self.numbers = attrgetter(*[f"{field}.N" for field in fields])


@lru_cache(maxsize=256)
def _picker(names: tuple[str, ...]) -> _Picker | None:
    try:
        # With a single attribute the result would not be a tuple.
        return _Picker(names) if len(names) > 1 else None
    except (TypeError, ValueError):
        # A duplicate name, or one with characters that the decoder does not accept.
        return None


class WireItem(Mapping[str, Any]):
    """An item in the JSON of a response, decoded when a value is first requested.

    Until then it keeps its page's bytes in memory. Reading a value raises `StoreError` if the value
    is of an unknown type, or the item is not JSON. Safe to read from several threads.
    """

    __slots__ = ("_content",)

    def __init__(self, raw: msgspec.Raw) -> None:
        self._content: msgspec.Raw | dict[str, Any] = raw

    def _tagged(self) -> dict[str, Any]:
        content = self._content
        if isinstance(content, dict):
            return content
        try:
            tagged = _PLAIN.decode(content)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            tagged = _decoded_by_stdlib(content)
        if not isinstance(tagged, dict):
            raise StoreError("The table sent an item that cannot be read.", kind="corrupt")
        self._content = tagged
        return tagged

    def __getitem__(self, name: str) -> Any:
        content = self._content
        return decoded_json((content if isinstance(content, dict) else self._tagged())[name])

    def get(self, name: str, default: Any = None) -> Any:
        """The value of the attribute ``name``; ``default`` if there is none."""
        content = self._content
        tagged = (content if isinstance(content, dict) else self._tagged()).get(name)
        return default if tagged is None else decoded_json(tagged)

    def items(self) -> ItemsView[str, Any]:
        """Names and values, all of them decoded."""
        return {name: decoded_json(value) for name, value in self._tagged().items()}.items()

    def __contains__(self, name: object) -> bool:
        return name in self._tagged()

    def __iter__(self) -> Iterator[str]:
        return iter(self._tagged())

    def __len__(self) -> int:
        return len(self._tagged())

    def __repr__(self) -> str:
        return f"WireItem({dict(self)!r})"

    def pick(self, names: tuple[str, ...]) -> tuple[Sequence[Any], bool]:
        """The values of the attributes ``names``, and whether all of them are texts.

        Absent ones are empty texts, those that cannot be read are None.
        """
        content = self._content
        picker = _picker(names)
        if picker is None or isinstance(content, dict):
            return [self._readable(name) for name in names], False
        try:
            picked = picker.decode(content)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return [self._readable(name) for name in names], False
        texts = picker.texts(picked)
        if None not in texts:
            return texts, True
        numbers = picker.numbers(picked)
        values = []
        for name, text, digits in zip(names, texts, numbers, strict=True):
            if text is not None:
                values.append(text)
            elif digits is None:
                values.append(self._readable(name))
            else:
                values.append(_readable_number(digits))
        return values, False

    def _readable(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            return ""
        except StoreError:
            return None


def _readable_number(digits: str) -> int | Decimal | None:
    try:
        return number(digits)
    except (ValueError, ArithmeticError):
        return None


def _decoded_by_stdlib(raw: msgspec.Raw) -> Any:
    """The result of the AWS client's own parser, which accepts lone surrogates."""
    try:
        return json.loads(bytes(raw))
    except (ValueError, RecursionError):
        return None
