"""The parts of a layout: key attributes, fields, indexes."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import msgspec

from audittui import timestamp
from audittui.layout.template import Template, parse_template
from audittui.layout.value import TICKS, TimeFormat

KeyType = Literal["S", "N", "B"]
Answers = Literal["time", "failure", "actor", "resource", "request_id", "action"]


class KeyAttribute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key attribute: its name, its type, and the template of its text."""

    attribute: str
    type: KeyType = "S"
    template: str = ""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field's value is stored: the first source that is present wins.

    A source is an attribute's name, or ``payload.`` and a dotted path into the payload. ``values``
    maps stored values (as text) to logical ones; ``default`` is used if there is no value. An empty
    text counts as no value.
    """

    sources: tuple[str, ...]
    values: dict[str, str] = msgspec.field(default_factory=dict)
    default: str = ""


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One way into the table: a secondary index, or the base table if ``name`` is empty.

    ``answers`` is the question that an equality on its partition key answers. If ``sort`` is a time
    (``sorted_by_time``), it is in ``time_format``. ``projection`` lists the attributes that the
    index projects besides its keys; ``ALL`` for all of them.
    """

    answers: Answers
    partition: KeyAttribute
    sort: KeyAttribute
    name: str = ""
    time_format: TimeFormat | None = None
    projection: tuple[str, ...] = ("ALL",)

    @property
    def label(self) -> str:
        """The display name."""
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
        """A time in the sort key's format, truncated to its resolution."""
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
