"""The model of a layout: data that says where the logical fields of an entry live in a table."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, Literal

import msgspec

from audittui import timestamp
from audittui.layout.reader import PAYLOAD, RowReader, decoded_payload
from audittui.layout.row import Item, Row
from audittui.layout.template import Template, parse_template
from audittui.layout.value import TICKS, TimeFormat, value_text

__all__ = [
    "PAYLOAD",
    "Answers",
    "Field",
    "Index",
    "KeyAttribute",
    "KeyType",
    "Layout",
    "value_text",
]

KeyType = Literal["S", "N", "B"]
Answers = Literal["time", "failure", "actor", "resource", "request_id", "action"]


class KeyAttribute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attribute of a key: its name, its type, and the template that makes its text."""

    attribute: str
    type: KeyType = "S"
    template: str = ""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field's value is: the first source that is present wins.

    A source is an attribute's name, or ``payload.`` and a dotted path into the payload.
    ``values`` maps stored values (as text) to logical ones; ``default`` stands for no value. An
    empty text is no value.
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
        return TICKS[self.time_format or "rfc3339"]

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

    def shows(self, field: str, index: Index) -> bool:
        """True when rows that come through ``index`` show ``field`` as the whole item does."""
        place = self.fields.get(field)
        if place is None:
            # The base table's key, which every index holds.
            return True
        keys = (self.partition.attribute, self.sort.attribute)
        return all(
            all(index.holds(one) or one in keys for one in self.payload)
            if source.startswith(PAYLOAD)
            else index.holds(source) or source in keys
            for source in place.sources
        )

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
            payload = decoded_payload(item.get(attribute))
            if payload is not None:
                return payload
        return {}

    def row(self, item: Item, index: Index | None = None) -> Row:
        """The row that an item shows, which came through ``index`` (None: by its key).

        Never raises: what cannot be read is empty or zero.
        """
        reader = self._readers.get(id(index))
        if reader is None:
            # It holds the index, so that no other index can get the same id.
            reader = self._readers[id(index)] = RowReader(self, index)
        return reader.row(item)

    @cached_property
    def _readers(self) -> dict[int, RowReader]:
        return {}

    def document(self, item: Item) -> str:
        """The entry as JSON text, verbatim where the layout keeps it so."""
        for attribute in self.payload:
            value = item.get(attribute)
            if isinstance(value, str):
                return value
            if isinstance(value, dict):
                return json.dumps(value, ensure_ascii=False, default=value_text)
        return json.dumps(dict(item), ensure_ascii=False, default=value_text)
