"""What threads post: values, taken in by the feature that asked for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import threading

    from audittui.connection import Connection
    from audittui.errors import StoreError
    from audittui.export.evidence.manifest import Manifest
    from audittui.export.result import Written
    from audittui.integrity.verifying.verdict import Verdict
    from audittui.investigate.aftermath import Aftermath
    from audittui.investigate.correlations import Group
    from audittui.investigate.diff import DiffLine
    from audittui.investigate.tail import Tail, TailBatch
    from audittui.investigate.tail.source import Backlog
    from audittui.investigate.version import Version
    from audittui.layout.row import Row
    from audittui.query.result import ResultPage
    from audittui.runbook.catalogue import Catalogue
    from audittui.runbook.plan import Plan
    from audittui.tui.model.entry import Document, Judged, Life
    from audittui.tui.model.followed import Live
    from audittui.tui.model.json_lines import JsonLines
    from audittui.tui.model.marks import Mark
    from audittui.tui.model.memory import State
    from audittui.tui.model.rows import RowSource
    from audittui.tui.model.run import Run


class Said(msgspec.Struct, frozen=True):
    """A sentence for the status line."""

    text: str


class Spent(msgspec.Struct, frozen=True):
    """Looking at entries took so many read units."""

    rcu: float


# The connection


class CatalogueLoaded(msgspec.Struct, frozen=True):
    """The runbooks were read."""

    catalogue: Catalogue


class ProfilesCounted(msgspec.Struct, frozen=True):
    """So many profiles are in the configuration."""

    count: int


class Opened(msgspec.Struct, frozen=True):
    """The attempt to connect of this number has a connection."""

    attempt: int
    connection: Connection


class OpeningWaits(msgspec.Struct, frozen=True):
    """The attempt to connect of this number waits something out."""

    attempt: int
    error: StoreError


# A run


class PlanMade(msgspec.Struct, frozen=True):
    """A plan that is to be shown alone."""

    connection: Connection
    plan: Plan


class Planned(msgspec.Struct, frozen=True):
    """A run is planned; ``number`` is that of its plan."""

    number: int
    run: Run


class PageRead(msgspec.Struct, frozen=True):
    """A page of a run was read."""

    run: Run
    page: ResultPage


class RunRests(msgspec.Struct, frozen=True):
    """All of a run is there, or enough for now."""

    run: Run


# Following


class BatchCame(msgspec.Struct, frozen=True):
    """Rows came that are followed."""

    live: Live
    tail: Tail
    batch: TailBatch


class CatchingUpCosts(msgspec.Struct, frozen=True):
    """Catching up costs more than a little; the thread waits for an answer."""

    live: Live
    tail: Tail
    backlog: Backlog
    answer: Answer


class Answer:
    """A question that a thread waits for."""

    def __init__(self, decided: threading.Event) -> None:
        self._decided = decided
        self._yes = False

    def give(self, yes: bool) -> None:
        """Answer it."""
        self._yes = yes
        self._decided.set()

    def wait(self) -> bool:
        """The answer, once it is there."""
        self._decided.wait()
        return self._yes


class FollowingWaits(msgspec.Struct, frozen=True):
    """Following waits something out."""

    live: Live
    error: StoreError


class FollowingEnded(msgspec.Struct, frozen=True):
    """Following ended by itself."""

    live: Live
    tail: Tail


# Groups


class Regrouped(msgspec.Struct, frozen=True):
    """The rows of a run are grouped by other thresholds."""

    run: Run
    least: int
    timespan: int
    groups: Sequence[Group]


class SuccessSought(msgspec.Struct, frozen=True):
    """The first success after a group was looked for; it is the ``count``-th of ``total``."""

    run: Run
    group: Group
    found: Aftermath
    count: int
    total: int


class SuccessesSought(msgspec.Struct, frozen=True):
    """Looking for successes is over."""

    run: Run


# An entry


class DocumentRead(msgspec.Struct, frozen=True):
    """The stored entry of a row, and its text as lines where it is JSON."""

    row: Row
    document: Document
    tree: JsonLines | None


class ChangesFound(msgspec.Struct, frozen=True):
    """What an entry changed; None where it tells no states."""

    row: Row
    changes: Sequence[DiffLine] | None


class EntryJudged(msgspec.Struct, frozen=True):
    """The verdict on the entry that is open, and what it is about."""

    row: Row
    judged: Judged
    tree: JsonLines | None
    changes: Sequence[DiffLine] | None


class RowsChecked(msgspec.Struct, frozen=True):
    """Verdicts on rows of a list."""

    source: RowSource
    verdicts: Sequence[Verdict]


class LifeRead(msgspec.Struct, frozen=True):
    """The lifecycle of a resource."""

    life: Life


class LifeReadOn(msgspec.Struct, frozen=True):
    """More of the lifecycle ``before``."""

    before: Life
    life: Life


class VersionsCompared(msgspec.Struct, frozen=True):
    """What an entry of a lifecycle changed."""

    life: Life
    version: Version


# Copies and files


class Copied(msgspec.Struct, frozen=True):
    """A text was copied, ``said`` tells how; empty where the terminal is to take it."""

    what: str
    text: str
    said: str


class DocumentCopied(msgspec.Struct, frozen=True):
    """The JSON of an entry was read, to be copied."""

    text: str


class FileWritten(msgspec.Struct, frozen=True):
    """A new file is there."""

    path: Path


class Exported(msgspec.Struct, frozen=True):
    """An export is done, or cancelled."""

    written: Written


class EvidenceMade(msgspec.Struct, frozen=True):
    """An evidence bundle is there."""

    path: Path
    manifest: Manifest
    data: bytes


# What is remembered


class Recalled(msgspec.Struct, frozen=True):
    """What is remembered was read."""

    state: State


class MarksRead(msgspec.Struct, frozen=True):
    """The marked entries of an earlier investigation."""

    marks: Sequence[Mark]
