"""What an event did to its resource, judging by its action and its outcome. Pure."""

from __future__ import annotations

import re
from typing import Literal

from audittui.layout.row import Row

Change = Literal["created", "changed", "deleted", "read", "used", "refused", "failed", "other"]
REFUSED: frozenset[Change] = frozenset(["refused", "failed"])
"""Changes that did not happen."""
HARMLESS: frozenset[Change] = frozenset(["read", "used"])
"""Changes that leave a resource as it is."""

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
    ("used", "assume invoke login logon signin"),
):  # fmt: skip
    for _verb in _verbs.split():
        _VERBS[_verb] = _change  # type: ignore[assignment]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PART_ENDS = re.compile(
    "(?:Policy|Tags?|Version|AccessKey|LoginProfile|Attributes?|Rules?|Configuration|Encryption|"
    "Lifecycle|Cors|Website|Replication|Permissions?|Grant|Membership|Items?|PublicAccessBlock|"
    "Entry|Boundary|Routes?|LogStream|Subscription|Association|Objects?|Ingress|Egress|Device|Profile|ServiceSpecificCredential|PublicKey)$"
)
"""Parts of a resource: creating or deleting one changes the resource."""


def change_of(row: Row) -> Change:
    """What an event did to its resource, by the verb of its action and by its outcome.

    Actions are read as CloudTrail writes them (``s3:DeleteBucket``) and as words
    (``bucket.delete``). Creating or deleting a part of a resource changes the resource.
    """
    if row.outcome == "denied":
        return "refused"
    if row.outcome == "failure":
        return "failed"
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
    only ``delete`` of ``bucket.deleted``. Both are empty if the verb is unknown."""
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
    """True when an AWS event is about another resource made from this one:
    ``SharedSnapshotVolumeCreated``, from a snapshot."""
    before = row.action.rpartition(":")[2].removesuffix("Created")
    if not row.resource.startswith("arn:") or before == row.action.rpartition(":")[2]:
        return False
    return not _bare(before).endswith(_bare(kind_of(row.resource)))


def _bare(noun: str) -> str:
    """``route-tables`` and ``RouteTable`` as the same word."""
    return noun.replace("-", "").lower().rstrip("s")


def kind_of(resource: str) -> str:
    """The kind of a resource, by its name: ``role`` of an ARN, ``door`` of ``door/7``; empty if the
    name does not say."""
    pieces = resource.split(":", 5)
    if len(pieces) < 6:
        kind, slash, _ = resource.partition("/")
        return kind if slash else ""
    if pieces[2] == "s3":
        return "object" if "/" in pieces[5] else "bucket"
    kind, *rest = re.split(r"[:/]", pieces[5])
    return kind if rest else {"sns": "topic", "sqs": "queue"}.get(pieces[2], "")
