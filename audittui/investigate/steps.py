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

    ``document`` is the entry's stored JSON text. If it could not be read, it is empty, ``fault``
    says why in a sentence and ``unread`` in a word. ``lines`` is what the event changed; None if
    that is not known: ``unknown`` then says why (empty if the event records no state). ``after`` is
    the state that the event left, if it records one.
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
    """The steps of a lifecycle, from the bodies of its entries, oldest first.

    No change is attributed to an event across one that was not read. ``stranger`` says why a row
    does not belong to this log (empty if it does); the states in such a row are not used for
    others.
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
