"""The listeners of a run, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from audittui.errors import AuditError
    from audittui.tui.model.run import Run


class Listeners(msgspec.Struct, frozen=True):
    """The listeners of a run, called one after the other.

    ``asked``: a new run was requested, the current one is left. ``began``: the plan is made,
    reading begins. ``brought``: rows arrived. ``rested``: everything is loaded, or enough for
    now; a listener that returns True reads more, and those after it are not called.
    ``ended``: it failed.
    """

    asked: Sequence[Callable[[], None]] = ()
    began: Sequence[Callable[[Run], None]] = ()
    brought: Sequence[Callable[[Run], None]] = ()
    rested: Sequence[Callable[[Run], bool]] = ()
    ended: Sequence[Callable[[Run, AuditError], None]] = ()
