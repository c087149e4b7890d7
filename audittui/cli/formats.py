"""Output formats: ``json`` is one array, ``jsonl`` one object per line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def format_option(*forms: str) -> Callable[[Function], Function]:
    """The option ``--format``, passed as ``form``; the first of ``forms`` is the default."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True,
        help="json is one array, jsonl one object per line.",
    )  # fmt: skip


def write_objects(form: str, objects: Iterable[Mapping[str, Any]]) -> None:
    """Write ``objects`` as they arrive, as ``json`` or ``jsonl`` (``form``)."""
    array = ArrayOf(form)
    for one in objects:
        array.write(one)
    array.end()


class ArrayOf:
    """Objects on standard output as ``json`` or ``jsonl``, written as they arrive."""

    def __init__(self, form: str) -> None:
        self._array = form == "json"
        self._begun = False

    def write(self, one: Mapping[str, Any]) -> None:
        """Write one object."""
        from audittui.export.rows import json_line

        start = "" if not self._array else ",\n" if self._begun else "[\n"
        sys.stdout.write(f"{start}{json_line(one)}{'' if self._array else chr(10)}")
        self._begun = True

    def end(self) -> None:
        """Close the array."""
        if self._array:
            sys.stdout.write("\n]\n" if self._begun else "[]\n")
        sys.stdout.flush()
