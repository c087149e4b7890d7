"""The application: opens the connection, reads in threads, shows what came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from audittui.connection import Connection, Target, open_connection
from audittui.tui.application.checking import CheckingApp
from audittui.tui.application.commanding import CommandingApp
from audittui.tui.application.connecting import ConnectingApp
from audittui.tui.application.copying import CopyingApp
from audittui.tui.application.following import FollowingApp
from audittui.tui.application.inspecting import InspectingApp
from audittui.tui.application.loading import LoadingApp
from audittui.tui.palette import THEME


class AuditApp(
    ConnectingApp, LoadingApp, FollowingApp, InspectingApp, CheckingApp, CopyingApp, CommandingApp
):
    """The terminal application on ``target``.

    ``catalogue_folders`` hold the team's runbooks. ``connect`` opens the target; it is called in a
    thread after the first frame and may raise `AuditError`. ``keys`` are the user's own: the id of
    a binding, and its keys, separated by commas.
    """

    CSS_PATH = Path(__file__).with_name("audittui.tcss")
    TITLE = "audittui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        # Also while the help or a question lies over the main screen.
        Binding("ctrl+c", "interrupt", "stop reading, keep the rows", id="stop", priority=True),
        Binding("colon", "command_palette", "command palette", id="palette"),
    ]

    def __init__(
        self,
        target: Target,
        catalogue_folders: Sequence[Path] = (),
        connect: Callable[[Target], Connection] = open_connection,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(target, catalogue_folders, connect)
        self.register_theme(THEME)
        self.theme = THEME.name
        if keys:
            self.remap(keys)

    def begin(self) -> None:
        """The main screen is there: say what is wrong with the user's keys, then begin."""
        if self.key_faults:
            self.main.say(" ".join(self.key_faults))
        super().begin()

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self.main
