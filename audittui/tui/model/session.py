"""An investigation as saved for the next start: the last place, the path to it, the marks.

It holds the queries, the position of the cursor and the keys of marked entries, never contents of
a log, and no credentials.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path

import msgspec

from audittui import timestamp
from audittui.tui.model.marks import Key

KEPT = 10
"""How many investigations are kept."""
_LASTS = 14 * 86_400 * timestamp.SECOND


class KeptMark(msgspec.Struct, frozen=True):
    """A marked entry, by its key in the table, and the note on it."""

    key: Key
    chain: str
    seq: int
    note: str = ""


class Step(msgspec.Struct, frozen=True):
    """One place of an investigation: a runbook with its parameters, and the position in its rows.

    ``title`` describes it in a few words. ``texts`` hold the window as it was then. ``group`` is
    the key of the open group, ``row`` that of the row under the cursor, ``line`` its line,
    ``rows`` the number of loaded rows, which took ``rcu`` read units; ``detail``: an entry was
    open.
    """

    title: str
    runbook: str
    texts: dict[str, str]
    pattern: str = ""
    hiding: bool = True
    group: tuple[tuple[str, str], ...] | None = None
    row: Key | None = None
    line: int = 0
    detail: bool = False
    zoomed: bool = False
    rows: int = 0
    rcu: float = 0.0


class Session(msgspec.Struct, frozen=True):
    """An investigation. ``target`` holds the options that name its log, ``host`` and ``process``
    where it ran, ``left`` when it was last saved, in microseconds."""

    key: str
    target: str
    host: str
    process: int
    left: int
    steps: tuple[Step, ...] = ()
    marks: tuple[KeptMark, ...] = ()

    def same_work(self, other: Session | None) -> bool:
        """True if only the time differs."""
        return other is not None and msgspec.structs.replace(other, left=self.left) == self

    @property
    def running(self) -> bool:
        """True while its process, other than this one, is alive on this host; unknown (False) for
        other hosts."""
        if self.host != socket.gethostname() or self.process == os.getpid():
            return False
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return not _only_unburied(self.process)


def _only_unburied(process: int) -> bool:
    """True for a process that has ended but has not been waited for (a zombie)."""
    try:
        stat = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:  # no such files on this system
        return False
    return stat.rpartition(b")")[2].split()[:1] == [b"Z"]


def offered(sessions: Sequence[Session], own: str, target: str, now: int) -> Session | None:
    """The investigation of ``target`` that can be resumed: the latest one that is not running,
    other than ``own``."""
    fitting = (
        one
        for one in sorted(sessions, key=lambda one: one.left, reverse=True)
        if one.key != own
        and one.target == target
        and now - one.left < _LASTS
        and (one.steps or one.marks)
    )
    return next((one for one in fitting if not one.running), None)
