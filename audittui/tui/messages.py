"""Messages from threads: values, handled by the feature that asked for them."""

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
    """Read units used by reading single entries."""

    rcu: float


# The connection


class CatalogueLoaded(msgspec.Struct, frozen=True):
    """The runbooks were read."""

    catalogue: Catalogue


class ProfilesCounted(msgspec.Struct, frozen=True):
    """The number of profiles in the configuration."""

    count: int


class Opened(msgspec.Struct, frozen=True):
    """The connection attempt with this number succeeded."""

    attempt: int
    connection: Connection


class OpeningWaits(msgspec.Struct, frozen=True):
    """The connection attempt with this number is waiting."""

    attempt: int
    error: StoreError


# A run


class PlanMade(msgspec.Struct, frozen=True):
    """A plan to show without running it."""

    connection: Connection
    plan: Plan


class Planned(msgspec.Struct, frozen=True):
    """A run was planned; ``number`` is that of its plan."""

    number: int
    run: Run


class PageRead(msgspec.Struct, frozen=True):
    """A page of a run was read."""

    run: Run
    page: ResultPage


class RunRests(msgspec.Struct, frozen=True):
    """A run is fully loaded, or enough for now."""

    run: Run


# Following


class BatchCame(msgspec.Struct, frozen=True):
    """Rows arrived while following."""

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
        """Wait for the answer."""
        self._decided.wait()
        return self._yes


class FollowingWaits(msgspec.Struct, frozen=True):
    """Following is waiting for the store."""

    live: Live
    error: StoreError


class FollowingEnded(msgspec.Struct, frozen=True):
    """Following ended by itself."""

    live: Live
    tail: Tail


# Groups


class Regrouped(msgspec.Struct, frozen=True):
    """The rows of a run were grouped by other thresholds."""

    run: Run
    least: int
    timespan: int
    groups: Sequence[Group]


class SuccessSought(msgspec.Struct, frozen=True):
    """A search for the first success after a group ended, number ``count`` of ``total``."""

    run: Run
    group: Group
    found: Aftermath
    count: int
    total: int


class SuccessesSought(msgspec.Struct, frozen=True):
    """The search for successes ended."""

    run: Run


# An entry


class DocumentRead(msgspec.Struct, frozen=True):
    """The stored entry of a row, and its text as lines where it is JSON."""

    row: Row
    document: Document
    tree: JsonLines | None


class ChangesFound(msgspec.Struct, frozen=True):
    """What an entry changed; None if it records no states."""

    row: Row
    changes: Sequence[DiffLine] | None


class EntryJudged(msgspec.Struct, frozen=True):
    """The verdict on the open entry, and the document it is about."""

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
    """The lifecycle ``before``, extended."""

    before: Life
    life: Life


class VersionsCompared(msgspec.Struct, frozen=True):
    """What an entry of a lifecycle changed."""

    life: Life
    version: Version


# Copies and files


class Copied(msgspec.Struct, frozen=True):
    """A text was copied; ``said`` says how, empty if the terminal has to copy it."""

    what: str
    text: str
    said: str


class DocumentCopied(msgspec.Struct, frozen=True):
    """The JSON of an entry was read for copying."""

    text: str


class FileWritten(msgspec.Struct, frozen=True):
    """A new file was written."""

    path: Path


class Exported(msgspec.Struct, frozen=True):
    """An export ended or was cancelled."""

    written: Written


class EvidenceMade(msgspec.Struct, frozen=True):
    """An evidence bundle was made."""

    path: Path
    manifest: Manifest
    data: bytes


# Saved state


class Recalled(msgspec.Struct, frozen=True):
    """The saved state was read."""

    state: State


class MarksRead(msgspec.Struct, frozen=True):
    """The marked entries of an earlier investigation."""

    marks: Sequence[Mark]
