"""Reads JSON Lines in audittui's own fields: one draft per line."""

from __future__ import annotations

import difflib
import io
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from audittui.entry import Draft, decode_strict
from audittui.idempotency import record_digest
from audittui.ingest.fit import fitted_with_size
from audittui.ingest.source import (
    Read,
    Rejected,
    Source,
    fault_of,
    files_in,
    numbered_lines,
)

SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
FIELDS = tuple(name for name in Draft.__struct_fields__ if name != "source_digest")


class ContentKeys:
    """Idempotency keys for lines that have none: the SHA-256 of a line's content, plus a number
    from its second occurrence in an import on.

    Importing the same files again thus adds nothing, and equal lines of one import stay separate
    entries.
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def keyed(self, draft: Draft, data: Any) -> Draft:
        """``draft``, with a key derived from its line ``data`` if it has none."""
        if draft.idempotency_key is not None:
            return draft
        digest = record_digest(data)
        self._seen[digest] += 1
        number = self._seen[digest]
        key = f"content:{digest.rpartition(':')[2]}" + (f":{number}" if number > 1 else "")
        return msgspec.structs.replace(draft, idempotency_key=key, source_digest=digest)


def read_jsonl(
    paths: Sequence[Path],
    standard_input: IO[bytes] | None = None,
    keys: ContentKeys | None = None,
) -> Iterator[Read]:
    """Read the lines of files and folders; the path ``-`` is ``standard_input``.

    ``keys`` makes keys for lines that have none. Malformed lines do not end the reading. Raises
    `UsageError` for a path that does not exist.
    """
    done = 0
    for path in paths:
        if str(path) == "-" and standard_input is not None:
            done = yield from _read_source("standard input", Source(standard_input), done, keys)
            continue
        for file in files_in([path], SUFFIXES):
            try:
                with file.open("rb") as raw:
                    done = yield from _read_source(str(file), Source(raw), done, keys)
            except OSError as error:
                yield Read(Rejected(str(file), "", fault_of(error)), done)


def _read_source(
    name: str, source: Source, before: int, keys: ContentKeys | None
) -> Generator[Read, None, int]:
    """Read the lines of a source; return the total bytes read after it."""
    number = 0
    for number, line in numbered_lines(io.BufferedReader(source)):
        done = before + source.taken
        place = f"line {number}"
        try:
            data = decode_strict(line)
            draft = draft_of_line(data)
            if keys is not None:
                draft = keys.keyed(draft, data)
            made, size = fitted_with_size(draft)
            yield Read(made, done, made is not draft, name, place, size)
        except ValueError as error:
            yield Read(Rejected(name, place, str(error)), done)
    if source.fault:
        after = f"after line {number}" if number else ""
        yield Read(Rejected(name, after, source.fault), before + source.taken)
    return before + source.taken


def draft_of_line(data: Any) -> Draft:
    """The draft in a decoded line. Raises ``ValueError``."""
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    unknown = [key for key in data if key not in FIELDS]
    if unknown:
        raise ValueError(_unknown_field(unknown[0]))
    try:
        draft = msgspec.convert(data, type=Draft)
    except msgspec.ValidationError as error:
        raise ValueError(str(error).replace("`", "")) from None
    if draft.idempotency_key is None:
        return draft
    return msgspec.structs.replace(draft, source_digest=record_digest(data))


def _unknown_field(name: str) -> str:
    close = difflib.get_close_matches(name[:80].lower(), FIELDS, 1)
    advice = f"did you mean {close[0]}?" if close else "put it under details"
    return f"unknown field {name} ({advice})"
