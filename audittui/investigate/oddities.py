"""What looks wrong in the life of a resource.

Each of these is reported only if the log can hardly mean anything else: false alarms make readers
stop looking.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median
from typing import Literal

import msgspec

from audittui import timestamp
from audittui.investigate.lifecycle import change_of, kind_of, verb_of
from audittui.layout.row import Row

_BACK = frozenset(
    ["restore", "recover", "undelete", "cancel", "put", "upload", "copy", "write", "import"]
)
"""Verbs that undo a deletion, or that create a resource if it does not exist and change it if it
does."""
_LINGERS = frozenset(["terminate", "deregister"])
"""Verbs after which a resource can still be read, and its parts changed, for a long time."""
_SEEN = frozenset(["get", "read", "download", "fetch", "decrypt", "select"])
"""Verbs that read the resource itself: a list succeeds even without it."""
_ENDS = re.compile("delete|destroy|purge", re.IGNORECASE)
"""Actions that still belong to a deletion (``StartSecretVersionDelete``)."""
_SETTLES = 5 * 60 * timestamp.SECOND
"""How long a deletion takes to be visible to all readers."""
_DAY = 86_400 * timestamp.SECOND
_LONG, _ENTRIES = 7 * _DAY, 10
_TIMES_MEDIAN, _TIMES_SECOND = 20, 4


Known = Literal["log", "window", "part"]
"""What the rows are complete for: the log, a window of it, or neither (part of a window)."""
_NEVER: dict[Known, str] = {
    "log": "its creation is not in the log",
    "window": "not created in this window",
    "part": "its creation is not among the entries read",
}


class Oddity(msgspec.Struct, frozen=True):
    """What is odd, in a sentence without its full stop, and the place of the row that shows it.

    ``mild``: it is common; worth knowing, but no cause for alarm.
    """

    text: str
    at: int
    mild: bool = False


def find_oddities(
    rows: Sequence[Row], unread: int = -1, known: Known = "window"
) -> tuple[Oddity, ...]:
    """What looks wrong in a lifecycle, in the order of its rows.

    ``rows`` are in time order, from the beginning of the window on. ``unread`` is the place before
    which rows were left out (-1: none). What those could explain is not reported. ``known`` is what
    the rows are complete for.
    """
    found: list[Oddity] = []
    made: Row | None = None
    gone: Row | None = None
    created = False
    for at, row in enumerate(rows):
        if at == unread:
            made = gone = None
        change = change_of(row)
        if change == "created":
            if made is not None and _same_making(made, row):
                told = f"created twice without a deletion, at {_at(made)} and at {_at(row)}"
                found.append(Oddity(told, at))
            created, made, gone = True, row, None
        elif change == "deleted":
            made, gone = None, row
        elif gone is not None and change in ("changed", "read"):
            if verb_of(row)[0] in _BACK:
                gone = None
                continue
            if change == "read" and verb_of(row)[0] not in _SEEN:
                continue
            settles = _SETTLES if change == "read" else 0
            if (
                verb_of(gone)[0] in _LINGERS
                or _ENDS.search(row.action)
                or row.time - gone.time <= settles
            ):
                continue
            what = "changed later" if change == "changed" else "read later"
            found.append(Oddity(f"deleted at {_at(gone)} but {what}, at {_at(row)}", at))
            gone = None
    if rows and not created and unread != 0:
        found.insert(0, Oddity(_NEVER[known], 0, mild=True))
    found += _pause(rows, unread)
    return tuple(found)


def oddities(rows: Sequence[Row], known: Known = "window") -> tuple[str, ...]:
    """The sentences of `find_oddities`."""
    return tuple(one.text for one in find_oddities(rows, known=known))


def _same_making(before: Row, after: Row) -> bool:
    """True when two creations are of the resource itself, not of things in it, and are not the same
    event reported twice."""
    if before.action != after.action or (
        before.request_id and before.request_id == after.request_id
    ):
        return False
    kind = kind_of(after.resource).replace("-", "").rstrip("s").lower()
    words = re.sub(r"[^a-z]", "", re.split(r"[:/]", after.action)[-1].lower())
    return bool(kind) and kind in words


def _pause(rows: Sequence[Row], unread: int) -> list[Oddity]:
    """The one gap that is out of all proportion to the others, if there is one."""
    pauses = [(rows[at].time - rows[at - 1].time, at) for at in range(1, len(rows)) if at != unread]
    if len(pauses) < _ENTRIES:
        return []
    pauses.sort()
    (second, _), (longest, at) = pauses[-2:]
    if longest < max(
        _LONG, _TIMES_SECOND * second, _TIMES_MEDIAN * median(pause for pause, _ in pauses)
    ):
        return []
    days = longest // _DAY
    told = f"no entries for {days:,} d before {_at(rows[at])}, by far the longest gap here"
    return [Oddity(told, at, mild=True)]


def _at(row: Row) -> str:
    return timestamp.short(row.time)
