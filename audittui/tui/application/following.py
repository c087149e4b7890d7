"""A question followed live, in a thread that lasts as long as it is followed."""

from __future__ import annotations

import threading

from audittui.errors import AuditError, StoreError
from audittui.tui.application.standing import StandingApp
from audittui.tui.live import Live


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
                for batch in tail.batches():
                    self.arrive(lambda batch=batch: main.follow_came(live, tail, batch))  # type: ignore[misc]
            except AuditError as error:
                ending = error
            except Exception as error:
                ending = AuditError(
                    f"audittui met something it did not expect: {type(error).__name__}: {error}."
                )
            self.arrive(lambda: ended(ending))

        def ended(ending: AuditError | None) -> None:
            if ending is not None and live.tail is tail:
                self.went(live.reading.connection, ending)
            main.follow_ended(live, tail, ending)

        threading.Thread(target=run, daemon=True, name="audittui-follow").start()
