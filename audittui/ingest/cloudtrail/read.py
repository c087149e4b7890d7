"""CloudTrail files: ``{"Records": […]}``, a list of records, or JSON Lines; plain or gzip."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from audittui.ingest.cloudtrail.documents import Placed, records_in
from audittui.ingest.cloudtrail.record import draft_of
from audittui.ingest.fit import fitted_with_size
from audittui.ingest.source import (
    BYTE_ORDER_MARK,
    Read,
    Rejected,
    Source,
    fault_of,
    files_in,
)

SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")


def read_cloudtrail(paths: Sequence[Path]) -> Iterator[Read]:
    """The records of files and folders, in order. Malformed records do not end the reading.

    Raises `UsageError` for a path that does not exist.
    """
    done = 0
    for path in files_in(paths, SUFFIXES):
        try:
            with path.open("rb") as raw:
                done = yield from _read_source(str(path), Source(raw), done)
        except OSError as error:
            yield Read(Rejected(str(path), "", fault_of(error)), done)


def _read_source(name: str, source: Source, before: int) -> Generator[Read, None, int]:
    """The records of a source, by time; return the total bytes read after it."""
    data = io.BufferedReader(source).read().removeprefix(BYTE_ORDER_MARK)
    records = list(records_in(data))
    if source.fault:
        records = _blamed(records, source.fault)
    records.sort(key=_moment)
    for number, (position, record) in enumerate(records, 1):
        # Reading the bytes is quick; handling the records takes the time.
        done = before + source.taken * number // len(records)
        yield _read(name, position, record, done)
    return before + source.taken


def _blamed(records: list[Placed], fault: str) -> list[Placed]:
    """The records of a file that could not be read to its end; the reason is given once."""
    place, last = records[-1] if records else ("", None)
    if isinstance(last, ValueError):
        return [*records[:-1], (place, ValueError(f"{last} ({fault})"))]
    return [*records, (f"after {place}" if place else "", ValueError(fault))]


def _moment(placed: Placed) -> tuple[str, bool]:
    """The sort key of a file's records: time, with creations first within one second.

    CloudTrail times are whole seconds, and records arrive in no particular order, so the first use
    of a resource may precede its creation.
    """
    record = placed[1]
    if not isinstance(record, dict):
        return "", True
    created = str(record.get("eventName", "")).startswith("Create")
    return str(record.get("eventTime", "")), not created


def _read(name: str, position: str, record: Any, done: int) -> Read:
    try:
        if isinstance(record, ValueError):
            raise record
        draft = draft_of(record)
        made, size = fitted_with_size(draft)
    except ValueError as error:
        return Read(Rejected(name, position, str(error)), done)
    return Read(made, done, made is not draft, name, position, size)
