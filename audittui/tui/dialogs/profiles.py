"""The profiles of config.toml and the current target; Enter connects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

import msgspec
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from audittui.config import Config, config_path, load_config
from audittui.connection import Target, profile_target
from audittui.errors import UsageError
from audittui.escape import escaped, escaped_lines
from audittui.tui.dialogs.list_dialog import ListDialog
from audittui.tui.theme.palette import BAD

if TYPE_CHECKING:
    from audittui.tui.model.connection import ConnectionState

_NOW = {"open": "connected", "connecting": "connecting", "failed": "failed", "none": ""}
_UNNAMED = "(as started)"


class Choice(msgspec.Struct, frozen=True):
    """A line: a profile's name (empty for a target without one), and its target or why it has
    none."""

    name: str
    target: Target | None
    fault: str = ""


def choices(config: Config, present: Target, started_on: Target) -> list[Choice]:
    """The targets to choose from: the starting target and the current one if no profile names
    them, then the profiles in file order."""
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
    """Choices as lines. ``now`` is the state of the current one."""

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
        """True for the current target, connected or not."""
        target = self.entries[at].target
        return target is not None and target.same(self._present)

    def cells(self, at: int) -> Sequence[str | int]:
        """The name and the target."""
        one = self.entries[at]
        name = one.name or _UNNAMED
        target = one.target
        if target is None:
            return [name, "", "names nothing", "", "", "", ""][: len(self.titles)]
        cells = [
            name,
            self._now if self.is_present(at) else "",
            target.store or target.table or "",
            target.region or "",
            target.layout,
            target.aws_profile or "",
            target.endpoint_url or "",
        ]
        return cells[: len(self.titles)]

    def tone(self, at: int) -> str:
        """The current one is highlighted."""
        return "marked" if self.is_present(at) else ""

    def mark(self, at: int) -> str:
        """Nothing: a column says it."""
        return ""


class ProfilesScreen(ListDialog[Target]):
    """Closes with the target to connect to, or None. Opening it reads the file, so that recent
    changes are shown.

    ``present`` is the current target, ``state`` the state of its connection, ``started_on`` the
    target the application was started on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,P", "leave", "back", id="profiles-leave"),
    ]

    def __init__(self, present: Target, started_on: Target, state: ConnectionState) -> None:
        self._shown = _Lines((), present, "")
        empty = "There is nothing to connect to."
        super().__init__("profiles", self._shown, "Enter connect   Esc back", empty=empty)
        self._present = present
        self._started_on = started_on
        self._state = state

    def below_list(self) -> Iterable[Widget]:
        """A fault, or how to write a profile."""
        return [Static(id="profiles-note", markup=False)]

    def on_mount(self) -> None:
        """Read the file."""
        fault, config = "", Config()
        try:
            config = load_config()
        except UsageError as error:
            fault = str(error)
        entries = choices(config, self._present, self._started_on)
        shown = self._shown = _Lines(entries, self._present, _NOW[self._state.kind])
        self.lines.show(shown, next((at for at in range(len(shown)) if shown.is_present(at)), 0))
        count = len(config.profiles)
        said = f"{count:,} in config.toml (all)" if not fault else "config.toml cannot be used"
        self.show_title("Profiles", said)
        if fault:
            self._note(fault, BAD)
        elif not count:
            self._note(
                f"A profile names a table. Add one to {config_path()}, then press P again:\n"
                '  [profiles.prod]\n  table = "audit-log"\n  region = "eu-west-1"'
            )
        else:
            self._note("")

    def _note(self, text: str, style: str = "") -> None:
        note = self.query_one("#profiles-note", Static)
        note.update(Text(escaped_lines(text), style))
        note.display = bool(text)

    def open_line(self, at: int) -> None:
        """Close with the target, or say why it has none."""
        chosen = self._shown.entries[at]
        if chosen.target is None:
            self._note(escaped(chosen.fault), BAD)
        else:
            self.dismiss(chosen.target)
