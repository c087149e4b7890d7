"""A layout: data that maps the logical fields of an entry to a table."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import msgspec

from audittui.layout.parts import Field, Index, KeyAttribute
from audittui.layout.reader import PAYLOAD, RowReader, decoded_payload
from audittui.layout.row import Item, Row
from audittui.layout.template import Template, parse_template
from audittui.layout.value import value_text


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
        """The questions that the layout's indexes answer."""
        return tuple(index.answers for index in self.indexes)

    def index_answering(self, question: str, present: frozenset[str] | None) -> Index | None:
        """The index that answers ``question``, among those present in the table (None for all)."""
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
        # DynamoDB refuses a filter on a key attribute.
        if source in (index.partition.attribute, index.sort.attribute):
            return None
        return source

    def shows(self, field: str, index: Index) -> bool:
        """True when rows read through ``index`` show ``field`` as the whole item does."""
        place = self.fields.get(field)
        if place is None:
            # The base table's key, which every index projects.
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
        """The chain that a partition key names; the key itself if it does not match."""
        found = self.partition_template.read(partition_key)
        return found["chain"] if found else partition_key

    def payload_of(self, item: Item) -> dict[str, Any]:
        """The decoded payload of an item; empty if there is none or it cannot be read."""
        for attribute in self.payload:
            payload = decoded_payload(item.get(attribute))
            if payload is not None:
                return payload
        return {}

    def row(self, item: Item, index: Index | None = None) -> Row:
        """The row for an item read through ``index`` (None if by its key).

        Never raises: unreadable values are empty or zero.
        """
        reader = self._readers.get(id(index))
        if reader is None:
            # The value keeps the index alive, so no other index can get the same id.
            reader = self._readers[id(index)] = RowReader(self, index)
        return reader.row(item)

    @cached_property
    def _readers(self) -> dict[int, RowReader]:
        return {}

    def document(self, item: Item) -> str:
        """The entry as JSON text, verbatim if the layout stores it so."""
        for attribute in self.payload:
            value = item.get(attribute)
            if isinstance(value, str):
                return value
            if isinstance(value, dict):
                return json.dumps(value, ensure_ascii=False, default=value_text)
        return json.dumps(dict(item), ensure_ascii=False, default=value_text)
