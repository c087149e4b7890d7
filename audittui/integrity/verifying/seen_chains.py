"""Chains that must exist, because this machine has seen them in the table before."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from audittui.errors import StoreError
from audittui.integrity.pins import Pins
from audittui.integrity.verifying.progress_mark import Mark
from audittui.integrity.verifying.verdict import Step, Verdict, VerdictName
from audittui.store.identity import TableIdentity


class SeenChains(msgspec.Struct, frozen=True):
    """The chains that a table must have, each with the reason, and what could not be read.

    ``elsewhere`` are chains pinned only for other tables.
    """

    chains: dict[str, str]
    unread: tuple[StoreError, ...] = ()
    elsewhere: tuple[str, ...] = ()


def seen_chains(
    pins: Pins, table: TableIdentity, marks_of: Callable[[TableIdentity], Iterable[Mark]]
) -> SeenChains:
    """What this machine has seen of a table: its pins, and the ends of its sweeps.

    ``marks_of`` returns the marks of a table's sweeps, or raises `StoreError`.
    """
    chains: dict[str, str] = {}
    unread: list[StoreError] = []
    elsewhere: set[str] = set()
    try:
        for mark in marks_of(table):
            chains[mark.chain] = f"it was verified here up to entry {mark.size - 1}"
    except StoreError as error:
        unread.append(error)
    for pin in pins.all():
        if isinstance(pin, StoreError):
            unread.append(pin)
        elif pin.seen_in(table):
            chains[pin.chain] = f"a checkpoint of size {pin.size:,} was seen here"
        else:
            elsewhere.add(pin.chain)
    return SeenChains(chains, tuple(unread), tuple(sorted(elsewhere - chains.keys())))


def absent_chain(chain: str, why: str) -> Verdict:
    """The verdict on a chain that must be in the table, for the reason ``why``, but is not."""
    return _unnamed(chain, why, "TRUNCATED", "the chain is not in the table")


def unregistered(chain: str, why: str) -> Verdict:
    """The verdict on a chain that has entries but is not listed in the registry."""
    return _unnamed(chain, why, "INDEX MISMATCH", "the registry does not list the chain")


def _unnamed(chain: str, why: str, name: VerdictName, what: str) -> Verdict:
    note = f"{what[0].upper()}{what[1:]}, but {why}"
    step = Step("registry", "fails", "a record of the chain", "(absent)", note)
    return Verdict(chain, 0, name, f"{name}: {what}, but {why}.", (step,))
