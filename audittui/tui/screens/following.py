"""Following a question live: rows come at the end, and nothing that is looked at moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.screens.pivoting import PivotingScreen
from audittui.tui.widgets.bars import StatusBar
from audittui.tui.widgets.lines import LineList

if TYPE_CHECKING:
    from collections.abc import Callable

    from audittui.errors import AuditError, StoreError
    from audittui.investigate.tail import Tail, TailBatch
    from audittui.investigate.tail_source import Backlog
    from audittui.tui.model.followed import Live


class FollowingScreen(PivotingScreen):
    """Following a question live: rows come at the end, and nothing that is looked at moves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("F", "follow", "follow: show what comes from now on", id="follow"),
        Binding("equals_sign", "pause", "pause following, and go on", id="pause"),
    ]
    _before_live = 0

    @property
    def live(self) -> Live | None:
        """What is followed, while the list shows it."""
        live = self.reading.live if self.reading is not None else None
        return live if live is not None and self.results.source is live.source else None

    def action_follow(self) -> None:
        """Follow what was run, stop following, or go on."""
        from audittui.tui.model.followed import Live

        reading, live = self.reading, self.live
        if reading is None:
            self.say("Nothing was run yet: choose a runbook (1), run it, then F follows it.")
        elif live is not None and live.state != "stopped":
            live.stop()
            self.say("")
        elif reading.active:
            self.say("Still reading: Ctrl-C stops it, then F follows.")
        else:
            if live is None:
                self.close_detail()
                self._before_live = self.results.cursor if self.group is None else 0
                self.group = None
            live = reading.live = reading.live or Live(reading)
            self.app.follow(live)
            self._notice = ""
            self.results.show(live.source, len(live.source) - 1)
            self.go_pane("results")
            self.show_status()

    def action_pause(self) -> None:
        """Pause following, or go on at the end."""
        live = self.live
        if live is None or live.state == "stopped":
            self.say("Nothing is followed: F follows.")
        elif live.state == "following":
            live.pause()
            self.say("")
        else:
            live.resume()
            self.results.go(len(live.source) - 1)
            self.say("")

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """A move up pauses, the end goes on."""
        live = self.live
        if live is None or event.lines is not self.results:
            return
        before = live.state
        if self.results.cursor < len(live.source) - 1:
            live.pause()
        else:
            live.resume()
        if live.state != before:
            self.show_status()

    def leave_live(self) -> bool:
        """From what is followed back to what was read; False when nothing is."""
        live, reading = self.live, self.reading
        if live is None or reading is None:
            return False
        live.stop()
        self._notice = ""
        self.results.show(
            reading.groups if reading.groups is not None else reading.rows, self._before_live
        )
        self.show_panes()
        self.show_status()
        return True

    # What threads bring

    def follow_came(self, live: Live, tail: Tail, batch: TailBatch) -> None:
        """Rows came."""
        if live.tail is not tail:
            return
        first = live.batch is None
        live.take(batch)
        if self.live is not live:
            return
        self._show_end(live)
        if first and tail.notes:
            self._notice = " ".join(tail.notes)
        self.show_status()

    def follow_asks(
        self, live: Live, tail: Tail, backlog: Backlog, decide: Callable[[bool], None]
    ) -> None:
        """Catching up costs more than a little: ask before anything of it is read."""
        from audittui.tui.dialogs.reader import ConfirmScreen

        if live.tail is not tail:
            decide(False)
            return
        price = live.reading.plan.estimate.price
        cost = f"about {backlog.rcu:,.0f} RCU"
        if price.billed:
            cost += f", {price.text(backlog.rcu)}"
        count = "What was written" if backlog.entries is None else f"{backlog.entries:,} entries"
        details = [f"{count} since then must be read first: {cost}."]
        if live.reading.max_rcu is not None:
            details.append(f"It stops at the profile's budget of {live.reading.max_rcu:g} RCU.")
        details.append("F or Esc stops it at any moment; what came stays.")

        def answered(yes: bool | None) -> None:
            if not yes and live.tail is tail:
                followed = live.state == "following"
                live.declined()
                self._show_ending(live, followed)
            decide(bool(yes))

        self.app.push_screen(ConfirmScreen("Follow from here?", details), answered)

    def follow_waits(self, live: Live, error: StoreError) -> None:
        """Something is waited out."""
        if live.state == "stopped":
            return
        live.wait(error)
        if self.live is live:
            self._show_end(live)
            self.show_status()

    def follow_ended(self, live: Live, tail: Tail, error: AuditError | None) -> None:
        """The following ended by itself."""
        if live.tail is not tail:
            return
        followed = live.state == "following"
        live.ended(error)
        self._show_ending(live, followed)

    def _show_ending(self, live: Live, followed: bool) -> None:
        """Show the note that says why, to who looks at the end."""
        if self.live is live:
            self._show_end(live)
            if followed:
                self.results.go(len(live.source) - 1)
            self.show_status()

    def _show_end(self, live: Live) -> None:
        """The list has grown, or a note in it is other; the cursor moves only while it follows."""
        if live.state == "following":
            self.results.changed(len(live.source) - 1)
        else:
            self.results.grown()
            if live.renoted is not None:
                self.results.changed_row(live.source.line_of(live.renoted))
        live.renoted = None

    def show_status(self) -> None:
        """While something is followed, how that stands."""
        super().show_status()
        if self.live is not None:
            from audittui.tui.text.followed import followed_status

            self.query_one(StatusBar).show(followed_status(self.live, self._notice))
