"""One entry, looked at: what is stored of it, what was checked, what happened to its resource."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from audittui.errors import AuditError
from audittui.layout.row import ROW_FIELDS, Item, Row
from audittui.runbook.plan import Window
from audittui.tui.model.counts import counted
from audittui.tui.model.json_lines import JsonLines

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.integrity.registrations import Registrations
    from audittui.integrity.verifying.verdict import Verdict
    from audittui.investigate.diff import DiffLine
    from audittui.investigate.oddities import Known
    from audittui.investigate.version import Version
    from audittui.layout.model import Layout
    from audittui.runbook.catalogue import Catalogue
    from audittui.runbook.model import Runbook

SHIPPED = ("actor-activity", "resource-lifecycle", "request-trace")


class Document(msgspec.Struct, frozen=True):
    """The stored text of an entry; empty with a ``fault`` where it cannot be read.

    ``row`` is what the stored item's fields say. ``listed`` names those of them for which the list
    showed what no index can show of this item.
    """

    text: str
    rcu: float = 0.0
    fault: str = ""
    row: Row | None = None
    listed: frozenset[str] = frozenset()

    def same(self, other: Document) -> bool:
        """True when it shows the same item."""
        return (self.text, self.row, self.fault) == (other.text, other.row, other.fault)


class Judged(msgspec.Struct, frozen=True):
    """A verdict and what it is about: ``document`` is that very item, the only one that may be
    shown beside it; None where nothing could be read."""

    verdict: Verdict
    document: Document | None = None

    @property
    def as_listed(self) -> Verdict:
        """The verdict on what a list shows of the entry, which may be something else."""
        document, verdict = self.document, self.verdict
        if document is None or not document.listed or verdict.failed:
            return verdict
        return msgspec.structs.replace(
            verdict, verdict="INDEX MISMATCH", summary=differing_text(document.listed)
        )


def differing_text(listed: frozenset[str]) -> str:
    """What is said of an entry whose ``listed`` fields the list shows otherwise."""
    names = ", ".join(name.replace("_", " ") for name in ROW_FIELDS if name in listed)
    return f"Changed since it was listed, or listed wrongly: {names}. r reads the list again."


class Life(msgspec.Struct, frozen=True):
    """The entries of one resource, oldest first, as far as they were read.

    ``fault`` says why reading ended before its time. Before the row at the place ``unread`` some
    were not read (-1: none are missing between); ``more``: later ones were not. ``window`` is what
    was asked for. ``strangers`` says of rows, by their keys, why they are not of this log.
    """

    resource: str
    rows: tuple[Row, ...] = ()
    fault: str = ""
    rcu: float = 0.0
    unread: int = -1
    more: bool = False
    window: Window = Window(None, None)
    strangers: Mapping[tuple[str, str | int], str] = {}

    @property
    def own(self) -> Sequence[int]:
        """The places of the rows that are of this log."""
        return [at for at, row in enumerate(self.rows) if row.key not in self.strangers]

    @property
    def complete(self) -> bool:
        """True when all of the window was read."""
        return not self.fault and not self.more and self.unread < 0

    @property
    def known(self) -> Known:
        """What these entries are all of."""
        if not self.complete:
            return "part"
        return "log" if self.window.start is None and self.window.end is None else "window"

    @property
    def told(self) -> str:
        """How complete it is, in a few words."""
        count = f"{len(self.rows):,}"
        entries = counted(len(self.rows), "entry")
        if self.fault and not self.rows:
            return f"not read: {self.fault}"
        if self.fault:
            return f"{entries}: {self.fault}"
        if self.complete:
            return f"all {entries}" + (" of its window" if self.known == "window" else "")
        if self.unread >= 0:
            left = " and later" if self.more else ""
            return f"{count} of more, not those between{left}; L here reads on"
        return f"the first {count} of more; L here reads on"


def read_document(connection: Connection, row: Row) -> Document:
    """The whole entry of ``row``. Errors of the store are told, not raised."""
    try:
        found = connection.store.get(connection.layout.key_of(row))
    except AuditError as error:
        return Document("", fault=str(error))
    return _document(connection.layout, row, found.item, found.rcu)


def _document(layout: Layout, row: Row, item: Item | None, rcu: float = 0.0) -> Document:
    if item is None:
        return Document("", rcu, "The entry is not in the table any more.")
    listed = _listed_otherwise(layout, row, item)
    return Document(layout.document(item), rcu, row=layout.row(item), listed=listed)


def _listed_otherwise(layout: Layout, row: Row, item: Item) -> frozenset[str]:
    """The fields of ``row`` that do not come from this item. An index may hold less than the item,
    and its times may be coarser, so each is asked what it would show."""
    kept = (layout.partition.attribute, layout.sort.attribute)
    views = [layout.row(item)]
    for index in layout.indexes:
        held = {name: value for name, value in item.items() if index.holds(name) or name in kept}
        views.append(layout.row(held, index))
    return frozenset(
        name
        for name in ROW_FIELDS
        if all(getattr(view, name) != getattr(row, name) for view in views)
    )


def tree_of(document: Document) -> JsonLines | None:
    """The stored text as lines that fold; None where it is no JSON."""
    try:
        return JsonLines(document.text)
    except ValueError:
        return None


def changes_of(document: Document) -> Sequence[DiffLine] | None:
    """What an entry changed by its own states before and after; None where it tells neither, or
    where the one that it tells does not say what is new."""
    from audittui.investigate.attribution import own_changes

    return own_changes(document.row, document.text)


def check_entry(
    connection: Connection, row: Row, registrations: Registrations | None = None
) -> Judged:
    """The entry of ``row``, verified: held against what the trusted keys signed, if any.

    Of many entries, the same ``registrations`` ask the registry once for each chain. Raises
    `UsageError` for a trusted key that is none, and for a chain that is not known.
    """
    from audittui.integrity.settings import verification_settings
    from audittui.integrity.verifying.single_entry import verify_stored

    settings = verification_settings(connection.target.trusted_keys)
    store, layout = connection.store, connection.layout
    verdict, item = verify_stored(
        store, layout, row.chain, row.seq, settings=settings, registrations=registrations
    )
    if item is None and verdict.verdict == "UNVERIFIABLE":
        return Judged(verdict)
    return Judged(verdict, _document(layout, row, item))


def check_entries(connection: Connection, rows: Sequence[Row]) -> tuple[list[Verdict], float]:
    """The verdicts on what ``rows`` show of their entries, and the read units they took.

    The entries of a chain and their neighbours are read together; only what is not there, or not
    as it should be, is looked at singly. Raises `AuditError` when the store does not answer.
    """
    from audittui.integrity.settings import verification_settings
    from audittui.integrity.verifying.prover import Prover

    store, layout = connection.store, connection.layout
    if not layout.chained or len(rows) == 1:
        verdicts = [check_entry(connection, row).as_listed for row in rows]
        return verdicts, sum(one.rcu for one in verdicts)
    chains: dict[str, dict[int, Row]] = {}
    for row in rows:
        chains.setdefault(row.chain, {})[row.seq] = row
    settings = verification_settings(connection.target.trusted_keys)
    found: list[Verdict] = []
    rcu = 0.0
    for chain, wanted in chains.items():
        prover = Prover(store, layout, chain, settings)
        prover.fetch(list(wanted))
        for seq, row in wanted.items():
            try:
                verdict = prover.prove(seq)[1]
            except AuditError:
                judged = None
            else:
                judged = Judged(verdict, _document(layout, row, prover.items[seq]))
            if judged is None or judged.verdict.failed:
                judged = check_entry(connection, row, prover.registrations)
                rcu += judged.verdict.rcu
            found.append(judged.as_listed)
        rcu += prover.rcu
    return found, rcu


def compare_versions(connection: Connection, life: Life, at: int) -> Version:
    """What the entry at ``at`` of a life changed. Raises `StoreError`."""
    from audittui.investigate.version import Version, compare

    row = life.rows[at]
    if row.key in life.strangers:
        return Version(row, f"Nothing vouches for this entry ({life.strangers[row.key]}).")
    own = life.own
    rows, unread = [life.rows[one] for one in own], among(own, life.unread)
    return compare(connection.store, connection.layout, rows, own.index(at), unread)


def among(own: Sequence[int], place: int) -> int:
    """The place among ``own`` of what stands at ``place`` among all, or of the next; -1 stays."""
    return bisect_left(own, place) if place >= 0 else -1


def subject_of(runbook: Runbook) -> str:
    """The parameter that a runbook's question is about: ``actor`` in ``equals: "{actor}"``."""
    return runbook.query.equals.strip("{}")


def runbook_about(catalogue: Catalogue, question: str) -> Runbook | None:
    """The runbook that tells everything about one value of a field, the shipped one first."""
    fitting = [
        one
        for one in catalogue.runbooks
        if one.query.by == question
        and one.param(subject_of(one)) is not None
        and one.correlation is None
    ]
    fitting.sort(key=lambda one: one.id not in SHIPPED)
    return fitting[0] if fitting else None
