"""JSON Lines in our own fields: one draft a line."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from audittui.entry import Draft, decode_strict
from audittui.ingest.fit import fitted
from audittui.ingest.source import (
    Read,
    Rejected,
    Source,
    fault_of,
    files_in,
    numbered_lines,
)

SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
FIELDS = tuple(Draft.__struct_fields__)


def read_jsonl(paths: Sequence[Path], standard_input: IO[bytes] | None = None) -> Iterator[Read]:
    """The lines of files and folders; the path ``-`` is ``standard_input``.

    Nothing malformed ends the reading. Raises `UsageError` for a path that there is not.
    """
    done = 0
    for path in paths:
        if str(path) == "-" and standard_input is not None:
            done = yield from _read_source("standard input", Source(standard_input), done)
            continue
        for file in files_in([path], SUFFIXES):
            try:
                with file.open("rb") as raw:
                    done = yield from _read_source(str(file), Source(raw), done)
            except OSError as error:
                yield Read(Rejected(str(file), "", fault_of(error)), done)


def _read_source(name: str, source: Source, before: int) -> Generator[Read, None, int]:
    """The lines of a source; returns the bytes that are done after it."""
    number = 0
    for number, line in numbered_lines(io.BufferedReader(source)):
        done = before + source.taken
        try:
            draft = draft_of_line(decode_strict(line))
            made = fitted(draft)
            yield Read(made, done, shortened=made is not draft)
        except ValueError as error:
            yield Read(Rejected(name, f"line {number}", str(error)), done)
    if source.fault:
        after = f"after line {number}" if number else ""
        yield Read(Rejected(name, after, source.fault), before + source.taken)
    return before + source.taken


def draft_of_line(data: Any) -> Draft:
    """The draft that a decoded line says. Raises ``ValueError``."""
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    unknown = [key for key in data if key not in FIELDS]
    if unknown:
        raise ValueError(f"no such field: {unknown[0]} (put it under details)")
    try:
        return msgspec.convert(data, type=Draft)
    except msgspec.ValidationError as error:
        raise ValueError(str(error).replace("`", "")) from None
