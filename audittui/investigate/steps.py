"""What happened to one resource from its creation on, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from audittui.investigate.attribution import KnownState, States, states_in
from audittui.investigate.bodies import Body, Unread
from audittui.investigate.diff import DiffLine
from audittui.investigate.lifecycle import Change, change_of
from audittui.layout.row import Row

_UNREADABLE = "The entry's body is not a JSON object, so its contents cannot be read."


class LifecycleStep(msgspec.Struct, frozen=True):
    """One event of a resource.

    ``document`` is the entry's stored JSON text; empty with a ``fault`` where it could not be
    read, ``unread`` says why in a word. ``lines`` is what the event changed; None where that is
    not known: ``unknown`` then says why (empty where the event tells no state), and ``after`` is
    the state that it left, if it tells one.
    """

    row: Row
    document: str
    change: Change
    lines: tuple[DiffLine, ...] | None = None
    unknown: str = ""
    after: Any = None
    fault: str = ""
    unread: Unread = ""


def steps_of(
    bodies: Iterable[Body], stranger: Callable[[Row], str] = lambda _: ""
) -> Iterator[LifecycleStep]:
    """The steps of a life, from the bodies of its entries, oldest first.

    No change is laid to an event across one that was not read. ``stranger`` says why a row is not
    of this log (empty: it is): what such a one says of the state counts for no other.
    """
    known = KnownState()
    for body in bodies:
        row, change = body.row, change_of(body.row)
        fault, unread, states = body.fault, body.unread, States()
        if not unread:
            try:
                states = states_in(body.document)
            except ValueError:
                fault, unread = _UNREADABLE, "fault"
        why = stranger(row)
        if why:
            unknown = "" if states == States() else f"nothing vouches for this entry ({why})"
            yield LifecycleStep(
                row, body.document, change, None, unknown, states.after, fault, unread
            )
            continue
        if unread:
            told_as = "could not be" if unread == "fault" else "was not"
            known.lose(f"an earlier entry {told_as} read")
            yield LifecycleStep(row, body.document, change, fault=fault, unread=unread)
            continue
        told = known.follow(row, states)
        yield LifecycleStep(row, body.document, change, told.lines, told.unknown, states.after)
