"""JSON Lines in our own fields: one draft a line."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from audittui.entry import Draft, decode_strict
from audittui.ingest.fit import fitted
from audittui.ingest.source import Read, Rejected, files_in, numbered_lines, open_bytes

SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
FIELDS = tuple(Draft.__struct_fields__)


def read_jsonl(paths: Sequence[Path], standard_input: IO[bytes] | None = None) -> Iterator[Read]:
    """The lines of files and folders; the path ``-`` is ``standard_input``."""
    done = 0
    for path in paths:
        if str(path) == "-" and standard_input is not None:
            yield from _read_stream("standard input", standard_input, standard_input, done)
            continue
        for file in files_in([path], SUFFIXES):
            try:
                stream, raw = open_bytes(file)
                with raw, stream:
                    yield from _read_stream(str(file), stream, raw, done)
            except (OSError, EOFError, zlib.error) as error:
                reason = getattr(error, "strerror", None) or str(error) or "cut off"
                yield Read(Rejected(str(file), "", f"cannot be read: {reason}"), done)
            done += file.stat().st_size


def _read_stream(name: str, stream: IO[bytes], raw: IO[bytes], before: int) -> Iterator[Read]:
    counts = raw.seekable()
    for number, line in numbered_lines(stream):
        made = _made(name, f"line {number}", line)
        yield Read(made, before + (raw.tell() if counts else 0))


def _made(name: str, position: str, line: bytes) -> Draft | Rejected:
    try:
        return fitted(draft_of_line(decode_strict(line)))
    except ValueError as error:
        return Rejected(name, position, str(error))


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
