"""Makes a draft fit into an entry: removes what is too large, and records that in the draft."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

from audittui.entry import (
    MAX_BODY_BYTES,
    MAX_PARTITION_KEY_BYTES,
    NO_HASH,
    Draft,
    complete,
    encode_body,
)
from audittui.errors import EntryRefusedError
from audittui.escape import shortened
from audittui.idempotency import key_fault

OMITTED, SHORTENED = "_omitted", "_shortened"
"""The keys of ``details`` that record what was removed from a draft."""
_ENVELOPE = {"chain": "x" * 201, "seq": 10**12, "prev_hash": NO_HASH, "entry_id": "0" * 32}
_KEY_FIELDS = ("actor", "action", "resource", "request_id", "reason")
_SPREAD = 16
"""An object is removed as a whole if each of its parts is less than a sixteenth of it."""
_MAX_CUTS = 50
_LONGEST_NAME = 60


def fitted(draft: Draft) -> Draft:
    """Like `fitted_with_size`, without the size."""
    return fitted_with_size(draft)[0]


def fitted_with_size(draft: Draft) -> tuple[Draft, int]:
    """``draft`` if it fits, otherwise a smaller one; with the maximum size of its body in bytes.

    Fields used in index keys that are longer than 2,048 bytes are cut, with their SHA-256 appended
    (`short_key`); ``details._shortened`` keeps the full values. Then the largest parts of the
    details are removed until the body fits; ``details._omitted`` lists path, bytes and SHA-256 of
    the JSON of each. Raises ``ValueError`` if the draft can never be an entry.
    """
    reason, size = _judged(draft)
    if reason is None:
        return draft, size
    draft = _with_short_keys(draft)
    reason, size = _judged(draft)
    if reason is None:
        return draft, size
    if not isinstance(draft.details, dict) or not _is_large(draft.details):
        raise ValueError(reason)
    details = json.loads(json.dumps(draft.details))
    before = details.pop(OMITTED, None)
    omitted: list[Any] = before if isinstance(before, list) else []
    cuts = 0
    while details:
        path = _largest(details, deep=cuts < _MAX_CUTS)
        cuts += 1
        text = _text(_cut(details, path))
        omitted.append({
            "path": ".".join(shortened(name, _LONGEST_NAME) for name in path),
            "bytes": len(text), "sha256": hashlib.sha256(text).hexdigest(),
        })  # fmt: skip
        smaller = msgspec.structs.replace(draft, details={**details, OMITTED: omitted})
        still, size = _judged(smaller)
        if still is None:
            return smaller, size
    raise ValueError(reason)


def refusal(draft: Draft) -> str | None:
    """Why ``draft`` cannot be an entry, or None."""
    return _judged(draft)[0]


def _judged(draft: Draft) -> tuple[str | None, int]:
    """Why ``draft`` cannot be an entry, or None; and the maximum size of its body in bytes."""
    if draft.idempotency_key is not None and (fault := key_fault(draft.idempotency_key)):
        return fault, 0
    try:
        body = encode_body(complete(draft, recorded_at=0, expires_at=10**11, **_ENVELOPE))  # type: ignore[arg-type]
    except EntryRefusedError as error:
        return error.message.rstrip("."), 0
    return None, len(body)


def short_key(value: str) -> str:
    """A value longer than 2,048 bytes as an index key: as much of it as fits, and its SHA-256.

    Equal values give equal keys; different values give different keys.
    """
    data = value.encode("utf-8", "surrogatepass")
    mark = "…sha256:" + hashlib.sha256(data).hexdigest()
    return data[: MAX_PARTITION_KEY_BYTES - len(mark.encode())].decode("utf-8", "ignore") + mark


def _with_short_keys(draft: Draft) -> Draft:
    long = {
        name: value
        for name in _KEY_FIELDS
        if isinstance(value := getattr(draft, name), str)
        and len(value.encode("utf-8", "surrogatepass")) > MAX_PARTITION_KEY_BYTES
    }
    details = {} if draft.details is None else draft.details
    if not long or not isinstance(details, dict):
        return draft
    short: dict[str, Any] = {name: short_key(value) for name, value in long.items()}
    before = details.get(SHORTENED)
    kept = {**(before if isinstance(before, dict) else {}), **long}
    return msgspec.structs.replace(draft, **short, details={**details, SHORTENED: kept})


def _text(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _is_large(details: dict[str, Any]) -> bool:
    """Whether the details may be refused because of their size."""
    try:
        return len(_text(details)) > MAX_BODY_BYTES // 2
    except (ValueError, RecursionError, TypeError):
        return False


def _largest(details: dict[str, Any], deep: bool) -> list[str]:
    """The path of what to cut: the largest part, inside it the largest part, and so on while one
    part dominates; only a top-level part of the details unless ``deep``."""
    path: list[str] = []
    inner: Any = details
    while True:
        sizes = {name: len(name.encode()) + len(_text(value)) for name, value in inner.items()}
        name = max(sizes, key=lambda each: sizes[each])
        if path and sizes[name] * _SPREAD < sum(sizes.values()):
            return path
        path.append(name)
        inner = inner[name]
        if not deep or not isinstance(inner, dict) or not inner:
            return path


def _cut(details: dict[str, Any], path: list[str]) -> Any:
    inner = details
    for name in path[:-1]:
        inner = inner[name]
    return inner.pop(path[-1])
