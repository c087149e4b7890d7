"""Explains an empty result: what was compared, what the log spans, which names are similar.

A misspelt name and a log that ended long ago give the same empty list. Reading both ends of the
log, and its newest page, tells them apart for a few read units.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from audittui import timestamp
from audittui.errors import StoreError
from audittui.escape import escaped, shortened
from audittui.layout.row import Row
from audittui.query.result import ResultPage
from audittui.runbook.estimate import counted_text
from audittui.runbook.live_conditions import conditions_of
from audittui.runbook.plan import Plan, Window
from audittui.store.port import PATIENT, Patience, Query, Store

MOST_CHAINS = 4
"""Chains whose ends are read; the span of a log with more chains is not known."""
WORTH = 8.0
"""Read units that must be left of a budget before anything is read."""
_NAMED = ("actor", "resource", "action", "request_id", "source_ip")
_NEWEST_ROWS = 30
_LOOKED_FOR = 2
"""How many of the query's names are looked up in the whole log, each in four spellings."""
_SHOWN = 3
_CLOSE = 0.75
_LEAST_LETTERS = 3
_NAME = 60


class Surroundings(msgspec.Struct, frozen=True):
    """What was found. ``oldest`` and ``newest`` are the times of the entries at the ends of the log
    (microseconds), None if they are not known. ``rows`` are the newest entries, and the last one of
    each name that differs from the query's in case alone. ``own`` are the last entries of the exact
    names in the query, by field and name."""

    oldest: int | None = None
    newest: int | None = None
    rows: tuple[Row, ...] = ()
    own: tuple[tuple[str, str, Row], ...] = ()
    requests: int = 0
    rcu: float = 0.0
    fault: str = ""


def is_empty(page: ResultPage, *, resumed: bool = False) -> bool:
    """True when a run found nothing at all and read everything."""
    return page.coverage.finished and not page.meter.returned and not resumed


def look_around(
    plan: Plan, store: Store, *, left: float | None = None, patience: Patience = PATIENT
) -> Surroundings:
    """Read the ends of the log and, if the query has names, the newest page and the last entries
    of those names in any case.

    Nothing is read if ``left`` (read units of a budget) is too little, or if the log has no chains
    or too many. Store errors are not raised: ``fault`` has the message.
    """
    chains = plan.chains
    if not chains or len(chains) > MOST_CHAINS or (left is not None and left < WORTH):
        return Surroundings()
    asker = _Asker(plan, store, patience)
    times: list[int] = []
    newest: list[Row] = []
    rows: list[Row] = []
    narrowed = plan.window != Window(None, None) or bool(conditions_of(plan))
    own: list[tuple[str, str, Row]] = []
    fault = ""
    try:
        for chain in chains:
            first, last = asker.end(chain, forward=True), asker.end(chain, forward=False)
            times += [row.time for row in (*first, *last)]
            newest += last
        if _names_asked(plan):
            newest.sort(key=lambda row: row.time)
            for row in newest[-2:]:
                rows += asker.day_of(row)
        for field, name in _names_asked(plan)[:_LOOKED_FOR]:
            met = asker.last_of(field, name) if narrowed else ()
            own += [(field, name, row) for row in met]
            if not met:
                for spelt in _cases(name):
                    rows += asker.last_of(field, spelt)
    except StoreError as error:
        fault = error.message
    known = bool(times) and not fault
    return Surroundings(
        min(times) if known else None, max(times) if known else None, tuple(rows), tuple(own),
        asker.requests, asker.rcu, fault,
    )  # fmt: skip


def sentences(
    plan: Plan, around: Surroundings, seen: Mapping[str, Iterable[str]] | None = None
) -> list[str]:
    """The sentences that explain an empty result. ``seen`` are further known names, by field."""
    said = []
    conditions = (*plan.keyed, *conditions_of(plan))
    exact = {one.field for one in conditions if one.operator == "in"}
    compared = [
        f"{one.field} {'is' if one.operator == 'in' else 'is not'} "
        + " or ".join(repr(_short(value)) for value in one.values)
        for one in conditions
        if one.operator == "in" or one.field not in exact
    ]
    if compared:
        where = "" if plan.window == Window(None, None) else " in the window"
        said.append(
            f"No entry{where} matches {', '.join(compared)}; "
            "values are compared in full, and case matters."
        )
    said += _span_sentences(plan, around)
    own = {(field, name): row for field, name, row in around.own}
    for field, name in _names_asked(plan):
        row = own.get((field, name))
        if row is not None:
            said.append(
                f"{_short(name)!r} has entries, the last at {timestamp.short(row.time)}: "
                "the window or the other conditions exclude them."
            )
            continue
        names = {getattr(row, field) for row in around.rows}
        names.update((seen or {}).get(field, ()))
        near = near_names(name, names)
        if near:
            said.append(f"Similar to {_short(name)!r}: {', '.join(map(repr, map(_short, near)))}.")
    if around.fault:
        said.append(f"The rest of the log could not be checked: {around.fault}")
    if around.requests:
        more = counted_text(around.requests, "more request")
        said.append(f"Checking this took {more}, {around.rcu:g} RCU.")
    return said


