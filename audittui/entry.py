"""What one entry is: its fields, its canonical body, its hash.

The body is JSON, stored and hashed verbatim: keys sorted by code point, no insignificant white
space, UTF-8, integers as written. It is not RFC 8785, because nothing ever re-serialises it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any, Literal, get_args

import msgspec

from audittui import timestamp
from audittui.errors import EntryRefusedError

Outcome = Literal["success", "failure", "denied", "unknown"]
Severity = Literal["info", "low", "medium", "high", "critical"]

OUTCOMES: tuple[str, ...] = get_args(Outcome)
SEVERITIES: tuple[str, ...] = get_args(Severity)

VERSION = 1
MAX_BODY_BYTES = 60_000
"""The most UTF-8 bytes of a body."""
MAX_DEPTH = 200
"""The deepest nesting of objects and lists, within the limits of every JSON reader."""
MAX_PARTITION_KEY_BYTES = 2048
NO_HASH = "0" * 64
"""``prev_hash`` of the entry with seq 0."""

LIST_FIELDS = (
    "time", "actor", "action", "resource", "outcome", "request_id", "severity", "source_ip",
    "reason",
)  # fmt: skip
"""The fields of a body that a table copies into attributes, for indexes and lists."""


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A writer's description of one event, before the log assigns it a place.

    ``time`` is RFC 3339 (default: the moment of the append). ``before`` and ``after`` are states of
    the resource, for diffs. ``details`` is any JSON value. A draft with an ``idempotency_key`` is
    written at most once, however often it is appended. The key stands for the draft's own fields,
    or for the source record whose digest is ``source_digest``
    (`audittui.idempotency.record_digest`).
    """

    actor: str
    action: str
    resource: str | None = None
    outcome: Outcome = "unknown"
    time: str | None = None
    request_id: str | None = None
    severity: Severity = "info"
    source_ip: str | None = None
    reason: str | None = None
    before: Any = None
    after: Any = None
    details: Any = None
    idempotency_key: str | None = None
    source_digest: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a chain, as in its body. Absent fields are left out of the body.

    The fields are declared in the order of the body's keys, so a canonical body survives decoding
    and encoding byte for byte.
    """

    action: str
    actor: str
    after: Any = None
    before: Any = None
    chain: str
    details: Any = None
    expires_at: int | None = None
    id: str
    outcome: Outcome
    prev_hash: str
    reason: str | None = None
    recorded_at: str
    request_id: str | None = None
    resource: str | None = None
    seq: int
    severity: Severity
    source_ip: str | None = None
    time: str
    v: int


def new_id() -> str:
    """A new entry id, unique across all writers."""
    return uuid.uuid4().hex


def _refuse_bad_keys(value: Any, name: str) -> None:
    """Refuse a key that is not text: json.dumps would turn 1, True and None into text, which could
    make two keys equal."""
    open_ones: list[tuple[Any, int]] = [(value, 0)]
    while open_ones:
        one, depth = open_ones.pop()
        if depth > MAX_DEPTH:
            raise EntryRefusedError("The entry is nested too deeply.", "Flatten it.")
        if isinstance(one, dict):
            for key in one:
                if not isinstance(key, str):
                    raise EntryRefusedError(f"{name} has a key that is not text: {key!r}.")
            one = one.values()
        for inner in one:
            if isinstance(inner, dict | list | tuple):
                open_ones.append((inner, depth + 1))


def encode_body(entry: Entry) -> bytes:
    """The canonical body of ``entry``, at most `MAX_BODY_BYTES` long.

    Raises `EntryRefusedError` for NaN and infinities, lone surrogates, keys that are not text,
    values that JSON cannot represent, and bodies that are too long.
    """
    fields: dict[str, Any] = {}
    for name in entry.__struct_fields__:
        value = getattr(entry, name)
        if value is not None:
            fields[name] = value
    try:
        for name in ("before", "after", "details"):
            if isinstance(fields.get(name), dict | list | tuple):
                _refuse_bad_keys(fields[name], name)
        body = json.dumps(
            fields, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode("utf-8")
    except UnicodeEncodeError:
        raise EntryRefusedError(
            "The entry contains a lone surrogate, which UTF-8 cannot encode.",
            "Replace it before appending.",
        ) from None
    except RecursionError:
        raise EntryRefusedError("The entry is nested too deeply.", "Flatten it.") from None
    except (ValueError, TypeError) as error:
        raise EntryRefusedError(f"The entry cannot be written as JSON: {error}.") from None
    if len(body) > MAX_BODY_BYTES:
        raise EntryRefusedError(
            f"The entry's body has {len(body):,} bytes; the limit is {MAX_BODY_BYTES:,}.",
            "Move large values elsewhere and keep their SHA-256.",
        )
    return body


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def decode_strict(data: bytes | str) -> Any:
    """The value of a JSON text. Duplicate keys, NaN and lone surrogates are refused.

    Raises ``ValueError``.
    """
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    try:
        value = json.loads(
            text, object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant
        )
        # An escape such as \ud800 passes json.loads; encoding finds it.
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


_ENTRY_DECODER = msgspec.json.Decoder(Entry)


def decode_body(body: bytes) -> Entry:
    """The entry in a stored body. Raises ``ValueError`` if it is not one."""
    try:
        return _ENTRY_DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


def hash_body(body: bytes) -> bytes:
    """``SHA-256(0x00 ‖ body)``: the chain link and the RFC 6962 §2.1 leaf hash, 32 bytes."""
    return hashlib.sha256(b"\x00" + body).digest()


def complete(
    draft: Draft,
    *,
    chain: str,
    seq: int,
    prev_hash: str,
    recorded_at: int,
    entry_id: str,
    expires_at: int | None = None,
) -> Entry:
    """The entry that ``draft`` becomes at its place in a chain.

    ``recorded_at`` is in microseconds, ``expires_at`` in seconds since the epoch. Raises
    `EntryRefusedError` if the draft's fields are out of range.
    """
    try:
        time = recorded_at if draft.time is None else timestamp.parse(draft.time)
    except ValueError as error:
        raise EntryRefusedError(f"The field time is {error}.") from None
    for name, value, allowed in (
        ("outcome", draft.outcome, OUTCOMES),
        ("severity", draft.severity, SEVERITIES),
    ):
        if value not in allowed:
            raise EntryRefusedError(
                f"The field {name} is {value!r}.", f"Use one of {', '.join(allowed)}."
            )
    for name in ("actor", "action", "resource", "request_id", "source_ip", "reason"):
        value = getattr(draft, name)
        if value is not None and not isinstance(value, str):
            raise EntryRefusedError(f"The field {name} must be text.")
        if value is not None and name != "source_ip" and _too_long(value):
            raise EntryRefusedError(
                f"The field {name} is longer than {MAX_PARTITION_KEY_BYTES:,} bytes, "
                "the limit of an index key.",
                "Shorten it and keep the full value in details.",
            )
    if not draft.actor or not draft.action:
        raise EntryRefusedError("An entry needs an actor and an action.")
    return Entry(
        v=VERSION,
        id=entry_id,
        chain=chain,
        seq=seq,
        time=timestamp.text(time),
        recorded_at=timestamp.text(recorded_at),
        prev_hash=prev_hash,
        actor=draft.actor,
        action=draft.action,
        outcome=draft.outcome,
        severity=draft.severity,
        resource=draft.resource or None,
        request_id=draft.request_id or None,
        source_ip=draft.source_ip or None,
        reason=draft.reason or None,
        before=draft.before,
        after=draft.after,
        details=draft.details,
        expires_at=expires_at,
    )


def _too_long(value: str) -> bool:
    return len(value.encode("utf-8", "surrogatepass")) > MAX_PARTITION_KEY_BYTES
