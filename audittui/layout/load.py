"""Reads layouts: the two that ship, or a file of one's own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

from audittui.errors import UsageError
from audittui.layout.model import Layout
from audittui.layout.template import parse_template

_HERE = Path(__file__).parent


def layout_names() -> tuple[str, ...]:
    """The names of the layouts that ship."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


@lru_cache(maxsize=16)
def load_layout(name: str) -> Layout:
    """The layout called ``name``, or the one in the file of that path (ending in ``.toml``).

    Raises `UsageError` that names the file and what is wrong in it.
    """
    path = Path(name).expanduser() if name.endswith(".toml") else _HERE / f"{name}.toml"
    try:
        data = path.read_bytes()
    except OSError:
        raise UsageError(
            f"There is no layout {name!r}.",
            f"Use one of {', '.join(layout_names())}, or the path of a .toml file.",
        ) from None
    try:
        layout = msgspec.toml.decode(data, type=Layout)
        parse_template(layout.partition.template)
        for index in layout.indexes:
            parse_template(index.partition.template)
    except ValueError as error:
        raise UsageError(f"The layout {path} cannot be read: {error}.") from None
    return layout
