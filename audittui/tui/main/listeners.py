"""Who hears what of a run, in this order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from audittui.errors import AuditError
    from audittui.tui.model.run import Run


class Listeners(msgspec.Struct, frozen=True):
    """Who hears of a run, one after the other.

    ``asked``: something is to be run, the present run is left. ``began``: a plan is made, reading
    begins. ``brought``: rows came. ``rested``: all is there, or enough for now; one that says True
    reads on, and those after it hear nothing yet. ``ended``: it broke.
    """

    asked: Sequence[Callable[[], None]] = ()
    began: Sequence[Callable[[Run], None]] = ()
    brought: Sequence[Callable[[Run], None]] = ()
    rested: Sequence[Callable[[Run], bool]] = ()
    ended: Sequence[Callable[[Run, AuditError], None]] = ()
