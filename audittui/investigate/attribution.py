"""Who changed what: the state before an event, as far as it is known. Pure.

A change is attributed to an event only when the state right before it is known: from the event
itself, or from what the event before it left. Anything that may have come in between makes it
unknown.
"""

from __future__ import annotations

from typing import Any

import msgspec

from audittui import timestamp
from audittui.entry import decode_strict
from audittui.investigate.diff import DiffLine, diff
from audittui.investigate.lifecycle import HARMLESS, REFUSED, Change, change_of, verb_of
from audittui.layout.row import Row

_BROUGHT_BACK = frozenset(["restore", "recover", "undelete", "cancel"])
"""Verbs that restore an earlier state, which somebody else had made."""


class States(msgspec.Struct, frozen=True):
    """The states of its resource that an entry records; None for one that it does not."""

    before: Any = None
    after: Any = None


class Told(msgspec.Struct, frozen=True):
    """What an event changed. ``lines`` is None if that is not known; ``unknown`` then says why
    (empty if the event records no state at all)."""

    lines: tuple[DiffLine, ...] | None
    unknown: str = ""


def states_in(document: str) -> States:
    """The states that a stored entry records. Raises `ValueError` for text that is not an entry."""
    body = decode_strict(document)
    if not isinstance(body, dict):
        raise ValueError("not an object")
    return States(body.get("before"), body.get("after"))


def own_changes(row: Row | None, document: str) -> tuple[DiffLine, ...] | None:
    """What an entry changed according to itself; None if it does not say, or if ``document`` is
    not an entry."""
    try:
        states = states_in(document)
    except ValueError:
        return None
    change = "other" if row is None else change_of(row)
    before, after = states.before, states.after
    if change in REFUSED:
        return None
    if change == "deleted":
        return None if before is None else diff(before, None)
    if after is None or (before is None and change != "created"):
        return None
    return diff(before, after)


class KnownState:
    """The state of one resource, followed from event to event, oldest first.

    At first nothing is known. ``unknown`` says why; it is empty once the state is known.
    """

    def __init__(self) -> None:
        self.value: Any = None
        """The state; None if it is unknown or if there is none."""
        self.gone = False
        """True after a deletion."""
        self.unknown = "no earlier entry records a state"
        self._unread = False

    def lose(self, why: str) -> None:
        """Forget the state, because entries were left out or could not be read: a later difference
        cannot be attributed to the next event."""
        self.value, self.gone, self.unknown, self._unread = None, False, why, True

    @staticmethod
    def passes(change: Change) -> bool:
        """True for a change that leaves the state as it is."""
        return change in REFUSED or change in HARMLESS

    def follow(self, row: Row, states: States) -> Told:
        """What the next event changed; the state that it left is known from now on."""
        change = change_of(row)
        if change in REFUSED:
            return Told(())
        if change in HARMLESS:
            # It records what it found, not who made that.
            if states.after is not None:
                self._know(states.after)
            both = states.before is not None and states.after is not None
            return Told(diff(states.before, states.after) if both else ())
        told = self._told(row, states)
        if change == "deleted":
            self._know(None)
            self.gone = True
        elif states.after is not None:
            self._know(states.after)
        elif not self._unread:
            self.value, self.gone = None, False
            self.unknown = f"{_named(row)} records no state"
        return told

    def _know(self, value: Any) -> None:
        self.value, self.gone, self.unknown, self._unread = value, False, "", False

    def _told(self, row: Row, states: States) -> Told:
        before, after, change = states.before, states.after, change_of(row)
        if before is None and after is None:
            return Told(None)
        if change == "deleted":
            after = None
        elif after is None:
            return Told(None, "it does not record the resulting state")
        if before is not None:
            return Told(diff(before, after))
        if not self.unknown and not (self.gone and _brings_back(row)):
            return Told(diff(self.value, after))
        if self.unknown and change == "created" and not self._unread:
            return Told(diff(None, after))
        return Told(None, self.unknown or "it restored what had been deleted")


def _brings_back(row: Row) -> bool:
    return verb_of(row)[0] in _BROUGHT_BACK


def _named(row: Row) -> str:
    return f"{row.action} by {row.actor or '-'} at {timestamp.short(row.time)}"
