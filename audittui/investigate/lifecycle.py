"""What happened to one resource from its creation on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import msgspec

from audittui.entry import decode_strict
from audittui.errors import StoreError
from audittui.investigate.diff import DiffLine, diff
from audittui.investigate.document import fetch
from audittui.layout.model import Layout
from audittui.layout.row import Row
from audittui.store.port import Store

Change = Literal["created", "changed", "deleted", "read", "refused", "other"]
OTHERS_NOTE = (
    "Only an event's main resource is indexed: events that name this one among their further "
    "resources (details.resources) are not listed."
)
"""What a lifecycle cannot see, for its coverage."""
_AT_ONCE = 8

_VERBS: dict[str, Change] = {}
for _change, _verbs in (
    ("created", "create run register launch allocate insert import provision born"),
    ("deleted", "delete terminate deregister destroy drop release purge erase"),
    (
        "changed",
        "put update modify set change attach detach add remove enable disable associate "
        "disassociate start stop reboot tag untag rotate restore grant revoke authorize edit write "
        "patch replace move rename upload reset cancel suspend resume copy configure deactivate "
        "activate lock unlock assign unassign promote schedule recover undelete",
    ),
    ("read", "get list describe head lookup read view select query scan fetch download search "
             "decrypt batchget show check validate test export simulate"),
):  # fmt: skip
    for _verb in _verbs.split():
        _VERBS[_verb] = _change  # type: ignore[assignment]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PART_ENDS = re.compile(
    "(?:Policy|Tags?|Version|AccessKey|LoginProfile|Attributes?|Rules?|Configuration|Encryption|"
    "Lifecycle|Cors|Website|Replication|Permissions?|Grant|Membership|Items?|PublicAccessBlock|"
    "Entry|Boundary|Routes?|LogStream|Subscription|Association|Objects?|Ingress|Egress|Device|Profile|ServiceSpecificCredential|PublicKey)$"
)
"""What a thing has: creating or deleting such a part changes the thing."""


class LifecycleStep(msgspec.Struct, frozen=True):
    """One event of a resource.

    ``document`` is the entry's stored JSON text; empty with a ``fault`` where it could not be
    read. ``lines`` is what the event changed: by its own states before and after, else from the
    last known state to this one.
    """

    row: Row
    document: str
    change: Change
    lines: tuple[DiffLine, ...] = ()
    rcu: float = 0.0
    fault: str = ""


def change_of(row: Row) -> Change:
    """What an event did to its resource, by the verb of its action and by its outcome.

    Actions are read as CloudTrail writes them (``s3:DeleteBucket``) and as words
    (``bucket.delete``). Making or deleting a part of a thing changes the thing.
    """
    if row.outcome in ("denied", "failure"):
        return "refused"
    verb, noun = verb_of(row)
    if not verb:
        return "other"
    change = _VERBS[verb]
    if change in ("created", "deleted") and _is_part(noun, row.resource):
        return "changed"
    if change == "created" and not noun and _is_of_another(row):
        return "other"
    return change


def verb_of(row: Row) -> tuple[str, str]:
    """The verb of an action, and what follows it: ``delete`` and ``Bucket`` of ``s3:DeleteBucket``,
    ``delete`` alone of ``bucket.deleted``. Both are empty where no verb is known."""
    name = re.split(r"[:/]", row.action)[-1]
    words = _WORD.findall(name)
    if not words:
        return "", ""
    for word, noun in ((words[0], name[len(words[0]) :]), (words[-1], "")):
        for verb in (word.lower(), _stem(word.lower())):
            if verb in _VERBS:
                return verb, noun
    return "", ""


def _stem(word: str) -> str:
    """``deleted`` and ``created`` as ``delete`` and ``create``; ``attached`` as ``attach``."""
    if not word.endswith("ed"):
        return word
    return word[:-1] if word[:-1] in _VERBS else word[:-2]


def _is_part(noun: str, resource: str) -> bool:
    """True when an AWS action's noun is a part of the resource, not the resource itself."""
    if not noun or not _PART_ENDS.search(noun):
        return False
    return _bare(kind_of(resource)) != _bare(noun)


def _is_of_another(row: Row) -> bool:
    """True where an AWS event tells of another thing that was made of the resource:
    ``SharedSnapshotVolumeCreated``, of a snapshot."""
    before = row.action.rpartition(":")[2].removesuffix("Created")
    if not row.resource.startswith("arn:") or before == row.action.rpartition(":")[2]:
        return False
    return not _bare(before).endswith(_bare(kind_of(row.resource)))


def _bare(noun: str) -> str:
    """``route-tables`` and ``RouteTable`` as the same word."""
    return noun.replace("-", "").lower().rstrip("s")


def kind_of(resource: str) -> str:
    """What a resource is, by its name: ``role`` of an ARN, ``door`` of ``door/7``; empty where the
    name does not say it."""
    pieces = resource.split(":", 5)
    if len(pieces) < 6:
        kind, slash, _ = resource.partition("/")
        return kind if slash else ""
    if pieces[2] == "s3":
        return "object" if "/" in pieces[5] else "bucket"
    kind, *rest = re.split(r"[:/]", pieces[5])
    return kind if rest else {"sns": "topic", "sqs": "queue"}.get(pieces[2], "")


def trace(
    store: Store,
    layout: Layout,
    rows: Sequence[Row],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[LifecycleStep]:
    """The steps of a life, in the order of ``rows`` (oldest first), documents read as they go.

    A document that cannot be read does not end the trace: its step has a ``fault``. ``progress``
    is told how many of how many were read.
    """
    known: Any = None

    def read(row: Row) -> LifecycleStep:
        change = change_of(row)
        try:
            fetched = fetch(store, layout, layout.key_of(row))
        except StoreError as error:
            return LifecycleStep(row, "", change, fault=str(error))
        fault = "" if fetched.item is not None else "The entry is not in the table any more."
        return LifecycleStep(row, fetched.document, change, rcu=fetched.rcu, fault=fault)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(rows), 4 * _AT_ONCE):
            steps = pool.map(read, rows[start : start + 4 * _AT_ONCE])
            for number, step in enumerate(steps, start + 1):
                lines, known = _lines(step, known)
                if progress is not None:
                    progress(number, len(rows))
                yield msgspec.structs.replace(step, lines=lines)


def _lines(step: LifecycleStep, known: Any) -> tuple[tuple[DiffLine, ...], Any]:
    """What a step changed, and the state that is known after it."""
    before, after = _states(step.document)
    if step.change == "refused":
        return (), known
    lines: tuple[DiffLine, ...] = ()
    if before is not None:
        lines = diff(before, after)
    elif after is not None:
        lines = diff(known, after)
    if step.change == "deleted":
        return lines, None
    return lines, known if after is None else after


def _states(document: str) -> tuple[Any, Any]:
    try:
        body = decode_strict(document)
    except ValueError:
        return None, None
    return (body.get("before"), body.get("after")) if isinstance(body, dict) else (None, None)
