"""An open entry: its stored text, its verdict, the lifecycle of its resource."""

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
    """The stored text of an entry; empty with a ``fault`` if it cannot be read.

    ``row`` holds the stored item's fields. ``listed`` names those for which the list showed a value
    that no index can show for this item.
    """

    text: str
    rcu: float = 0.0
    fault: str = ""
    row: Row | None = None
    listed: frozenset[str] = frozenset()

    def same(self, other: Document) -> bool:
        """True if it is of the same item."""
        return (self.text, self.row, self.fault) == (other.text, other.row, other.fault)


class Judged(msgspec.Struct, frozen=True):
    """A verdict and its subject: ``document`` is the verified item, the only one that may be shown
    beside it; None if nothing could be read."""

    verdict: Verdict
    document: Document | None = None

    @property
    def as_listed(self) -> Verdict:
        """The verdict on the row as a list shows it, which may differ."""
        document, verdict = self.document, self.verdict
        if document is None or not document.listed or verdict.failed:
            return verdict
        return msgspec.structs.replace(
            verdict, verdict="INDEX MISMATCH", summary=differing_text(document.listed)
        )


def differing_text(listed: frozenset[str]) -> str:
    """The sentence on an entry whose ``listed`` fields differ from the list."""
    names = ", ".join(name.replace("_", " ") for name in ROW_FIELDS if name in listed)
    return f"Changed since it was listed, or listed wrongly: {names}. r reads the list again."


class Life(msgspec.Struct, frozen=True):
    """The entries of one resource read so far, oldest first.

    ``fault`` says why reading ended early. Some entries before the row at index ``unread`` were not
    read (-1: there is no gap); ``more``: later ones were not read. ``window`` is the requested
    window. ``strangers`` maps keys of rows to why they do not belong to this log.
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
        """The indexes of the rows that belong to this log."""
        return [at for at, row in enumerate(self.rows) if row.key not in self.strangers]

    @property
    def complete(self) -> bool:
        """True if the whole window was read."""
        return not self.fault and not self.more and self.unread < 0

    @property
    def known(self) -> Known:
        """The extent of these entries: ``log``, ``window`` or ``part``."""
        if not self.complete:
            return "part"
        return "log" if self.window.start is None and self.window.end is None else "window"

    @property
    def told(self) -> str:
        """The completeness, in a few words."""
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
            return f"{count} loaded, more between{left}; L here loads more"
        return f"the first {count}; L here loads more"


def read_document(connection: Connection, row: Row) -> Document:
    """The whole entry of ``row``. Store errors are reported in ``fault``, not raised."""
    try:
        found = connection.store.get(connection.layout.key_of(row))
    except AuditError as error:
        return Document("", fault=str(error))
    return _document(connection.layout, row, found.item, found.rcu)


def _document(layout: Layout, row: Row, item: Item | None, rcu: float = 0.0) -> Document:
    if item is None:
        return Document("", rcu, "The entry is no longer in the table.")
    listed = _listed_otherwise(layout, row, item)
    return Document(layout.document(item), rcu, row=layout.row(item), listed=listed)


def _listed_otherwise(layout: Layout, row: Row, item: Item) -> frozenset[str]:
    """The fields of ``row`` that cannot come from this item. An index may hold less than the item,
    with coarser times, so each index is asked what it would show."""
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
    """The stored text as lines that fold; None if it is not JSON."""
    try:
        return JsonLines(document.text)
    except ValueError:
        return None


def changes_of(document: Document) -> Sequence[DiffLine] | None:
    """What an entry changed by its own ``before`` and ``after``; None if it has neither, or if the
    one it has does not show what is new."""
    from audittui.investigate.attribution import own_changes

    return own_changes(document.row, document.text)


def check_entry(
    connection: Connection, row: Row, registrations: Registrations | None = None
) -> Judged:
    """The entry of ``row``, verified against what the trusted keys signed, if any.

    Share ``registrations`` between entries to query the registry once per chain. Raises
    `UsageError` for an invalid trusted key or an unknown chain.
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
    """The verdicts on ``rows`` as shown, and the read units used.

    The entries of a chain and their neighbours are read together; only missing or faulty ones are
    verified one by one. Raises `AuditError` if the store does not answer.
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
    """What the entry at index ``at`` of a lifecycle changed. Raises `StoreError`."""
    from audittui.investigate.version import Version, compare

    row = life.rows[at]
    if row.key in life.strangers:
        return Version(row, f"Nothing vouches for this entry ({life.strangers[row.key]}).")
    own = life.own
    rows, unread = [life.rows[one] for one in own], among(own, life.unread)
    return compare(connection.store, connection.layout, rows, own.index(at), unread)


def among(own: Sequence[int], place: int) -> int:
    """The index within ``own`` of the row at ``place``, or of the next one; -1 stays -1."""
    return bisect_left(own, place) if place >= 0 else -1


def subject_of(runbook: Runbook) -> str:
    """The parameter that a runbook's question is about: ``actor`` in ``equals: "{actor}"``."""
    return runbook.query.equals.strip("{}")


def runbook_about(catalogue: Catalogue, question: str) -> Runbook | None:
    """The runbook that finds everything about one value of a field, preferring the shipped one."""
    fitting = [
        one
        for one in catalogue.runbooks
        if one.query.by == question
        and one.param(subject_of(one)) is not None
        and one.correlation is None
    ]
    fitting.sort(key=lambda one: one.id not in SHIPPED)
    return fitting[0] if fitting else None
