"""What a runbook file says, as typed data."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from audittui.runbook.plan import Order

ParameterType = Literal[
    "text", "number", "choice", "multi", "actor", "resource", "request_id", "action", "outcome",
    "severity", "duration", "time", "time_range", "bool",
]  # fmt: skip
Question = Literal["time", "failure", "actor", "resource", "request_id", "action"]
ANY = "any"
"""The choice that drops a condition."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One parameter of a runbook. ``default`` is text, as a user would type it.

    ``pattern`` must match the whole value. ``min`` and ``max`` bound numbers, and durations and
    times as text. ``max_span`` bounds a time range's length.
    """

    type: ParameterType
    name: str = ""
    required: bool = False
    default: str | int | float | bool | None = None
    help: str = ""
    pattern: str = ""
    min: str | int | float | None = None
    max: str | int | float | None = None
    options: tuple[str, ...] = ()
    placeholder: str = ""
    max_span: str = ""

    @property
    def default_text(self) -> str:
        """The default as a user would type it; empty where there is none."""
        if self.default is None:
            return ""
        if isinstance(self.default, bool):
            return "yes" if self.default else "no"
        return str(self.default)


class RunbookQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a runbook asks.

    ``by`` is what the index must answer; ``equals`` the value (not for time and failure);
    ``during`` the window; ``where`` further conditions on fields. A condition is a value, a
    ``{parameter}``, a list of values, or a text that starts with ``!`` for "not".
    """

    by: Question
    equals: str = ""
    during: str = ""
    where: dict[str, str | tuple[str, ...]] = msgspec.field(default_factory=dict)
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
