"""The contents of the bars: the notice, the state of the run, the place, why the list is empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from audittui.tui.model.groups import GroupSource
from audittui.tui.text import words
from audittui.tui.text.status import status_text
from audittui.tui.widgets.bars import STEP

if TYPE_CHECKING:
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.trail import Trail
    from audittui.tui.model.session import Session
    from audittui.tui.model.workspace import Workspace
    from audittui.tui.widgets.bars import StatusBar, TitleBar

_LAG = 0.2
"""Seconds that the status line may lag behind reading."""


class Status:
    """The contents of the bars. ``offer`` is the investigation that can be resumed."""

    def __init__(
        self,
        desk: Desk,
        workspace: Workspace,
        trail: Trail,
        offer: Callable[[], Session | None],
    ) -> None:
        self._desk = desk
        self._workspace = workspace
        self._trail = trail
        self._offer = offer
        self._notice = ""
        self._lasts = self._old = False
        self.due = False
        """True while an update is scheduled."""

    def say(self, notice: str, *, lasting: bool = False) -> None:
        """Set a notice; `show` shows it."""
        self._notice = notice
        self._lasts = lasting
        self._old = False

    def key_comes(self) -> None:
        """A key arrived: earlier notices are old."""
        self._old = bool(self._notice) and not self._lasts

    @property
    def old(self) -> bool:
        """True while the notice is older than the last key."""
        return self._old

    def unsay(self) -> None:
        """Withdraw the notice."""
        self._notice = ""

    def show(self, bar: StatusBar, title: TitleBar) -> None:
        """Update the bars and the text of an empty list."""
        desk, live = self._desk, self._desk.live
        if live is not None:
            from audittui.tui.text.followed import followed_status

            bar.show(followed_status(live, self._notice))
        else:
            width = bar.size.width
            bar.show(status_text(desk.run, desk.row_source, self._notice, width))
        desk.results.say(self._empty())
        crumbs = [place.title for place in self._trail.places]
        if desk.run is not None:
            crumbs.append(words.crumb(desk.run))
            if desk.group is not None:
                crumbs.append(words.group_name(desk.group))
        title.show(place=STEP.join(crumbs))

    def _empty(self) -> str:
        """The text of an empty list."""
        desk, workspace = self._desk, self._workspace
        shown = desk.results.source
        if isinstance(shown, GroupSource) and shown.pattern and shown.total:
            return words.no_group_matches(shown)
        if desk.run is None and workspace.state.kind == "open":
            offer = self._offer()
            if offer is not None:
                return f"{words.CHOOSE}\n{words.offer_text(offer)}"
        return words.empty_text(desk.run, desk.row_source, workspace.state, workspace.target)

    def show_soon(self, *, at_once: bool) -> None:
        """Update the bars a few times a second, however fast pages arrive."""
        if self.due:
            return
        self.due = True
        if at_once:
            self._show_now()
        else:
            self._desk.after(_LAG, self._show_now)

    def _show_now(self) -> None:
        self.due = False
        self._desk.show_status()
