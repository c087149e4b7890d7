"""The model of a layout: data that says where the logical fields of an entry live in a table."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import msgspec

from audittui import timestamp
from audittui.layout.row import Item, Row
from audittui.layout.template import Template, parse_template

TimeFormat = Literal["rfc3339", "seconds", "milliseconds", "microseconds"]
KeyType = Literal["S", "N", "B"]
Answers = Literal["time", "failure", "actor", "resource", "request_id", "action"]

_TICKS: dict[str, int] = {
    "rfc3339": 1, "microseconds": 1, "milliseconds": 1_000, "seconds": timestamp.SECOND,
}  # fmt: skip
PAYLOAD = "payload."


class KeyAttribute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attribute of a key: its name, its type, and the template that makes its text."""

    attribute: str
    type: KeyType = "S"
    template: str = ""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field's value is: the first source that is present wins.

    A source is an attribute's name, or ``payload.`` and a dotted path into the payload.
    ``values`` maps stored values (as text) to logical ones; ``default`` stands for no value.
    """

    sources: tuple[str, ...]
    values: dict[str, str] = msgspec.field(default_factory=dict)
    default: str = ""


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One way into the table: a secondary index, or the base table where ``name`` is empty.

    ``answers`` is what an equality on its partition key answers. ``sort`` holds the time in
    ``time_format`` where it holds a time (``sorted_by_time``). ``projection`` lists the attributes
    that the index holds beside its keys; ``ALL`` for all of them.
    """

    answers: Answers
    partition: KeyAttribute
    sort: KeyAttribute
    name: str = ""
    time_format: TimeFormat | None = None
    projection: tuple[str, ...] = ("ALL",)

    @property
    def label(self) -> str:
        """The name for people."""
        return self.name or "the base table"

    @property
    def sorted_by_time(self) -> bool:
        """True when the sort key is a time."""
        return self.time_format is not None

    @property
    def tick(self) -> int:
        """The resolution of the sort key, in microseconds."""
        return _TICKS[self.time_format or "rfc3339"]

    @cached_property
    def template(self) -> Template:
        """The parsed template of the partition key."""
        return parse_template(self.partition.template)

    def sort_value(self, micros: int) -> str | int:
        """A time in the sort key's format (cut off to its resolution)."""
        if self.time_format == "rfc3339":
            return timestamp.text(micros)
        return micros // self.tick

    def holds(self, attribute: str) -> bool:
        """True when the index projects ``attribute``."""
        return (
            self.projection == ("ALL",)
            or attribute in self.projection
            or attribute in (self.partition.attribute, self.sort.attribute)
        )


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """How one kind of table stores entries. Read from a TOML file, see `load_layout`."""

    name: str
    description: str
    partition: KeyAttribute
    sort: KeyAttribute
    fields: dict[str, Field]
    indexes: tuple[Index, ...]
    payload: tuple[str, ...] = ()
    chained: bool = False
    expires_attribute: str = ""

    @cached_property
    def partition_template(self) -> Template:
        """The parsed template of the base table's partition key."""
        return parse_template(self.partition.template)

    @cached_property
    def reads_payload(self) -> bool:
        """True when a list's fields come from the payload."""
        places = self.fields.values()
        return any(source.startswith(PAYLOAD) for place in places for source in place.sources)

    @property
    def answered(self) -> tuple[str, ...]:
        """What the layout's indexes answer."""
        return tuple(index.answers for index in self.indexes)

    def index_answering(self, question: str, present: frozenset[str] | None) -> Index | None:
        """The index that answers ``question``, among those present in the table (None: all)."""
        for index in self.indexes:
            there = present is None or not index.name or index.name in present
            if index.answers == question and there:
                return index
        return None

    def filterable(self, field: str, index: Index) -> str | None:
        """The attribute by which DynamoDB can filter on ``field`` in ``index``, or None."""
        place = self.fields.get(field)
        if place is None or place.values or place.default or len(place.sources) != 1:
            return None
        source = place.sources[0]
        if source.startswith(PAYLOAD) or not index.holds(source):
            return None
        # A filter on a key attribute is refused by DynamoDB.
        if source in (index.partition.attribute, index.sort.attribute):
            return None
        return source

    def key(self, chain: str, seq: int) -> dict[str, str | int]:
        """The base table's key of one entry."""
        sort: str | int = f"{seq:020d}" if self.sort.type == "S" else seq
        return {
            self.partition.attribute: self.partition_template.fill({"chain": chain}),
            self.sort.attribute: sort,
        }

    def key_of(self, row: Row) -> dict[str, str | int]:
        """The base table's key of a row."""
        return {self.partition.attribute: row.key[0], self.sort.attribute: row.key[1]}

    def chain_of(self, partition_key: str) -> str:
        """The chain that a partition key names; the key itself where it does not fit."""
        found = self.partition_template.read(partition_key)
        return found["chain"] if found else partition_key

    def payload_of(self, item: Item) -> dict[str, Any]:
        """The decoded payload of an item; empty where there is none or it cannot be read."""
        for attribute in self.payload:
            value = item.get(attribute)
            if isinstance(value, dict):
                return value
            if isinstance(value, str):
                try:
                    decoded = msgspec.json.decode(value)
                except (msgspec.MsgspecError, RecursionError):
                    continue
                if isinstance(decoded, dict):
                    return decoded
        return {}

    def field(self, name: str, item: Item, payload: dict[str, Any]) -> str:
        """The text of one field; empty where it is absent."""
        place = self.fields.get(name)
        if place is None:
            return ""
        for source in place.sources:
            value = _dig(payload, source) if source.startswith(PAYLOAD) else item.get(source)
            if value is None:
                continue
            text = value_text(value)
            if place.values:
                if text not in place.values:
                    continue
                text = place.values[text]
            if text:
                return text
        return place.default

    def row(self, item: Item, index: Index | None = None) -> Row:
        """The row that an item shows. Never raises: what cannot be read is empty or zero."""
        payload = self.payload_of(item) if self.reads_payload else {}
        partition = value_text(item.get(self.partition.attribute, ""))
        sort = item.get(self.sort.attribute, "")
        try:
            seq = int(sort)
        except (TypeError, ValueError):
            seq = -1
        tick = 0
        if index is not None and index.time_format is not None:
            tick = _micros(item.get(index.sort.attribute), index.time_format) or 0
        time = self._time(item, payload, tick)
        values = {
            name: self.field(name, item, payload)
            for name in (
                "actor", "action", "resource", "outcome", "request_id", "severity", "source_ip",
                "reason",
            )
        }  # fmt: skip
        return Row(
            tick=tick if index is not None and index.sorted_by_time else time,
            time=time,
            key=(partition, sort if isinstance(sort, str) else seq),
            chain=self.chain_of(partition),
            seq=seq,
            **values,
        )

    def _time(self, item: Item, payload: dict[str, Any], tick: int) -> int:
        for source in self.fields["time"].sources:
            raw = _dig(payload, source) if source.startswith(PAYLOAD) else item.get(source)
            micros = _micros(raw, "rfc3339" if isinstance(raw, str) else "seconds")
            if micros is not None:
                return micros
        return tick

    def document(self, item: Item) -> str:
        """The entry as JSON text, verbatim where the layout keeps it so."""
        for attribute in self.payload:
            value = item.get(attribute)
            if isinstance(value, str):
                return value
            if isinstance(value, dict):
                return json.dumps(value, ensure_ascii=False, default=value_text)
        return json.dumps(dict(item), ensure_ascii=False, default=value_text)


def value_text(value: Any) -> str:
    """An attribute's value as text, booleans as JSON writes them, bytes as hex."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=value_text)
    return str(value)


def _dig(payload: dict[str, Any], source: str) -> Any:
    value: Any = payload
    for part in source[len(PAYLOAD) :].split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _micros(value: Any, form: TimeFormat) -> int | None:
    try:
        if form == "rfc3339":
            return timestamp.parse(value) if isinstance(value, str) else None
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return int(Decimal(str(value)) * _TICKS[form])
    except (ValueError, TypeError, ArithmeticError):
        return None
    return None
