"""CloudTrail files: ``{"Records": […]}``, a list of records, or JSON Lines; plain or gzip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from audittui.entry import Draft, decode_strict
from audittui.ingest.cloudtrail.record import draft_of
from audittui.ingest.fit import fitted
from audittui.ingest.source import Read, Rejected, files_in, open_bytes

SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")


def read_cloudtrail(paths: Sequence[Path]) -> Iterator[Read]:
    """The records of files and folders, in order. Nothing malformed ends the reading."""
    done = 0
    for path in files_in(paths, SUFFIXES):
        yield from _read_file(path, done)
        done += path.stat().st_size


def _read_file(path: Path, before: int) -> Iterator[Read]:
    name = str(path)
    try:
        stream, raw = open_bytes(path)
        with raw, stream:
            for position, record in sorted(_records(stream), key=_moment):
                yield Read(_made(name, position, record), before + raw.tell())
    except (OSError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or "cut off"
        yield Read(Rejected(name, "", f"cannot be read: {reason}"), before)


def _moment(placed: tuple[str, Any]) -> tuple[str, bool]:
    """What a file's records are sorted by: time, and creations first within one second.

    CloudTrail tells whole seconds and delivers in no order, so that a thing's first use may stand
    before its creation.
    """
    record = placed[1]
    if not isinstance(record, dict):
        return "", True
    created = str(record.get("eventName", "")).startswith("Create")
    return str(record.get("eventTime", "")), not created


def _records(stream: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """Each record with its place; an exception in the record's stead where it is not JSON."""
    data = stream.read()
    text = data.lstrip()
    if not text:
        return
    try:
        whole = decode_strict(data)
    except ValueError as error:
        if b"\n" not in text.strip():
            yield "", error
            return
        yield from _lines(data)
        return
    if isinstance(whole, dict) and "Records" in whole:
        whole = whole["Records"]
        if not isinstance(whole, list):
            yield "", ValueError("Records is not a list")
            return
    records = whole if isinstance(whole, list) else [whole]
    for number, record in enumerate(records, 1):
        yield f"record {number}", record


def _lines(data: bytes) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                yield f"line {number}", decode_strict(line)
            except ValueError as error:
                yield f"line {number}", error


def _made(name: str, position: str, record: Any) -> Draft | Rejected:
    if isinstance(record, ValueError):
        return Rejected(name, position, f"not JSON: {record}")
    try:
        return fitted(draft_of(record))
    except ValueError as error:
        return Rejected(name, position, str(error))
