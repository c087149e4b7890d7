"""The keys of the application, which also work in dialogs."""

from __future__ import annotations

from textual.binding import Binding

BINDINGS = (
    Binding("ctrl+c", "interrupt", "stop reading, keep the rows", id="stop", priority=True),
    Binding("colon", "command_palette", "command palette", id="palette"),
    Binding(
        "ctrl+z", "suspend_process", "suspend to the shell; fg resumes", id="suspend", priority=True
    ),
    Binding("ctrl+l", "redraw", "redraw the screen", id="redraw", priority=True),
)
