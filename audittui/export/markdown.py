"""Markdown tables (GitHub Flavored Markdown, 4.10 "Tables") with literal text in their cells.

Escapes follow CommonMark 0.31.2, section 2.4: a backslash makes ASCII punctuation literal. ``://``
and ``www.`` are broken up too, because GitHub turns them into links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from audittui.escape import escaped

_ACTIVE = re.compile(r"[\\`*_\[\]<>|~&$#!]|(?<=:)//|(?<=www)\.", re.IGNORECASE)


def literal(text: str) -> str:
    """``text`` as literal Markdown; control and invisible characters are escaped."""
    return _ACTIVE.sub(lambda found: f"\\{found.group()}", escaped(text))


def table_head(columns: Iterable[str]) -> str:
    """The first two lines of a table."""
    names = [literal(column) for column in columns]
    return f"{_line(names)}{_line(['---'] * len(names))}"


def table_line(values: Iterable[str]) -> str:
    """One line of a table; an empty value is a dash."""
    return _line([literal(value) or "-" for value in values])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
