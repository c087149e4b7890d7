"""The application: builds the parts; handles themes, crashes, signals and queued keys."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.markup import escape
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import Provider
from textual.events import Event, Key, Resize
from textual.filter import LineFilter
from textual.screen import Screen

from audittui.config import state_folder
from audittui.connection import Connection, Target, open_connection
from audittui.escape import escaped
from audittui.tui.dialogs.room import fits
from audittui.tui.jobs import Arrived, Jobs
from audittui.tui.keys.everywhere import BINDINGS
from audittui.tui.keys.queue import KeyQueue
from audittui.tui.main.screen import MainScreen
from audittui.tui.model.memory import Memory
from audittui.tui.model.workspace import Workspace
from audittui.tui.textual_private import crash_of, ending_quietly
from audittui.tui.theme.plain import PlainColours
from audittui.tui.theme.themes import PLAIN, PLAIN_THEME, THEME

if TYPE_CHECKING:
    from textual.driver import Driver

    from audittui.runbook.model import Runbook


def _tells_in_a_sentence(app: App[None]) -> bool:
    """True if the caller of the application reports its `crash`."""
    return not os.environ.get("AUDITTUI_DEBUG") and not app.is_headless


def _commands() -> type[Provider]:
    from audittui.tui.keys.commands import Commands

    return Commands


@ending_quietly(_tells_in_a_sentence)
class AuditApp(App[None], inherit_bindings=False):
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
    BINDINGS: ClassVar[list[BindingType]] = list(BINDINGS)
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_commands}

    def __init__(
        self,
        target: Target,
        catalogue_folders: Sequence[Path] = (),
        connect: Callable[[Target], Connection] = open_connection,
        keys: Mapping[str, str] | None = None,
        theme: str | None = None,
        memory: Memory | None = None,
    ) -> None:
        super().__init__()
        self.workspace = Workspace(target)
        self.jobs = Jobs(self)
        self.main = MainScreen(self.jobs, self.workspace, self.begin, catalogue_folders, connect)
        self.main.features.notebook.memory = memory
        self.key_queue = KeyQueue(
            self, super().on_event, self.main.features.status.key_comes, self.main.drop_old_notice
        )
        self.keymap: Mapping[str, str] = {}
        """The user's key settings, by binding id."""
        self.faults: Sequence[str] = ()
        """What is wrong with the user's key settings."""
        self.register_theme(THEME)
        self.register_theme(PLAIN_THEME)
        self._theme_fault = ""
        if theme is not None and theme not in self.available_themes:
            names = ", ".join(self.available_themes)
            self._theme_fault = f'Unknown theme "{theme}"; the themes are {names}.'
        self._begin_with(THEME.name if theme is None or self._theme_fault else theme)
        self._plain = PlainColours(none=self.no_color)
        if keys:
            from audittui.tui.keys.keymap import checked

            self.keymap, self.faults = checked(keys)
            self.set_keymap(dict(self.keymap))

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self.main

    # Start and end

    def begin(self) -> None:
        """The main screen is mounted: report faults in the user's settings, then begin."""
        faults = [*self.faults, self._theme_fault]
        if any(faults):
            self.main.say(" ".join(faults).strip())
        notebook = self.main.features.notebook
        if notebook.memory is None and not self.is_headless:
            notebook.memory = Memory(state_folder())
        self.main.outside.show_connection(self.workspace.state.text(self.workspace.target))
        self.main.show_status()
        self.call_after_refresh(self._begin)
        if not gc.isenabled():
            self.call_after_refresh(_collect_again)

    def _begin(self) -> None:
        features = self.main.features
        features.notebook.recall()
        features.sessions.begin()
        features.connect.begin()

    def exit(self, *given: object, **named: object) -> None:
        """Leave, saving the investigation."""
        self.main.features.sessions.note()
        super().exit(*given, **named)  # type: ignore[arg-type]

    def end(self, code: int) -> None:
        """Leave with ``code`` on a signal. State is written first: the terminal may be gone."""
        self.main.features.sessions.note()
        self.main.features.notebook.write()
        self.exit(return_code=code)

    def on_unmount(self) -> None:
        """Leave nothing running."""
        self.main.features.notebook.write()
        self.main.features.connect.close()

    @property
    def crash(self) -> Exception | None:
        """The exception that broke the application, if any."""
        return crash_of(self)

    def get_driver_class(self) -> type[Driver]:
        """The driver between the application and a terminal."""
        if os.environ.get("TEXTUAL_DRIVER") or not hasattr(signal, "SIGCONT"):
            return super().get_driver_class()
        from audittui.tui.terminal import TerminalDriver

        return TerminalDriver

    # Events

    async def on_event(self, event: Event) -> None:
        """Queue keys."""
        if isinstance(event, Key) and not event.is_forwarded:
            await self.key_queue.take(event)
        else:
            await super().on_event(event)

    def on_arrived(self, event: Arrived) -> None:
        """Handle a message from a thread, while there is a screen to show it.

        On exit the bars are removed before their screen is.
        """
        if self.main.is_attached and self.main.query("StatusBar"):
            event.take()

    def on_resize(self, event: Resize) -> None:
        """Say when the terminal is too small, whatever screen is on top."""
        if fits(event.size):
            return
        from audittui.tui.dialogs.reader import TooSmallScreen

        if not any(isinstance(screen, TooSmallScreen) for screen in self.screen_stack):
            self.push_screen(TooSmallScreen())

    # Global keys

    def action_interrupt(self) -> None:
        """Stop the current work and keep what was read, whatever screen is on top."""
        self.main.features.stop.stop()

    def action_redraw(self) -> None:
        """Redraw everything: something else wrote to the terminal."""
        self.screen.refresh(layout=True)
        self.check_idle()

    def action_help(self) -> None:
        """Show every key, made from the bindings."""
        from audittui.tui.dialogs.reader import ReaderScreen
        from audittui.tui.keys.help import help_text

        self.push_screen(ReaderScreen("Keys", help_text(self.keymap, self.faults)))

    def action_command_palette(self) -> None:
        """Open the palette."""
        from audittui.tui.dialogs.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every runbook, every action of the main screen, the theme, quit."""
        from audittui.tui.keys.help import commands

        for runbook in self.workspace.catalogue.runbooks:
            yield SystemCommand(
                # The palette reads its titles as markup.
                escape(escaped(runbook.name)),
                escape(escaped(runbook.description)),
                self._opener(runbook),
            )
        for title, (keys, action) in commands(self.keymap):
            yield SystemCommand(title, f"Key {keys}", self._caller(action))
        yield SystemCommand("Change theme", "Choose another colour theme", self.action_change_theme)
        yield SystemCommand("Quit", "Leave audittui", self.action_quit)

    def _opener(self, runbook: Runbook) -> Callable[[], None]:
        def call() -> None:
            from audittui.tui.widgets.sidebar import Sidebar

            self.main.sidebar.select(runbook.id)
            self.main.post_message(Sidebar.Chosen(runbook, None))

        return call

    def _caller(self, action: str) -> Callable[[], None]:
        def call() -> None:
            self.run_worker(self.run_action(action, self.main), exclusive=False)

        return call

    # Colours

    def _begin_with(self, theme: str) -> None:
        """Set the theme before the first frame.

        Changing the theme parses every style again. Before the first frame nothing is parsed yet,
        so ours is set directly; it is as dark as Textual's default unless configured otherwise.
        """
        before = self.current_theme
        if theme not in (THEME.name, PLAIN) or before.ansi or not before.dark:
            self.theme = theme
            return
        self.remove_class(f"-theme-{self.theme}", update=False)
        self.add_class(f"-theme-{theme}", update=False)
        self.set_reactive(App.theme, theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Filters for every line: with sixteen colours or none, no RGB code is sent."""
        if self.no_color or self.theme == PLAIN:
            return (self._plain,)
        return super().get_line_filters()


def _collect_again() -> None:
    """The program is loaded: from now on the collector only looks at new objects."""
    gc.freeze()
    gc.enable()
