"""Work in threads. Results arrive as messages; exceptions become sentences.

Threads never touch widgets: they `post` messages, and handlers registered with `hear` take them in
the screen's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from textual.app import App
from textual.message import Message

from audittui.errors import AuditError, unexpected

if TYPE_CHECKING:
    from audittui.connection import Connection

Posted = TypeVar("Posted", bound=msgspec.Struct)


class Arrived(Message):
    """A thread posted a message; ``take`` handles it."""

    def __init__(self, take: Callable[[], None]) -> None:
        super().__init__()
        self.take = take


class Jobs:
    """The threads of an application: their messages, their connections, how they are stopped."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._takers: dict[type[msgspec.Struct], Callable[[Any], None]] = {}
        self._reading: dict[threading.Event, Connection] = {}
        """The jobs that read from each connection, as events that are set when a job is done."""
        self._stops: dict[str, threading.Event] = {}

    def hear(self, kind: type[Posted], take: Callable[[Posted], None]) -> None:
        """Call ``take`` with each message of a type, in the screen's thread."""
        assert kind not in self._takers, kind
        self._takers[kind] = take

    def post(self, message: msgspec.Struct) -> None:
        """Post a message; may be called from any thread."""
        self._app.post_message(Arrived(partial(self._takers[type(message)], message)))

    def run(
        self,
        work: Callable[[], None],
        failed: Callable[[AuditError], None],
        group: str,
        *,
        on: Connection | None = None,
        stop: threading.Event | None = None,
        lasting: bool = False,
    ) -> None:
        """Run ``work`` in a thread. An exception goes to ``failed``, in the screen's thread.

        ``on`` is the connection that it reads from, ``stop`` the event that `cancel` of its
        ``group`` sets. Nobody waits for a ``lasting`` job: it runs until it is cancelled.
        """
        done = threading.Event()
        if on is not None:
            self._reading[done] = on
        if stop is not None:
            self._stops[group] = stop

        def guarded() -> None:
            try:
                work()
            except AuditError as error:
                told = error
            except Exception as error:
                told = unexpected(error)
            else:
                return
            finally:
                self._reading.pop(done, None)
                done.set()
            self._app.post_message(Arrived(partial(failed, told)))

        def started(work: Callable[[], None]) -> None:
            # A daemon thread: leaving must not wait for a request that nobody answers.
            threading.Thread(target=work, daemon=True, name=f"audittui-{group}").start()

        async def waiting() -> None:
            loop = asyncio.get_running_loop()
            over = asyncio.Event()

            def run() -> None:
                guarded()
                with contextlib.suppress(RuntimeError):  # the loop is closed: the user has left
                    loop.call_soon_threadsafe(over.set)

            started(run)
            await over.wait()
            if stop is not None and self._stops.get(group) is stop:
                del self._stops[group]

        if lasting:
            started(guarded)
        else:
            self._app.run_worker(waiting, group=group)  # type: ignore[arg-type]

    def running(self, group: str) -> bool:
        """True while a job of this group that can be cancelled runs."""
        return group in self._stops

    def cancel(self, group: str) -> bool:
        """Cancel the job of a group; False if there is none."""
        stop = self._stops.get(group)
        if stop is not None:
            stop.set()
        return stop is not None

    def readers_of(self, connections: Iterable[Connection]) -> list[threading.Event]:
        """The jobs that read from these connections, as events that are set when a job is done."""
        closing = [id(one) for one in connections]
        return [done for done, on in self._reading.items() if id(on) in closing]

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after a delay."""
        self._app.set_timer(seconds, call)

    def regularly(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something at an interval."""
        self._app.set_interval(seconds, call)
