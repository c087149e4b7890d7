"""Key templates: how an index's partition key is built from fields.

A template is text with placeholders in braces: ``entry#{chain}``, ``{chain}#{time:%Y-%m-%d}``,
``{actor}``. A placeholder is a field's name; ``time`` takes a ``strftime`` format, which must name
a whole UTC day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

import msgspec

from audittui import timestamp

_PLACE = re.compile(r"\{([a-z_]+)(?::([^{}]*))?\}")
DAY_FORMAT = "%Y-%m-%d"


class Template(msgspec.Struct, frozen=True, dict=True):
    """A parsed template: literal texts around placeholders."""

    source: str
    literals: tuple[str, ...]
    places: tuple[tuple[str, str], ...]

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that the template needs."""
        return frozenset(name for name, _ in self.places)

    @property
    def by_day(self) -> bool:
        """True when the template holds a time bucket."""
        return "time" in self.fields

    def fill(self, values: Mapping[str, str], time: int | None = None) -> str:
        """The key for field values and a time in microseconds."""
        parts = [self.literals[0]]
        for (name, form), literal in zip(self.places, self.literals[1:], strict=True):
            if name == "time":
                if time is None:
                    raise ValueError(f"the template {self.source} needs a time")
                parts.append(timestamp.to_datetime(time).strftime(form))
            else:
                parts.append(values[name])
            parts.append(literal)
        return "".join(parts)

    def read(self, key: str) -> dict[str, str] | None:
        """The field values in ``key``, or None if it does not match."""
        match = self._pattern.fullmatch(key)
        return match.groupdict() if match else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = re.escape(self.literals[0])
        for (name, _), literal in zip(self.places, self.literals[1:], strict=True):
            pattern += f"(?P<{name}>.*)" + re.escape(literal)
        return re.compile(pattern, re.DOTALL)


def parse_template(source: str) -> Template:
    """Parse a template. Raises ``ValueError``."""
    literals: list[str] = []
    places: list[tuple[str, str]] = []
    at = 0
    for match in _PLACE.finditer(source):
        literals.append(source[at : match.start()])
        name, form = match.group(1), match.group(2) or ""
        if name == "time":
            form = form or DAY_FORMAT
            if form != DAY_FORMAT:
                raise ValueError(f"{source}: a time bucket must be a day, {DAY_FORMAT}")
        elif form:
            raise ValueError(f"{source}: only time takes a format")
        places.append((name, form))
        at = match.end()
    literals.append(source[at:])
    if any("{" in literal or "}" in literal for literal in literals):
        raise ValueError(f"{source}: a brace is not closed")
    return Template(source=source, literals=tuple(literals), places=tuple(places))
