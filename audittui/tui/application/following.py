"""A question followed live, in a thread that lasts as long as it is followed."""

from __future__ import annotations

import threading

from audittui.errors import AuditError, StoreError
from audittui.tui.application.standing import StandingApp
from audittui.tui.model.followed import Live

_UNASKED = 100.0
"""Read units that catching up may take without a question."""


class FollowingApp(StandingApp):
    """A question followed live, in a thread that lasts as long as it is followed."""

    def follow(self, live: Live) -> None:
        """Follow; what comes goes to the main screen."""
        main = self.main

        def told(error: StoreError | None) -> None:
            if error is not None:
                self.arrive(lambda: main.follow_waits(live, error))

        tail = live.start(told)

        def run() -> None:
            ending: AuditError | None = None
            try:
                if not agreed():
                    return
                for batch in tail.batches():
                    self.arrive(lambda batch=batch: main.follow_came(live, tail, batch))  # type: ignore[misc]
            except AuditError as error:
                ending = error
            except Exception as error:
                ending = AuditError(
                    f"audittui met something it did not expect: {type(error).__name__}: {error}."
                )
            self.arrive(lambda: ended(ending))

        def agreed() -> bool:
            """Ask before catching up costs more than a little money or the budget."""
            backlog = tail.backlog() if live.reading.connection.billed else None
            most = min(live.reading.max_rcu or _UNASKED, _UNASKED)
            if backlog is None or backlog.rcu <= most:
                return True
            decided = threading.Event()
            said: list[bool] = []

            def decide(yes: bool) -> None:
                said.append(yes)
                decided.set()

            self.arrive(lambda: main.follow_asks(live, tail, backlog, decide))
            decided.wait()
            return said[0]

        def ended(ending: AuditError | None) -> None:
            if ending is not None and live.tail is tail:
                self.went(live.reading.connection, ending)
            main.follow_ended(live, tail, ending)

        threading.Thread(target=run, daemon=True, name="audittui-follow").start()
