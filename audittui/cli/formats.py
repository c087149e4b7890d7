"""Formats of what a command prints: ``json`` is one array, ``jsonl`` one object a line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def format_option(*forms: str) -> Callable[[Function], Function]:
    """The option ``--format``, as ``form``; the first of ``forms`` is the usual one."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True,
        help="json is one array, jsonl one object a line.",
    )  # fmt: skip


def write_objects(form: str, objects: Iterable[Mapping[str, Any]]) -> None:
    """Write ``objects`` as they come, as ``form`` (``json`` or ``jsonl``) wants them."""
    array = ArrayOf(form)
    for one in objects:
        array.write(one)
    array.end()


class ArrayOf:
    """Objects on standard output as ``json`` or ``jsonl``, written as they come."""

    def __init__(self, form: str) -> None:
        self._array = form == "json"
        self._begun = False

    def write(self, one: Mapping[str, Any]) -> None:
        """Write one more."""
        from audittui.export.rows import json_line

        start = "" if not self._array else ",\n" if self._begun else "[\n"
        sys.stdout.write(f"{start}{json_line(one)}{'' if self._array else chr(10)}")
        self._begun = True

    def end(self) -> None:
        """Write what ends an array."""
        if self._array:
            sys.stdout.write("\n]\n" if self._begun else "[]\n")
        sys.stdout.flush()
