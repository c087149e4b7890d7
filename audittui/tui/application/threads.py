"""Work in threads: what it brings is taken in on the screen's side, what it raises is told."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from textual.events import Resize
from textual.message import Message

from audittui.connection import Connection, Target
from audittui.errors import AuditError
from audittui.runbook.catalogue import Catalogue
from audittui.tui.dialogs.room import fits
from audittui.tui.keys.queue import TypingApp
from audittui.tui.model.connection import ConnectionState
from audittui.tui.model.marks import Marks
from audittui.tui.model.names import NamesSeen
from audittui.tui.screens.main import MainScreen
from audittui.tui.textual_private import with_bindings_of_bases


class Arrived(Message):
    """A thread is done with something: ``call`` takes it in, on the screen's side."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self.call = call


class ThreadedApp(TypingApp, inherit_bindings=False):
    """What every part of the application shares: the main screen, the connection, threads."""

    def __init_subclass__(cls, *, whole: bool = False) -> None:
        """As with the parts of the main screen, Textual needs to take stock of the whole alone."""
        # This class drops the keys of Textual's own application; those that come after it do not.
        with_bindings_of_bases(cls)
        if whole:
            super().__init_subclass__()

    def __init__(
        self, target: Target, folders: Sequence[Path], connect: Callable[[Target], Connection]
    ) -> None:
        super().__init__()
        self.target = target
        self.state = ConnectionState("connecting" if target.store or target.table else "none")
        self.catalogue = Catalogue(())
        self.connection: Connection | None = None
        self.main = MainScreen()
        self.marks = Marks()
        """The entries that somebody marked."""
        self.seen = NamesSeen()
        """The names that were met on this connection, whatever was asked."""
        self._folders = folders
        self._open = connect

    def on_resize(self, event: Resize) -> None:
        """Where there is no room say so, whatever screen is on top."""
        if fits(event.size):
            return
        from audittui.tui.dialogs.reader import TooSmallScreen

        if not any(isinstance(screen, TooSmallScreen) for screen in self.screen_stack):
            self.push_screen(TooSmallScreen())

    def on_arrived(self, event: Arrived) -> None:
        """Take in what a thread brought, while there is a screen to show it.

        When the application is left, the bars go before their screen does.
        """
        if self.main.is_attached and self.main.query("StatusBar"):
            event.call()

    def key_comes(self) -> None:
        """What was said before is old now."""
        self.main.forget_notice()

    def key_went(self) -> None:
        """What is old goes."""
        self.main.drop_notice()

    def arrive(self, call: Callable[[], None]) -> None:
        """Have ``call`` called on the screen's side; any thread may ask."""
        self.post_message(Arrived(call))

    def work(self, work: Callable[[], None], failed: Callable[[Exception], None],
             group: str) -> None:  # fmt: skip
        """Run ``work`` in a thread; whatever it raises becomes a sentence, never a traceback."""

        def guarded() -> None:
            try:
                work()
            except AuditError as error:
                told: Exception = error
            except Exception as error:
                told = AuditError(
                    f"audittui met something it did not expect: {type(error).__name__}: {error}."
                )
            else:
                return
            self.arrive(lambda: failed(told))

        async def waiting() -> None:
            # A daemon thread: leaving must not wait for a request that nobody answers.
            loop = asyncio.get_running_loop()
            done = asyncio.Event()

            def run() -> None:
                guarded()
                with contextlib.suppress(RuntimeError):  # the loop is closed: the user has left
                    loop.call_soon_threadsafe(done.set)

            threading.Thread(target=run, daemon=True, name=f"audittui-{group}").start()
            await done.wait()

        self.run_worker(waiting(), group=group)

    def spend(self, rcu: float) -> None:
        """Looking at entries costs too: add it to what the status line says."""
        if self.main.reading is not None:
            self.main.reading.looked_rcu += rcu
            self.main.show_status()
