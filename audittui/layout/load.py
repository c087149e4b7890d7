"""Loads layouts: the two that ship, or one from a file."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import msgspec

from audittui.errors import UsageError
from audittui.layout.model import Layout
from audittui.layout.row import ROW_FIELDS
from audittui.layout.template import parse_template
from audittui.suggest import suggestion

_HERE = Path(__file__).parent


def layout_names() -> tuple[str, ...]:
    """The names of the layouts that ship."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


@lru_cache(maxsize=16)
def load_layout(name: str) -> Layout:
    """The layout called ``name``, or the one in the file at that path (ending in ``.toml``).

    Raises `UsageError` with the file, the line, the key and the fault.
    """
    path = Path(name).expanduser() if name.endswith(".toml") else _HERE / f"{name}.toml"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        said = suggestion(name, layout_names())
        raise UsageError(
            f"There is no layout {name!r}.",
            "Check the path."
            if name.endswith(".toml")
            else f"{said[0].upper()}{said[1:]}; or give the path of a .toml file.",
        ) from None
    except OSError as error:
        raise UsageError(f"The layout {path} cannot be read: {error.strerror}.") from None
    try:
        layout = msgspec.toml.decode(data, type=Layout)
        shipped = name in layout_names()
        faults = _faults(layout, layout.fields if shipped else _known_fields())
        if not faults:
            return layout
    except (ValueError, RecursionError):
        faults = []
    from audittui.toml_file import TomlFile

    file = TomlFile(path, _text(path, data), "The layout")
    layout = file.convert(file.data, Layout)
    where, reason = (faults or _faults(layout, _known_fields()))[0]
    raise file.error(where, reason)


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"The layout {path} is not UTF-8.") from None


def _known_fields() -> Collection[str]:
    return dict.fromkeys((*ROW_FIELDS, *load_layout("native").fields))


def _faults(layout: Layout, known: Collection[str]) -> list[tuple[tuple[str | int, ...], str]]:
    """Faults that the types do not catch: the place in the file, and the fault."""
    faults: list[tuple[tuple[str | int, ...], str]] = []
    templates: list[tuple[tuple[str | int, ...], str]] = [
        (("partition", "template"), layout.partition.template)
    ]
    for at, index in enumerate(layout.indexes):
        templates.append((("indexes", at, "partition", "template"), index.partition.template))
    for where, template in templates:
        try:
            parse_template(template)
        except ValueError as error:
            faults.append((where, str(error)))
    for name in layout.fields:
        if name not in known:
            said = suggestion(name, tuple(known))
            faults.append((("fields", name), f"there is no such field; {said}"))
    return faults
