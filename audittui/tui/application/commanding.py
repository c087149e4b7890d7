"""The help and the command palette: every key and every runbook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from textual.app import SystemCommand
from textual.screen import Screen

from audittui.escape import escaped
from audittui.tui.application.threads import ThreadedApp

if TYPE_CHECKING:
    from audittui.runbook.model import Runbook


class CommandingApp(ThreadedApp):
    """The help and the command palette: every key and every runbook."""

    keymap: Mapping[str, str] = {}
    """The user's own keys, by the id of their binding."""
    key_faults: Sequence[str] = ()
    """What is wrong with the keys that the user wants."""

    def remap(self, wanted: Mapping[str, str]) -> None:
        """Use the keys that the user wants, as far as they contradict nothing."""
        from audittui.tui.keys.keymap import checked

        self.keymap, self.key_faults = checked(wanted)
        self.set_keymap(dict(self.keymap))

    def show_help(self) -> None:
        """Every key, made from the bindings."""
        from audittui.tui.dialogs.reader import ReaderScreen
        from audittui.tui.keys.help import help_text

        self.push_screen(ReaderScreen("Keys", help_text(self.keymap, self.key_faults)))

    def action_command_palette(self) -> None:
        """Open the palette."""
        from audittui.tui.dialogs.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every runbook, every action of the main screen, the theme, quit."""
        from audittui.tui.keys.help import commands

        for runbook in self.catalogue.runbooks:
            yield SystemCommand(
                # The palette reads its titles as markup.
                escape(escaped(runbook.name)),
                escape(escaped(runbook.description)),
                self._opener(runbook),
            )
        for title, action in commands(self.keymap):
            yield SystemCommand(title, f"Key {action[0]}", self._caller(action[1]))
        yield SystemCommand("Change theme", "Choose other colours", self.action_change_theme)
        yield SystemCommand("Quit", "Leave audittui", self.action_quit)

    def _opener(self, runbook: Runbook) -> Callable[[], None]:
        def call() -> None:
            from audittui.tui.widgets.sidebar import Sidebar

            self.main.query_one(Sidebar).select(runbook.id)
            self.main.post_message(Sidebar.Chosen(runbook, None))

        return call

    def _caller(self, action: str) -> Callable[[], None]:
        def call() -> None:
            self.run_worker(self.run_action(action, self.main), exclusive=False)

        return call
