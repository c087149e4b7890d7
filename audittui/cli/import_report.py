"""The final report of an import: text on standard error, JSON on standard output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audittui import timestamp
from audittui.cli.formats import write_objects
from audittui.escape import escaped
from audittui.ingest.rejects import as_object
from audittui.ingest.run import KEPT, Ingestion
from audittui.ingest.span import Span
from audittui.writer import MAX_ACTIONS


class Report:
    """The report of one import into ``chain``; ``form`` is ``text``, ``json`` or ``jsonl``."""

    def __init__(
        self, ingestion: Ingestion, span: Span, chain: str, form: str, rejects: Path | None
    ) -> None:
        self._ingestion = ingestion
        self._summary = ingestion.summary
        self._span = span
        self._chain = chain
        self._form = form
        self._rejects = rejects

    @property
    def incomplete(self) -> bool:
        """True when a record was not imported."""
        return bool(self._summary.rejected or self._summary.conflicts)

    def write(self, finished: bool) -> None:
        """Write the report; ``finished`` is False if the import ended early."""
        for line in (*self._faults(), *self._remarks(), self._counts()):
            click.echo(line, err=True)
        if not finished:
            click.echo(self._going_on(), err=True)
        if self._form != "text":
            write_objects(self._form, [self._object(finished)])

    def _faults(self) -> list[str]:
        summary = self._summary
        lines = [
            f"{'In conflict' if one.conflict else 'Rejected'}: {escaped(one.text)}"
            for one in summary.rejections
        ]
        more = summary.rejected + summary.conflicts - KEPT
        if more > 0:
            rejects = self._rejects
            where = f"see {escaped(str(rejects))}" if rejects else "--rejects FILE lists them all"
            lines.append(f"… and {more:,} more rejected; {where}.")
        return lines

    def _remarks(self) -> list[str]:
        summary, lines = self._summary, []
        if summary.shortened:
            lines.append(
                f"{summary.shortened:,} too large for an entry: shortened. details._omitted and "
                "details._shortened list what was removed."
            )
        if summary.conflicts:
            lines.append(
                f"{summary.conflicts:,} not imported: each has the key of an entry with different "
                "content. Compare them; --keep-conflicts imports them under new keys."
            )
        if summary.kept_conflicts:
            lines.append(
                f"{summary.kept_conflicts:,} imported under new keys: each had the key of an entry "
                "with different content."
            )
        first, last = self._span.first, self._span.last
        if first is not None and last is not None:
            lines.append(f"Times from {timestamp.short(first)} to {timestamp.short(last)}.")
        return lines

    def _counts(self) -> str:
        summary = self._summary
        counts = (
            f"{summary.read:,} read, {summary.added:,} added, "
            f"{summary.already_there:,} already there, {summary.rejected:,} rejected"
        )
        if summary.conflicts:
            counts += f", {summary.conflicts:,} in conflict"
        if self._ingestion.skipped:
            counts += f"; {self._ingestion.skipped:,} skipped"
        return f"{counts}."

    def _going_on(self) -> str:
        """How to resume after a failure without duplicates."""
        ingestion = self._ingestion
        if not ingestion.unkeyed:
            return (
                "The import is incomplete. Run it again: every record has a key, so nothing is "
                "added twice."
            )
        if not ingestion.handled and not ingestion.unanswered:
            return "Nothing was imported."
        told = (
            f"The import is incomplete; {ingestion.handled:,} records are done. Continue with the "
            f"same files and --skip {ingestion.handled}; without it, records that have no key are "
            "added twice."
        )
        if ingestion.unanswered:
            told += (
                f" The last write got no response: up to {MAX_ACTIONS - 1} more records may "
                f"have been added, so look at the end of {self._chain} first."
            )
        return told

    def _object(self, finished: bool) -> dict[str, Any]:
        summary, ingestion = self._summary, self._ingestion
        first, last = self._span.first, self._span.last
        return {
            "chain": self._chain, "complete": finished and not self.incomplete,
            "read": summary.read, "added": summary.added, "already_there": summary.already_there,
            "rejected": summary.rejected, "conflicts": summary.conflicts,
            "kept_conflicts": summary.kept_conflicts, "shortened": summary.shortened,
            "skipped": ingestion.skipped, "handled": ingestion.handled,
            "first": None if first is None else timestamp.text(first),
            "last": None if last is None else timestamp.text(last),
            "rejections": [as_object(one) for one in summary.rejections],
        }  # fmt: skip
