"""Following a query live: rows are added at the end, and the rows in view stay in place."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from audittui.tui import messages
from audittui.tui.main.key import Key

if TYPE_CHECKING:
    from audittui.errors import AuditError, StoreError
    from audittui.investigate.tail import Tail
    from audittui.investigate.tail.source import Backlog
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.link import Link
    from audittui.tui.model.followed import Live

_UNASKED = 100.0
"""Read units that catching up may use without asking."""


class Follow:
    """Follows the current run, in a thread of its own."""

    def __init__(self, desk: Desk, jobs: Jobs, link: Link) -> None:
        self._desk = desk
        self._jobs = jobs
        self._link = link
        self._before = 0
        """The cursor's previous position."""
        jobs.hear(messages.BatchCame, self._came)
        jobs.hear(messages.CatchingUpCosts, self._ask)
        jobs.hear(messages.FollowingWaits, self._waits)
        jobs.hear(messages.FollowingEnded, lambda one: self._ended(one.live, one.tail, None))

    def follow(self) -> None:
        """Follow the current run, stop, or resume."""
        from audittui.tui.model.followed import Live

        desk, run, live = self._desk, self._desk.run, self._desk.live
        if run is None:
            desk.say("Nothing has been run yet: choose a runbook (1), run it, then press F.")
        elif live is not None and live.state != "stopped":
            live.stop()
            desk.say("")
        elif run.active:
            desk.say("Still reading: press Ctrl-C, then F.")
        else:
            if live is None:
                desk.close_detail()
                self._before = desk.results.cursor if desk.group is None else 0
                desk.group = None
            live = run.live = run.live or Live(run)
            self._start(live)
            desk.unsay()
            desk.results.show(live.source, len(live.source) - 1)
            desk.go_pane("results")
            desk.show_status()

    def pause(self) -> None:
        """Pause following, or resume at the end."""
        desk, live = self._desk, self._desk.live
        if live is None or live.state == "stopped":
            desk.say("Not following: F starts.")
        elif live.state == "following":
            live.pause()
            desk.say("")
        else:
            live.resume()
            desk.results.go(len(live.source) - 1)
            desk.say("")

    def moved(self) -> None:
        """The cursor moved: moving up pauses, reaching the end resumes."""
        desk, live = self._desk, self._desk.live
        if live is None:
            return
        before = live.state
        if desk.results.cursor < len(live.source) - 1:
            live.pause()
        else:
            live.resume()
        if live.state != before:
            desk.show_status()

    def stop(self) -> bool:
        """Stop following; False if nothing is followed."""
        live = self._desk.live
        if live is None or live.state == "stopped":
            return False
        self.follow()
        return True

    def leave(self) -> bool:
        """Return from following to the rows read before; False if nothing is followed."""
        desk, live, run = self._desk, self._desk.live, self._desk.run
        if live is None or run is None:
            return False
        live.stop()
        desk.unsay()
        rows = run.groups if run.groups is not None else run.rows
        desk.results.show(rows, self._before)
        desk.show_panes()
        desk.show_status()
        return True

    # In the thread

    def _start(self, live: Live) -> None:
        jobs = self._jobs

        def told(error: StoreError | None) -> None:
            if error is not None:
                jobs.post(messages.FollowingWaits(live, error))

        tail = live.start(told)

        def work() -> None:
            if self._agreed(live, tail):
                for batch in tail.batches():
                    jobs.post(messages.BatchCame(live, tail, batch))
            jobs.post(messages.FollowingEnded(live, tail))

        def failed(error: AuditError) -> None:
            if live.tail is tail:
                self._link.note_error(live.run.connection, error)
            self._ended(live, tail, error)

        jobs.run(work, failed, "follow", on=live.run.connection, lasting=True)

    def _agreed(self, live: Live, tail: Tail) -> bool:
        """Ask before catching up if it costs more than a little or than the budget."""
        backlog = tail.backlog() if live.run.connection.billed else None
        most = min(live.run.max_rcu or _UNASKED, _UNASKED)
        if backlog is None or backlog.rcu <= most:
            return True
        answer = messages.Answer(threading.Event())
        self._jobs.post(messages.CatchingUpCosts(live, tail, backlog, answer))
        return answer.wait()

    # Messages from threads

    def _came(self, message: messages.BatchCame) -> None:
        """Rows arrived."""
        desk, live, tail = self._desk, message.live, message.tail
        if live.tail is not tail:
            return
        first = live.batch is None
        live.take(message.batch)
        if desk.live is not live:
            return
        self._show_end(live)
        if first and tail.notes:
            desk.say(" ".join(tail.notes))
        else:
            desk.show_status()

    def _ask(self, message: messages.CatchingUpCosts) -> None:
        """Catching up costs more than a little: ask before reading."""
        from audittui.tui.dialogs.reader import ConfirmScreen

        live, tail = message.live, message.tail
        if live.tail is not tail:
            message.answer.give(False)
            return

        def answered(yes: bool | None) -> None:
            if not yes and live.tail is tail:
                followed = live.state == "following"
                live.decline()
                self._show_ending(live, followed)
            message.answer.give(bool(yes))

        question = ConfirmScreen("Start following?", _costs(live, message.backlog))
        self._desk.open(question, answered)

    def _waits(self, message: messages.FollowingWaits) -> None:
        """Following waits for the store."""
        live = message.live
        if live.state == "stopped":
            return
        live.wait(message.error)
        if self._desk.live is live:
            self._show_end(live)
            self._desk.show_status()

    def _ended(self, live: Live, tail: Tail, error: AuditError | None) -> None:
        """Following ended by itself."""
        if live.tail is not tail:
            return
        followed = live.state == "following"
        live.end(error)
        self._show_ending(live, followed)

    def _show_ending(self, live: Live, followed: bool) -> None:
        """Show the note that says why, if the end of the list is in view."""
        desk = self._desk
        if desk.live is live:
            self._show_end(live)
            if followed:
                desk.results.go(len(live.source) - 1)
            desk.show_status()

    def _show_end(self, live: Live) -> None:
        """The list grew or a note changed; the cursor moves only while following."""
        results = self._desk.results
        if live.state == "following":
            results.redraw(len(live.source) - 1)
        else:
            results.show_growth()
            if live.renoted is not None:
                results.redraw_row(live.source.line_of(live.renoted))
        live.renoted = None

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "F",
            "follow",
            "follow: show new entries as they arrive",
            follow,
            words="tail, live, watch, stream",
        ),
        Key("equals_sign", "pause", "pause or resume following", pause, words="hold, resume"),
    )


def _costs(live: Live, backlog: Backlog) -> list[str]:
    """The cost of catching up, line by line."""
    price = live.run.plan.estimate.price
    cost = f"about {backlog.rcu:,.0f} RCU"
    if price.billed:
        cost += f", {price.text(backlog.rcu)}"
    count = "Entries" if backlog.entries is None else f"{backlog.entries:,} entries"
    details = [f"{count} since then must be read first: {cost}."]
    if live.run.max_rcu is not None:
        details.append(f"It stops at the profile's budget of {live.run.max_rcu:g} RCU.")
    details.append("F or Esc stops at any time and keeps the rows.")
    return details