def near_names(name: str, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are similar to ``name``, the most similar first: in another case, as
    a part or a longer spelling, or a few letters off."""
    others = sorted({one for one in names if one and one != name})
    folded = name.casefold()
    same = [one for one in others if one.casefold() == folded]
    parts = [
        one
        for one in others
        if min(len(one), len(name)) >= _LEAST_LETTERS
        and (folded in one.casefold() or one.casefold() in folded)
    ]
    ends: dict[str, list[str]] = {}
    for one in others:
        for text in {one.casefold(), _last_part(one.casefold())}:
            ends.setdefault(text[:_NAME], []).append(one)
    alike = difflib.get_close_matches(folded[:_NAME], ends, _SHOWN, _CLOSE)
    return list(dict.fromkeys([*same, *parts, *(one for text in alike for one in ends[text])]))[
        :_SHOWN
    ]


def _last_part(name: str) -> str:
    """The last part of a path or an ARN."""
    return re.split("[/:]", name)[-1]


def _cases(name: str) -> list[str]:
    """``name`` in other cases."""
    spelt = (name.lower(), name.capitalize(), name.upper())
    return [one for one in dict.fromkeys(spelt) if one != name]


def _span_sentences(plan: Plan, around: Surroundings) -> list[str]:
    if around.oldest is None or around.newest is None:
        return []
    said = (
        f"The log's first entry is from {timestamp.short(around.oldest)}, "
        f"its last is from {timestamp.short(around.newest)}"
    )
    start, end = plan.window.start, plan.window.end
    if start is not None and start > around.newest:
        said += ": the window begins after the last"
    elif end is not None and end <= around.oldest:
        said += ": the window ends before the first"
    return [f"{said}."]


def _names_asked(plan: Plan) -> list[tuple[str, str]]:
    """The names in the query, by field."""
    return [
        (one.field, value)
        for one in (*plan.keyed, *conditions_of(plan))
        if one.operator == "in" and one.field in _NAMED
        for value in one.values
    ]


def _short(name: str) -> str:
    return escaped(shortened(name, _NAME))


class _Asker:
    """Reads a few rows, and counts what that costs."""

    def __init__(self, plan: Plan, store: Store, patience: Patience) -> None:
        self.requests = 0
        self.rcu = 0.0
        self._plan = plan
        self._store = store
        self._patience = patience

    def end(self, chain: str, *, forward: bool) -> Sequence[Row]:
        """The first or the last entry of a chain."""
        layout = self._plan.layout
        partition, sort = layout.partition.attribute, layout.sort.attribute
        key = layout.key(chain, 0)[partition]
        return self._rows(
            Query(index="", partition=(partition, key), sort=sort, forward=forward, limit=1)
        )

    def day_of(self, row: Row) -> Sequence[Row]:
        """The newest entries of a chain on its last day."""
        layout = self._plan.layout
        index = layout.index_answering("time", None)
        if index is None or not index.template.by_day:
            return [row]
        key = index.template.fill({"chain": row.chain}, row.time)
        return self._rows(
            Query(
                index=index.name, partition=(index.partition.attribute, key),
                sort=index.sort.attribute, forward=False, limit=_NEWEST_ROWS,
            )
        )  # fmt: skip

    def last_of(self, field: str, name: str) -> Sequence[Row]:
        """The last entry whose ``field`` is ``name``; empty if no known index can find it."""
        plan = self._plan
        known = {plan.index.label, *(one.label for one in plan.not_taken)}
        for index in plan.layout.indexes:
            if index.label not in known or index.template.fields != {field}:
                continue
            key = index.template.fill({field: name})
            return self._rows(
                Query(
                    index=index.name, partition=(index.partition.attribute, key),
                    sort=index.sort.attribute, forward=False, limit=1,
                )
            )  # fmt: skip
        return ()

    def _rows(self, request: Query) -> Sequence[Row]:
        layout = self._plan.layout
        self.requests += 1
        page = self._store.query(request, self._patience)
        self.rcu += page.rcu
        return [layout.row(item) for item in page.items]
