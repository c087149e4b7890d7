"""The application: opens the connection, reads in threads, shows what came."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen

from audittui.config import state_folder
from audittui.connection import Connection, Target, open_connection
from audittui.tui.application.checking import CheckingApp
from audittui.tui.application.commanding import CommandingApp
from audittui.tui.application.connecting import ConnectingApp
from audittui.tui.application.copying import CopyingApp
from audittui.tui.application.following import FollowingApp
from audittui.tui.application.inspecting import InspectingApp
from audittui.tui.application.loading import LoadingApp
from audittui.tui.application.marking import MarkingApp
from audittui.tui.model.memory import Memory
from audittui.tui.textual_private import crash_of, ending_quietly
from audittui.tui.theme.plain import PlainColours
from audittui.tui.theme.themes import PLAIN, PLAIN_THEME, THEME

if TYPE_CHECKING:
    from textual.driver import Driver


def _tells_in_a_sentence(app: App[None]) -> bool:
    """True where whoever runs the application tells its `crash`."""
    return not os.environ.get("AUDITTUI_DEBUG") and not app.is_headless


@ending_quietly(_tells_in_a_sentence)
class AuditApp(
    ConnectingApp,
    LoadingApp,
    FollowingApp,
    InspectingApp,
    CheckingApp,
    CopyingApp,
    MarkingApp,
    CommandingApp,
    whole=True,
):
    """The terminal application on ``target``.

    ``catalogue_folders`` hold the team's runbooks. ``connect`` opens the target; it is called in a
    thread after the first frame and may raise `AuditError`. ``keys`` are the user's own: the id of
    a binding, and its keys, separated by commas. ``theme`` is the name of the colours; `PLAIN` are
    the terminal's own sixteen. ``memory`` is where the work is remembered; not given, it is the
    system's folder, unless the application runs headless.
    """

    CSS_PATH = Path(__file__).parent / "theme" / "audittui.tcss"
    TITLE = "audittui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        # Also while the help or a question lies over the main screen.
        Binding("ctrl+c", "interrupt", "stop reading, keep the rows", id="stop", priority=True),
        Binding("colon", "command_palette", "command palette", id="palette"),
        Binding(
            "ctrl+z", "suspend_process", "to the shell; fg comes back", id="suspend", priority=True
        ),
        Binding("ctrl+l", "redraw", "draw the screen anew", id="redraw", priority=True),
    ]

    def __init__(
        self,
        target: Target,
        catalogue_folders: Sequence[Path] = (),
        connect: Callable[[Target], Connection] = open_connection,
        keys: Mapping[str, str] | None = None,
        theme: str | None = None,
        memory: Memory | None = None,
    ) -> None:
        super().__init__(target, catalogue_folders, connect)
        self.memory = memory
        self.register_theme(THEME)
        self.register_theme(PLAIN_THEME)
        self.theme_fault = ""
        if theme is not None and theme not in self.available_themes:
            names = ", ".join(self.available_themes)
            self.theme_fault = f'There is no theme "{theme}"; there are {names}.'
        self._begin_with(THEME.name if theme is None or self.theme_fault else theme)
        self._plain = PlainColours(none=self.no_color)
        if keys:
            self.remap(keys)

    def _begin_with(self, theme: str) -> None:
        """Have a theme from the first frame on.

        To change to one has every style parsed again. Ours can be put in place instead: nothing is
        parsed yet, and they are as dark as what Textual begins with, unless it was told otherwise.
        """
        before = self.current_theme
        if theme not in (THEME.name, PLAIN) or before.ansi or not before.dark:
            self.theme = theme
            return
        self.remove_class(f"-theme-{self.theme}", update=False)
        self.add_class(f"-theme-{theme}", update=False)
        self.set_reactive(App.theme, theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def begin(self) -> None:
        """The main screen is there: say what is wrong with the user's keys, then begin."""
        faults = [*self.key_faults, self.theme_fault]
        if any(faults):
            self.main.say(" ".join(faults).strip())
        if self.memory is None and not self.is_headless:
            self.memory = Memory(state_folder())
        super().begin()
        if not gc.isenabled():
            self.call_after_refresh(_collect_again)

    def get_driver_class(self) -> type[Driver]:
        """What stands between the application and a terminal."""
        if os.environ.get("TEXTUAL_DRIVER") or not hasattr(signal, "SIGCONT"):
            return super().get_driver_class()
        from audittui.tui.terminal import TerminalDriver

        return TerminalDriver

    def action_redraw(self) -> None:
        """Draw everything anew: something else wrote on the terminal."""
        self.screen.refresh(layout=True)
        self.check_idle()

    @property
    def crash(self) -> Exception | None:
        """What broke the application, if something did."""
        return crash_of(self)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through: without colours or with sixteen no RGB code is sent."""
        if self.no_color or self.theme == PLAIN:
            return (self._plain,)
        return super().get_line_filters()

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self.main


def _collect_again() -> None:
    """What the program consists of is there: from now on only what comes is looked through."""
    gc.freeze()
    gc.enable()
