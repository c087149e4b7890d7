"""The profiles of config.toml, and what the application is connected to: Enter connects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from audittui.config import Config, config_path, load_config
from audittui.connection import Target, profile_target
from audittui.errors import UsageError
from audittui.escape import escaped, escaped_lines
from audittui.tui.dialogs.modal import Modal
from audittui.tui.theme.palette import ACCENT, BAD, DIM
from audittui.tui.widgets.lines import LineList

if TYPE_CHECKING:
    from audittui.tui.app import AuditApp

_NOW = {"open": "connected", "connecting": "connecting", "failed": "failed", "none": ""}
_UNNAMED = "(as started)"


class Choice(msgspec.Struct, frozen=True):
    """A line: a profile by its name (empty: what was named without one), and what it connects to,
    or why it cannot."""

    name: str
    target: Target | None
    fault: str = ""


def choices(config: Config, present: Target, started_on: Target) -> list[Choice]:
    """What can be connected to: what the application was started on and what it is connected to,
    where no profile is that, then the profiles in the order of the file."""
    profiles = []
    for name in config.profiles:
        try:
            profiles.append(Choice(name, profile_target(name, config)))
        except UsageError as error:
            profiles.append(Choice(name, None, str(error)))
    unnamed: list[Choice] = []
    for target in (started_on, present):
        known = [one.target for one in (*unnamed, *profiles) if one.target is not None]
        if (target.store or target.table) and not any(target.same(one) for one in known):
            unnamed.append(Choice(target.profile or "", target))
    return [*unnamed, *profiles]


class _Lines:
    """Choices as lines. ``now`` says how the present one stands."""

    times: frozenset[int] = frozenset()

    def __init__(self, entries: Sequence[Choice], present: Target, now: str) -> None:
        self.entries = entries
        self._present = present
        self._now = now
        self.titles = ["profile", "now", "table or store", "region", "layout", "AWS profile"]
        if any(one.target is not None and one.target.endpoint_url for one in entries):
            self.titles.append("endpoint")

    def __len__(self) -> int:
        return len(self.entries)

    def is_present(self, at: int) -> bool:
        """True for what the application is connected to, or tries to be."""
        target = self.entries[at].target
        return target is not None and target.same(self._present)

    def cells(self, at: int) -> Sequence[str | int]:
        """Its name and where it leads."""
        one = self.entries[at]
        name = one.name or _UNNAMED
        target = one.target
        if target is None:
            return [name, "", "names nothing", "", "", "", ""][: len(self.titles)]
        return [
            name, self._now if self.is_present(at) else "", target.store or target.table or "",
            target.region or "", target.layout, target.aws_profile or "",
            target.endpoint_url or "",
        ][: len(self.titles)]  # fmt: skip

    def tone(self, at: int) -> str:
        """The present one stands out."""
        return "marked" if self.is_present(at) else ""

    def mark(self, at: int) -> str:
        """A column says it."""
        return ""


class ProfilesScreen(Modal[Target]):
    """Closes with what is to be connected to, or with nothing. The file is read when it opens, so
    that what was changed in it meanwhile is there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,P", "leave", "back", id="profiles-leave"),
    ]
    app: AuditApp

    def compose(self) -> ComposeResult:
        """How many there are, the list, what is wrong or how to write one, the keys."""
        with Vertical(id="profiles"):
            yield Static(id="profiles-title", markup=False)
            yield LineList(_Lines((), self.app.target, ""), empty="There is nothing to connect to.")
            yield Static(id="profiles-note", markup=False)
            yield Static(Text("Enter connects   Esc back", style=DIM), id="profiles-keys")

    def on_mount(self) -> None:
        """Read the file; the list takes the keys."""
        fault, config = "", Config()
        try:
            config = load_config()
        except UsageError as error:
            fault = str(error)
        app = self.app
        entries = choices(config, app.target, app.started_on)
        lines = _Lines(entries, app.target, _NOW[app.state.kind])
        present = next((at for at in range(len(lines)) if lines.is_present(at)), 0)
        shown = self.query_one(LineList)
        shown.show(lines, present)
        shown.focus()
        count = len(config.profiles)
        said = f"{count:,} in config.toml (all)" if not fault else "config.toml cannot be used"
        title = Text("Profiles", f"bold {ACCENT}").append(f"  {said}", f"not bold {DIM}")
        self.query_one("#profiles-title", Static).update(title)
        if fault:
            self._note(fault, BAD)
        elif not count:
            self._note(
                f"A profile names a table. Write one into {config_path()}, then P again:\n"
                '  [profiles.prod]\n  table = "audit-log"\n  region = "eu-west-1"'
            )
        else:
            self._note("")

    def _note(self, text: str, style: str = "") -> None:
        note = self.query_one("#profiles-note", Static)
        note.update(Text(escaped_lines(text), style))
        note.display = bool(text)

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Connect, or say why that cannot be."""
        event.stop()
        lines = event.lines.source
        assert isinstance(lines, _Lines)
        chosen = lines.entries[event.lines.cursor]
        if chosen.target is None:
            self._note(escaped(chosen.fault), BAD)
        else:
            self.dismiss(chosen.target)

    def action_leave(self) -> None:
        """Close with nothing."""
        self.dismiss(None)
