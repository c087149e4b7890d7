"""Makes a draft fit: an oversized part moves out of ``details``, and says so."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

from audittui.entry import MAX_BODY_BYTES, NO_HASH, Draft, complete, encode_body
from audittui.errors import EntryRefusedError

_ENVELOPE = {"chain": "x" * 201, "seq": 10**12, "prev_hash": NO_HASH, "entry_id": "0" * 32}
_SUMMARY_BYTES = 400


def fitted(draft: Draft) -> Draft:
    """``draft``, with the largest parts of its details replaced by their SHA-256 until it fits.

    What was left out is listed under ``details._omitted``: path, bytes and SHA-256 of its JSON.
    Raises ``ValueError`` when the draft can never be an entry.
    """
    reason = refusal(draft)
    if reason is None:
        return draft
    details = draft.details
    if not isinstance(details, dict) or _size(draft) <= MAX_BODY_BYTES:
        raise ValueError(reason)
    details = json.loads(json.dumps(details))
    omitted: list[dict[str, Any]] = []
    while len(omitted) < 50:
        largest = max(_parts(details, ()), key=lambda part: part[1], default=None)
        if largest is None:
            break
        path, size = largest
        value = _cut(details, path)
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
        omitted.append({"path": ".".join(path), "bytes": size, "sha256": digest})
        smaller = msgspec.structs.replace(draft, details={**details, "_omitted": omitted})
        if refusal(smaller) is None:
            return smaller
    raise ValueError(reason)


def refusal(draft: Draft) -> str | None:
    """Why ``draft`` cannot be an entry, or None."""
    try:
        encode_body(complete(draft, recorded_at=0, expires_at=10**11, **_ENVELOPE))  # type: ignore[arg-type]
    except EntryRefusedError as error:
        return error.message.rstrip(".")
    return None


def _size(draft: Draft) -> int:
    try:
        return len(json.dumps(draft.details, ensure_ascii=False).encode("utf-8")) + 2000
    except (ValueError, RecursionError, TypeError):
        return 0


def _parts(value: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], int]]:
    """The named parts of nested objects with their sizes; those at the leaves of the naming."""
    found: list[tuple[tuple[str, ...], int]] = []
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            found += _parts(inner, (*path, key))
        else:
            size = len(json.dumps(inner, ensure_ascii=False).encode("utf-8"))
            if size > _SUMMARY_BYTES:
                found.append(((*path, key), size))
    return found


def _cut(details: dict[str, Any], path: tuple[str, ...]) -> Any:
    inner = details
    for key in path[:-1]:
        inner = inner[key]
    return inner.pop(path[-1])
