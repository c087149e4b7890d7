"""Which panes are shown, and which pane a widget belongs to."""

from __future__ import annotations

from textual.widget import Widget

WIDE = 110
"""The width from which sidebar and form stay beside the results."""
PANES = ("sidebar", "form", "results", "detail")


def panes_shown(pane: str, width: int, *, zoomed: bool, detail_open: bool) -> dict[str, bool]:
    """Whether each pane is shown, while ``pane`` has the keys, on a screen of ``width`` cells."""
    if zoomed:
        return {one: one == pane for one in PANES}
    wide = width >= WIDE
    choosing = pane in ("sidebar", "form")
    detail = detail_open and (pane == "detail" or (wide and not choosing))
    return {
        "sidebar": choosing or (wide and not detail),
        "form": choosing or (wide and not detail),
        "results": wide or pane != "detail",
        "detail": detail,
    }


def pane_of(widget: Widget) -> str:
    """The pane that a widget belongs to; empty if it belongs to none."""
    around = (one.id for one in widget.ancestors_with_self if isinstance(one, Widget))
    return next((name for name in around if name in PANES), "")
