"""Writes the groups of a correlation to standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from audittui import timestamp
from audittui.cli.formats import write_objects
from audittui.escape import escaped
from audittui.export.groups import group_object, strangers_in
from audittui.export.markdown import table_head, table_line
from audittui.export.rows import csv_line

if TYPE_CHECKING:
    from audittui.query.result import ResultPage
    from audittui.query.unregistered_rows import Strangers
    from audittui.runbook.plan import Plan


def write_groups(
    plan: Plan, pages: Iterable[ResultPage], form: str, strangers: Strangers
) -> ResultPage:
    """Read all ``pages``, write their groups and return the last page. If any event belongs to an
    unregistered chain, a column counts them."""
    from audittui.cli.columns import Columns
    from audittui.investigate.correlations import Correlator

    assert plan.correlation is not None
    correlator = Correlator(plan.correlation)
    for page in pages:
        correlator.add(page.rows)
    groups = correlator.groups()
    names = [*plan.correlation.group_by, "count", "peak", "first", "last", "sources"]
    lines = [
        [
            *(value for _, value in group.key), str(group.count), str(group.peak),
            timestamp.short(group.first), timestamp.short(group.last), str(group.sources),
        ]
        for group in groups
    ]  # fmt: skip
    if strangers.seen:
        names.append("strangers")
        for group, line in zip(groups, lines, strict=True):
            line.append(str(strangers_in(group, strangers.why)))
    if form == "table":
        if lines:
            Columns(names).write([[escaped(value) or "-" for value in line] for line in lines])
    elif form == "markdown":
        sys.stdout.write(table_head(names))
        sys.stdout.writelines(table_line(line) for line in lines)
    elif form == "csv":
        sys.stdout.writelines(csv_line(line) for line in [names, *lines])
    else:
        write_objects(form, (group_object(group, strangers.why) for group in groups))
    sys.stdout.flush()
    found = f"{len(groups)} {'group' if len(groups) == 1 else 'groups'} in "
    sys.stderr.write(found)
    return page
