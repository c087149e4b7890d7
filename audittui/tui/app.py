"""The application: opens the connection, reads in threads, shows what came."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
from rich.markup import escape
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from audittui.connection import Connection, Target, open_connection
from audittui.errors import AuditError
from audittui.escape import escaped
from audittui.layout.row import Row
from audittui.runbook.catalogue import Catalogue
from audittui.runbook.model import Runbook
from audittui.runbook.plan import Plan
from audittui.tui.palette import BAD, DIM, THEME
from audittui.tui.reading import SCREENFUL, Reading
from audittui.tui.screens.main import MainScreen
from audittui.tui.screens.reader import ConfirmScreen, ReaderScreen
from audittui.tui.widgets.bars import TitleBar
from audittui.tui.words import ConnectionState


class Arrived(Message):
    """A thread is done with something: ``call`` takes it in, on the screen's side."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self.call = call


class AuditApp(App[None]):
    """The terminal application on ``target``.

    ``catalogue_folders`` hold the team's runbooks. ``connect`` opens the target; it is called in a
    thread after the first frame and may raise `AuditError`.
    """

    CSS_PATH = Path(__file__).with_name("audittui.tcss")
    TITLE = "audittui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        # Also while the help or a question lies over the main screen.
        Binding("ctrl+c", "interrupt", "stop reading, keep the rows", priority=True, show=False),
    ]

    def __init__(
        self,
        target: Target,
        catalogue_folders: Sequence[Path] = (),
        connect: Callable[[Target], Connection] = open_connection,
    ) -> None:
        super().__init__()
        self.target = target
        self.state = ConnectionState("connecting" if target.store or target.table else "none")
        self.catalogue = Catalogue(())
        self.connection: Connection | None = None
        self._folders = catalogue_folders
        self._open = connect
        self._planning = 0
        self._wanted: tuple[Runbook, dict[str, str], bool] | None = None
        self._main = MainScreen()
        self.register_theme(THEME)
        self.theme = THEME.name

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self._main

    def begin(self) -> None:
        """The main screen is there; everything that reads waits for the first frame."""
        self._show_state(self.state)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self._load_catalogue, thread=True, group="catalogue")
        if self.state.kind == "connecting":
            self._connect()

    def on_unmount(self) -> None:
        """Leave nothing running."""
        if self._main.reading is not None:
            self._main.reading.cancel()
        if self.connection is not None:
            self.connection.store.close()

    def on_arrived(self, event: Arrived) -> None:
        """Take in what a thread brought."""
        event.call()

    def _arrive(self, call: Callable[[], None]) -> None:
        self.post_message(Arrived(call))

    def _work(self, work: Callable[[], None], failed: Callable[[Exception], None],
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
            self._arrive(lambda: failed(told))

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

    # The connection

    def connect_again(self) -> None:
        """Try to connect once more."""
        if self.target.store or self.target.table:
            self._connect()

    def _connect(self) -> None:
        def work() -> None:
            connection = self._open(self.target)
            self._arrive(lambda: opened(connection))

        def opened(connection: Connection) -> None:
            self.connection = connection
            self._show_state(ConnectionState("open"))
            if self._wanted is not None:
                runbook, texts, only_show = self._wanted
                self._wanted = None
                self.plan(runbook, texts, only_show=only_show)

        def failed(error: Exception) -> None:
            self._wanted = None
            hint = error.hint if isinstance(error, AuditError) else ""
            message = error.message if isinstance(error, AuditError) else str(error)
            self._show_state(ConnectionState("failed", message, hint))

        self._show_state(ConnectionState("connecting"))
        self._work(work, failed, "connection")

    def _show_state(self, state: ConnectionState) -> None:
        self.state = state
        style = {"failed": BAD, "open": "default"}.get(state.kind, DIM)
        self._main.query_one(TitleBar).show(connection=state.text(self.target), style=style)
        self._main.show_status()

    def _load_catalogue(self) -> None:
        from audittui.runbook.catalogue import load_catalogue

        catalogue = load_catalogue(self._folders)
        self._arrive(lambda: self._take_catalogue(catalogue))

    def _take_catalogue(self, catalogue: Catalogue) -> None:
        from audittui.tui.widgets.sidebar import Sidebar

        self.catalogue = catalogue
        self._main.query_one(Sidebar).fill(catalogue)

    # Reading

    def plan(self, runbook: Runbook, texts: Mapping[str, str], *, only_show: bool = False) -> None:
        """Plan a runbook in a thread, then read it, or only show the plan."""
        if self.connection is None:
            self._wanted = (runbook, dict(texts), only_show)
            if self.state.kind != "connecting":
                self._wanted = None
                self._main.say(self.state.message or "There is no table to ask.")
            return
        connection = self.connection
        self._planning += 1
        number = self._planning

        def work() -> None:
            from audittui.runbook.planner import make_plan

            plan = make_plan(runbook, texts, connection.layout, connection.facts())
            reading = Reading(runbook, texts, plan, connection, self._notify_wait)
            self._arrive(lambda: planned(reading))

        def planned(reading: Reading) -> None:
            if only_show:
                self.show_plan(reading.plan, None)
            elif number == self._planning:
                self._planning = 0
                self._main.began(reading)

        def failed(error: Exception) -> None:
            if number == self._planning:
                self._planning = 0
                self._main.refused(runbook, error)

        self._work(work, failed, "plan")

    def action_interrupt(self) -> None:
        """Stop reading and keep the rows, whatever screen is on top."""
        self._main.action_interrupt()

    def cancel_planning(self) -> bool:
        """Drop a plan that is being made; False when there is none."""
        was, self._planning, self._wanted = self._planning, 0, None
        return bool(was)

    def _notify_wait(self, sentence: str) -> None:
        self._arrive(lambda: self._main.say(sentence))

    def read(self, reading: Reading, *, everything: bool = False) -> None:
        """Read on in a thread: a screenful, or everything."""
        if reading.active:
            return
        reading.active = True
        if everything and reading.plan.estimate.fits(reading.connection.target.max_rcu):
            reading.drain()

        def work() -> None:
            rows = 0
            while True:
                page = reading.read()
                if page is None:
                    break
                rows += len(page.rows)
                self._arrive(lambda page=page: take(page))  # type: ignore[misc]
                if page.coverage.stop or page.coverage.complete:
                    break
                if rows >= SCREENFUL and not everything:
                    break
            self._arrive(rest)

        def take(page: object) -> None:
            reading.take(page)  # type: ignore[arg-type]
            self._main.took(reading)

        def rest() -> None:
            reading.active = False
            self._main.paused(reading)

        def failed(error: Exception) -> None:
            reading.active = False
            self._main.refused(reading.runbook, error)

        self._work(work, failed, "read")

    def ask_to_load(self, reading: Reading) -> None:
        """Ask with the estimate, then read to the end."""

        def answered(yes: bool | None) -> None:
            if yes and not reading.active:
                reading.go_on()
                self.read(reading, everything=True)
                self._main.show_status()

        count = len(reading.rows.rows)
        estimate = reading.plan.estimate
        used = f"{reading.rcu:,.1f} RCU in {reading.requests:,} requests"
        if estimate.price.billed:
            used += f", {estimate.price.text(reading.rcu)}"
        details = [
            f"Loaded: {count:,} rows for {used}.",
            f"All of it: {estimate.text}.",
            estimate.how,
            "Ctrl-C stops at any moment and keeps the rows.",
        ]
        budget = reading.connection.target.max_rcu
        if budget is not None:
            details.insert(-1, f"It stops at the profile's budget of {budget:g} RCU.")
        self.push_screen(ConfirmScreen("Load all rows of this result?", details), answered)

    # One entry

    def inspect(self, row: Row, trace: bool) -> None:
        """Read an entry, check it, and trace its resource if that is not known yet."""
        connection = self.connection
        if connection is None:
            return
        detail = self._main.detail

        def work() -> None:
            from audittui.tui.inspection import changes_of, read_document

            document = read_document(connection, row)
            self._arrive(lambda: detail.take_document(row, document))
            self._arrive(lambda: self._spend(document.rcu))
            changes = changes_of(document)
            self._arrive(lambda: detail.take_changes(row, changes))

        self._work(work, lambda error: self._main.say(str(error)), "entry")
        self.check(row)
        if trace and row.resource:
            self._trace(connection, row)

    def check(self, row: Row) -> None:
        """Check an entry in a thread."""
        connection = self.connection
        if connection is None:
            return
        detail = self._main.detail

        def work() -> None:
            from audittui.tui.inspection import check_entry

            verdict = check_entry(connection, row)
            self._arrive(lambda: detail.take_verdict(row, verdict))
            self._arrive(lambda: self._spend(verdict.rcu))

        self._work(work, lambda error: detail.take_verdict(row, None, str(error)), "verdict")

    def _trace(self, connection: Connection, row: Row) -> None:
        from audittui.tui.inspection import Life, runbook_about, trace_resource

        detail = self._main.detail
        runbook = runbook_about(self.catalogue, "resource")
        if runbook is None:
            detail.take_life(Life(row.resource, coverage="no runbook answers by resource"))
            return

        def work() -> None:
            life = trace_resource(connection, runbook, row)
            self._arrive(lambda: detail.take_life(life))
            self._arrive(lambda: self._spend(life.rcu))

        def failed(error: Exception) -> None:
            detail.take_life(Life(row.resource, coverage=str(error)))

        self._work(work, failed, "lifecycle")

    def _spend(self, rcu: float) -> None:
        """Looking at entries costs too: add it to what the status line says."""
        if self._main.reading is not None:
            self._main.reading.looked_rcu += rcu
            self._main.show_status()

    def pivot(
        self, question: str, value: str, reading: Reading
    ) -> tuple[Runbook, dict[str, str]] | None:
        """The runbook about a value, filled in; an actor keeps the present window."""
        from audittui.runbook.timerange import window_text
        from audittui.tui.inspection import runbook_about, subject_of

        runbook = runbook_about(self.catalogue, question)
        if runbook is None:
            return None
        texts = {one.name: one.default_text for one in runbook.params if one.default_text}
        texts[subject_of(runbook)] = value
        window = runbook.query.during.strip("{}")
        if question == "actor" and runbook.param(window) is not None:
            texts[window] = window_text(reading.plan.window)
        return runbook, texts

    # Copying

    def command_of(self, reading: Reading) -> str:
        """The command that asks the same again."""
        from audittui.runbook.describe import command_of

        return command_of(reading.plan, self.target.options())

    def copy(self, what: str, text: str) -> None:
        """Copy a text in a thread; say what was done and no more."""

        def work() -> None:
            from audittui.tui.clipboard import copy

            said = copy(text, lambda given: self.call_from_thread(self.copy_to_clipboard, given))
            self._arrive(lambda: self._main.say(f"Copied {what}: {said}."))

        self._work(work, lambda error: self._main.say(str(error)), "copy")

    def copy_entry(self, row: Row) -> None:
        """Copy an entry's JSON, read first where it is not shown."""
        connection = self.connection
        if connection is None:
            return

        def work() -> None:
            from audittui.tui.inspection import read_document

            document = read_document(connection, row)
            if document.fault:
                raise AuditError(document.fault)
            # ASCII only: pasted into a terminal, no character of a log may act on it.
            text = json.dumps(_decoded(document.text), ensure_ascii=True, indent=2)
            self._arrive(lambda: self._spend(document.rcu))
            self._arrive(lambda: self.copy("the entry as JSON", text))

        self._work(work, lambda error: self._main.say(str(error)), "copy-read")

    # Other screens

    def show_plan(self, plan: Plan, reading: Reading | None) -> None:
        """The plan in words, with what was used so far."""
        from audittui.runbook.describe import command_of, describe_plan
        from audittui.tui.plan_text import plan_text

        words: list[str] = []
        for option, value in (
            ("--region", self.target.region), ("--endpoint-url", self.target.endpoint_url),
            ("--profile", self.target.aws_profile),
        ):  # fmt: skip
            words += [option, value] if value else []
        described = describe_plan(plan, table=self.target.table or "TABLE", options=words)
        used = reading.comparison if reading is not None else ()
        command = escaped(command_of(plan, self.target.options()))
        self.push_screen(ReaderScreen("Plan", plan_text(described, used, command)))

    def show_help(self) -> None:
        """Every key, made from the bindings."""
        from audittui.tui.help import help_text

        self.push_screen(ReaderScreen("Keys", help_text()))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every runbook, every action of the main screen, the theme, quit."""
        from audittui.tui.help import commands

        for runbook in self.catalogue.runbooks:
            yield SystemCommand(
                # The palette reads its titles as markup.
                escape(escaped(runbook.name)),
                escape(escaped(runbook.description)),
                self._opener(runbook),
            )
        for title, action in commands():
            yield SystemCommand(title, f"Key {action[0]}", self._caller(action[1]))
        yield SystemCommand("Change theme", "Choose other colours", self.action_change_theme)
        yield SystemCommand("Quit", "Leave audittui", self.action_quit)

    def _opener(self, runbook: Runbook) -> Callable[[], None]:
        def call() -> None:
            from audittui.tui.widgets.sidebar import Sidebar

            self._main.query_one(Sidebar).select(runbook.id)
            self._main.post_message(Sidebar.Chosen(runbook, None))

        return call

    def _caller(self, action: str) -> Callable[[], None]:
        def call() -> None:
            self.run_worker(self.run_action(action, self._main), exclusive=False)

        return call


def _decoded(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text
