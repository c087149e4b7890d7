"""Makes rows from items, with one reader for each way into a table.

A list shows thousands of rows, so everything that depends only on the layout is computed once, and
an item is asked only for the attributes that a row needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import msgspec

from audittui.layout.parts import Field, Index, KeyAttribute
from audittui.layout.row import ROW_FIELDS, Item, Row
from audittui.layout.value import micros, value_in, value_text

PAYLOAD = "payload."
_TEXT_FIELDS = tuple(name for name in ROW_FIELDS if name not in ("time", "chain", "seq"))
_REQUEST_ID = _TEXT_FIELDS.index("request_id")
# How many texts and chains are cached to be shared between rows.
_REMEMBERED = 4096


class _Source:
    """Where a value comes from: an attribute, by its position among those picked, or a payload.

    The path in a payload is either a name that contains dots, as in many logs, or leads through
    maps.
    """

    __slots__ = ("at", "name", "path")

    def __init__(self, source: str, names: dict[str, int]) -> None:
        self.at, self.name = -1, ""
        self.path: tuple[str, ...] = ()
        if not source.startswith(PAYLOAD):
            self.at = names.setdefault(source, len(names))
            return
        self.name = source[len(PAYLOAD) :]
        path = tuple(self.name.split("."))
        if len(path) > 1:
            self.path = path

    def read(self, values: Sequence[Any], payload: dict[str, Any]) -> Any:
        if self.at >= 0:
            return values[self.at]
        found = payload.get(self.name)
        return value_in(payload, self.path) if found is None and self.path else found


class _Derived(NamedTuple):
    """A text field that has to be derived: its position among the fields, and how."""

    place: int
    sources: tuple[_Source, ...]
    values: dict[str, str]
    default: str


class ReadLayout(Protocol):
    """The parts of a layout that a reader uses."""

    @property
    def partition(self) -> KeyAttribute:
        """The base table's partition key."""
        ...

    @property
    def sort(self) -> KeyAttribute:
        """The base table's sort key."""
        ...

    @property
    def fields(self) -> dict[str, Field]:
        """Where each field's value is stored."""
        ...

    @property
    def payload(self) -> tuple[str, ...]:
        """The attributes that may hold the payload."""
        ...

    @property
    def reads_payload(self) -> bool:
        """True when a list's fields come from the payload."""
        ...

    def chain_of(self, partition_key: str) -> str:
        """The chain that a partition key names."""
        ...


class RowReader:
    """Makes the rows of one layout from items read through ``index`` (None if by their key)."""

    def __init__(self, layout: ReadLayout, index: Index | None) -> None:
        self.index = index
        self._chain_of = layout.chain_of
        names = {layout.partition.attribute: 0, layout.sort.attribute: 1}
        plain, self._defaults, self._derived = [], [], []
        for place, name in enumerate(_TEXT_FIELDS):
            field = layout.fields.get(name)
            sources = tuple(_Source(one, names) for one in field.sources) if field else ()
            values, default = (field.values, field.default) if field else ({}, "")
            if default:
                self._defaults.append((place, default))
            # A field that is one attribute is taken as it is; the others are derived.
            if len(sources) == 1 and sources[0].at >= 0 and not values:
                plain.append(sources[0].at)
            else:
                plain.append(0)
                self._derived.append(_Derived(place, sources, values, default))
        self._plain = itemgetter(*plain)
        time = layout.fields.get("time")
        self._time = [_Source(one, names) for one in time.sources] if time else []
        self._form = None if index is None else index.time_format
        self._tick = -1
        if index is not None and index.time_format is not None:
            self._tick = _Source(index.sort.attribute, names).at
        # The time field is usually the attribute that the index is sorted by.
        self._tick_is_time = (
            self._form == "rfc3339" and bool(self._time) and self._time[0].at == self._tick
        )
        self._payload = []
        if layout.reads_payload:
            self._payload = [_Source(one, names).at for one in layout.payload]
        self._names = tuple(names)
        self._keys: dict[str, tuple[str, str]] = {}
        self._texts: dict[str, str] = {}

    def row(self, item: Item) -> Row:
        """The row for an item. Never raises: unreadable values are empty or zero."""
        pick = getattr(item, "pick", None)
        values: Sequence[Any]
        if pick is None:
            values, texts = [item.get(name, "") for name in self._names], False
        else:
            values, texts = pick(self._names)
        key, chain = self._key(values[0])
        sort = values[1]
        try:
            seq = int(sort)
        except (TypeError, ValueError, ArithmeticError):
            seq = -1
        payload = self._payload_of(values) if self._payload else {}
        tick = 0
        if self._form is not None:
            tick = micros(values[self._tick], self._form) or 0
        time = tick if self._tick_is_time and tick else self._time_of(values, payload, tick)
        return Row(
            time if self._form is None else tick,
            time,
            (key, "" if sort is None else sort if isinstance(sort, str) else seq),
            chain,
            seq,
            *self._text_fields(values, texts, payload),
        )

    def _key(self, value: Any) -> tuple[str, str]:
        """The partition key as text and the chain that it names, shared between rows."""
        text = value if value.__class__ is str else "" if value is None else value_text(value)
        found = self._keys.get(text)
        if found is None:
            if len(self._keys) >= _REMEMBERED:
                self._keys.clear()
            found = self._keys[text] = (text, self._chain_of(text))
        return found

    def _text_fields(
        self, values: Sequence[Any], all_texts: bool, payload: dict[str, Any]
    ) -> list[str]:
        texts: list[str] = list(self._plain(values))
        if not all_texts:
            texts = [
                text if text.__class__ is str else "" if text is None else value_text(text)
                for text in texts
            ]
        for place, default in self._defaults:
            if not texts[place]:
                texts[place] = default
        for derived in self._derived:
            texts[derived.place] = _derive(derived, values, payload)
        # Names repeat from row to row and are shared; request ids do not repeat.
        request_id, texts[_REQUEST_ID] = texts[_REQUEST_ID], ""
        if len(self._texts) >= _REMEMBERED:
            self._texts.clear()
        texts = list(map(self._texts.setdefault, texts, texts))
        texts[_REQUEST_ID] = request_id
        return texts

    def _time_of(self, values: Sequence[Any], payload: dict[str, Any], tick: int) -> int:
        for source in self._time:
            raw = source.read(values, payload)
            found = micros(raw, "rfc3339" if isinstance(raw, str) else "seconds")
            if found is not None:
                return found
        return tick

    def _payload_of(self, values: Sequence[Any]) -> dict[str, Any]:
        for at in self._payload:
            payload = decoded_payload(values[at])
            if payload is not None:
                return payload
        return {}


def _derive(derived: _Derived, values: Sequence[Any], payload: dict[str, Any]) -> str:
    for source in derived.sources:
        value = source.read(values, payload)
        if value is None or value == "":
            continue
        text = value if value.__class__ is str else value_text(value)
        if derived.values:
            if text not in derived.values:
                continue
            text = derived.values[text]
        if text:
            return text
    return derived.default


def decoded_payload(value: Any) -> dict[str, Any] | None:
    """The payload in an attribute: a map, or the JSON text of an object; None if it is neither."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return None
    return value if isinstance(value, dict) else None
