"""The contents of a runbook file, as typed data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from audittui.runbook.plan import Order

ParameterType = Literal[
    "text", "number", "choice", "multi", "actor", "resource", "request_id", "action", "outcome",
    "severity", "duration", "time", "time_range", "bool",
]  # fmt: skip
Question = Literal["time", "failure", "actor", "resource", "request_id", "action"]

TEXT_TYPES = frozenset({"text", "actor", "resource", "request_id", "action"})
"""The types whose values are taken exactly as given."""
ANY = "any"
"""The choice that drops a condition."""
PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A parameter's place in a template."""
PLACES = re.compile(rf"{PLACE.pattern}\.\.{PLACE.pattern}")
"""A window made of two parameters, as ``during`` may have it."""
COMPARISONS = ("gte", "gt", "lte", "lt", "eq")
"""The bounds of a correlation's condition (Sigma correlation rules 2.1)."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One parameter of a runbook.

    ``default`` is what a user would type (a list for ``multi``). ``pattern`` must match the whole
    value. ``min`` and ``max`` bound numbers, and durations and times as text. ``max_span`` is a
    duration that bounds a time range's length.
    """

    type: ParameterType
    name: str = ""
    required: bool = False
    default: str | int | float | bool | tuple[str, ...] | None = None
    help: str = ""
    pattern: str = ""
    min: str | int | float | None = None
    max: str | int | float | None = None
    options: tuple[str, ...] = ()
    placeholder: str = ""
    max_span: str = ""

    @property
    def default_text(self) -> str:
        """The default as a user would type it; empty if there is none."""
        if self.default is None:
            return ""
        if isinstance(self.default, bool):
            return "yes" if self.default else "no"
        return ",".join(self.default) if isinstance(self.default, tuple) else str(self.default)


class NotIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"values": "not"}):
    """A negated condition: the field has none of the values (``{not: …}`` in the file)."""

    values: str | tuple[str, ...]


FieldCondition = str | tuple[str, ...] | NotIn
"""A condition on a field: a literal, a ``{parameter}``, a list of them, or none of them."""


class RunbookQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a runbook asks.

    ``by`` is what the index must answer; ``equals`` the value (not for time and failure), a text
    with places for parameters. ``during`` is ``{range}``, ``{from}..{to}`` with two times, or a
    literal range; empty for all of time. ``where`` holds further conditions by field.
    """

    by: Question
    equals: str = ""
    during: str = ""
    where: dict[str, FieldCondition] = msgspec.field(default_factory=dict)
    order: Order = "newest"


class CorrelationRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A Sigma 2.1 correlation as the file has it; bounds and timespan may be ``{parameter}``s."""

    type: Literal["event_count", "value_count", "temporal", "temporal_ordered"]
    group_by: tuple[str, ...]
    timespan: str
    condition: dict[str, Any]


class Runbook(msgspec.Struct, frozen=True, kw_only=True):
    """One runbook. ``id`` is its file's stem."""

    id: str
    name: str
    description: str
    query: RunbookQuery
    columns: tuple[str, ...]
    tags: tuple[str, ...] = ()
    params: tuple[Parameter, ...] = ()
    correlation: CorrelationRule | None = None
    path: Path = Path()

    def param(self, name: str) -> Parameter | None:
        """The parameter called ``name``."""
        return next((one for one in self.params if one.name == name), None)
