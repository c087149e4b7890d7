"""One entry, looked at: what is stored of it, what was checked, what happened to its resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from audittui.entry import decode_strict
from audittui.errors import AuditError
from audittui.layout.row import ROW_FIELDS, Item, Row
from audittui.runbook.plan import Window
from audittui.runbook.timerange import window_text
from audittui.tui.json_lines import JsonLines

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.integrity.verdict import Verdict
    from audittui.investigate.diff import DiffLine
    from audittui.investigate.version import Version
    from audittui.layout.model import Layout
    from audittui.query.result import ResultPage
    from audittui.runbook.catalogue import Catalogue
    from audittui.runbook.model import Runbook

MOST = 500
"""How many entries of a lifecycle are read at once."""
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


class Life(msgspec.Struct, frozen=True):
    """The entries of one resource, oldest first, and how complete they are, in words.

    Before the row at the place ``unread`` some were not read; -1: none are missing between.
    """

    resource: str
    rows: tuple[Row, ...] = ()
    coverage: str = ""
    rcu: float = 0.0
    unread: int = -1


def read_document(connection: Connection, row: Row) -> Document:
    """The whole entry of ``row``. Errors of the store are told, not raised."""
    try:
        found = connection.store.get(connection.layout.key_of(row))
    except AuditError as error:
        return Document("", fault=str(error))
    if found.item is None:
        return Document("", found.rcu, "The entry is not in the table any more.")
    layout, item = connection.layout, found.item
    listed = _listed_otherwise(layout, row, item)
    return Document(layout.document(item), found.rcu, row=layout.row(item), listed=listed)


def _listed_otherwise(layout: Layout, row: Row, item: Item) -> frozenset[str]:
    """The fields of ``row`` that do not come from this item. An index may hold less than the item,
    and its times may be coarser, so each is asked what it would show."""
    kept = (layout.partition.attribute, layout.sort.attribute)
    views = [layout.row(item)]
    for index in layout.indexes:
        held = {name: value for name, value in item.items() if index.holds(name) or name in kept}
        views.append(layout.row(held, index))
    return frozenset(
        name for name in ROW_FIELDS
        if all(getattr(view, name) != getattr(row, name) for view in views)
    )  # fmt: skip


def tree_of(document: Document) -> JsonLines | None:
    """The stored text as lines that fold; None where it is no JSON."""
    try:
        return JsonLines(document.text)
    except ValueError:
        return None


def changes_of(document: Document) -> Sequence[DiffLine] | None:
    """What an entry changed by its states before and after; None where it tells neither."""
    try:
        body = decode_strict(document.text)
    except ValueError:
        return None
    if not isinstance(body, dict) or not ("before" in body or "after" in body):
        return None
    from audittui.investigate.diff import diff

    return diff(body.get("before"), body.get("after"))


def check_entry(connection: Connection, row: Row) -> Verdict:
    """The verdict on the entry of ``row``, held against what the trusted keys signed, if any.

    Raises `UsageError` for a trusted key that is none, and for a chain that is not known.
    """
    from audittui.integrity.settings import anchor_settings
    from audittui.integrity.verify import verify_entry

    settings = anchor_settings(connection.target.trusted_keys)
    return verify_entry(connection.store, connection.layout, row.chain, row.seq, settings=settings)


def check_entries(connection: Connection, rows: Sequence[Row]) -> tuple[list[Verdict], float]:
    """The verdicts on the entries of ``rows``, and the read units they took.

    The entries of a chain and their neighbours are read together; only what is not there, or not
    as it should be, is looked at singly. Raises `AuditError` when the store does not answer.
    """
    from audittui.integrity.prover import Prover
    from audittui.integrity.settings import anchor_settings

    store, layout = connection.store, connection.layout
    if not layout.chained or len(rows) == 1:
        verdicts = [check_entry(connection, row) for row in rows]
        return verdicts, sum(one.rcu for one in verdicts)
    seqs: dict[str, list[int]] = {}
    for row in rows:
        seqs.setdefault(row.chain, []).append(row.seq)
    settings = anchor_settings(connection.target.trusted_keys)
    found: list[Verdict] = []
    rcu = 0.0
    for chain, wanted in seqs.items():
        prover = Prover(store, layout, chain, settings)
        prover.fetch(wanted)
        for seq in wanted:
            try:
                verdict = prover.prove(seq)[1]
            except AuditError:
                verdict = None
            if verdict is None or verdict.failed:
                row = next(one for one in rows if (one.chain, one.seq) == (chain, seq))
                verdict = check_entry(connection, row)
                rcu += verdict.rcu
            found.append(verdict)
        rcu += prover.rcu
    return found, rcu


def trace_resource(connection: Connection, runbook: Runbook, present: Row) -> Life:
    """The lifecycle of the resource of ``present``, as the lifecycle runbook finds it.

    The first `MOST` entries; of a longer life also those from the present entry on, with the gap
    told. Errors of the store are told in the coverage. Raises `AuditError` when it cannot be
    planned.
    """
    texts = {subject_of(runbook): present.resource}
    rows, page = _read(connection, runbook, texts)
    coverage = "all" if page.coverage.complete else page.coverage.text()
    rcu, unread = page.meter.rcu, -1
    window = runbook.query.during.strip("{}")
    if all(row.key != present.key for row in rows) and not page.coverage.complete:
        texts[window] = window_text(Window(max(present.time, rows[-1].time if rows else 0), None))
        later, page = _read(connection, runbook, texts)
        known = {row.key for row in rows}
        unread = len(rows)
        rows += [row for row in later if row.key not in known]
        coverage = f"the first {MOST:,}, and those from this one on; not what lies between"
        if not page.coverage.complete:
            coverage = f"the first {MOST:,}, and {MOST:,} from this one on; not the rest"
        rcu += page.meter.rcu
    return Life(present.resource, tuple(rows), coverage, rcu, unread)


def compare_versions(connection: Connection, life: Life, at: int) -> Version:
    """What the entry at ``at`` of a life changed. Raises `StoreError`."""
    from audittui.investigate.version import compare

    return compare(connection.store, connection.layout, life.rows, at, life.unread)


def _read(
    connection: Connection, runbook: Runbook, texts: Mapping[str, str]
) -> tuple[list[Row], ResultPage]:
    from audittui.query.execute import Execution
    from audittui.runbook.planner import make_plan

    plan = make_plan(runbook, texts, connection.layout, connection.facts())
    rows: list[Row] = []
    for page in Execution(plan, connection.store, limit=MOST).pages():
        rows += page.rows
    return rows, page


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
