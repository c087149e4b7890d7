"""The detail view's lines: fields, verdict, steps. Nothing here is markup."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec
from rich.text import Text

from audittui import timestamp
from audittui.escape import escaped, shortened
from audittui.layout.row import Row
from audittui.tui.model.counts import counted
from audittui.tui.model.outcomes import tone_of
from audittui.tui.text.times import ago
from audittui.tui.theme.palette import ACCENT, BAD, DIM, GOOD, TONE_COLOURS, WARN

if TYPE_CHECKING:
    from audittui.integrity.verifying.verdict import Anchor, Step, Verdict

_FIELDS = (
    "time",
    "actor",
    "action",
    "resource",
    "outcome",
    "reason",
    "severity",
    "request_id",
    "source_ip",
)
_LABEL = 12
_RESULTS = {"holds": GOOD, "fails": BAD, "not checked": WARN}
LONGEST = 2000
"""Characters of a value shown in its line; the whole value can be opened and copied."""


class Item(msgspec.Struct, frozen=True):
    """A text to show, harmless, on as many lines as it needs.

    ``value`` is the raw text to copy, called ``name``; both are empty if there is nothing to copy.
    Lines after the first are indented by ``hang`` cells.
    """

    text: Text
    name: str = ""
    value: str = ""
    hang: int = 0


def field_items(row: Row, stored: Row | None = None, listed: Collection[str] = ()) -> list[Item]:
    """The fields of an entry; absent ones are left out.

    ``row`` is the entry as a list shows it, ``stored`` (once read) as it is stored now. For fields
    in ``listed`` both values are shown.
    """
    found = []
    for name in _FIELDS:
        label, value = name.replace("_", " "), _value(stored or row, name)
        other = _value(row, name) if stored is not None and name in listed else value
        if other == value:
            if value:
                found.append(_field(label, value, _outcome_style(value)))
            continue
        now = (_shown(value) or "nothing", _outcome_style(value))
        then = (f"  (the list showed {_shown(other) or 'nothing'})", WARN)
        told = Text.assemble((label.ljust(_LABEL), DIM), now, then)
        found.append(Item(told, label if value else "", value, _LABEL))
    place = f"{row.chain}, seq {row.seq}" if row.seq >= 0 else row.chain
    found.append(_field("chain", place))
    return found


def verdict_items(verdict: Verdict | None, fault: str = "") -> list[Item]:
    """The verdict and its sentence."""
    if verdict is None:
        if not fault:
            return [Item(Text("checking…", DIM))]
        said = ("not checked  ", f"bold {WARN}"), (escaped(fault), WARN)
        return [Item(Text.assemble(*said), "the reason", fault)]
    text = Text.assemble(
        (verdict.verdict, f"bold {_verdict_style(verdict)}"),
        (f"  {escaped(verdict.summary)}", BAD if verdict.failed else ""),
    )
    found = [Item(text, "the verdict", f"{verdict.verdict}  {verdict.summary}")]
    if verdict.expired:
        found.append(Item(Text("Expired: it still exists but may be deleted at any time.", DIM)))
    if verdict.anchor is not None:
        found.append(Item(Text(_checkpoint(verdict.anchor), DIM), "the log", verdict.anchor.origin))
    cost = f"Checking took {verdict.rcu + verdict.pin_rcu:,.1f} RCU."
    found.append(Item(Text(cost, DIM)))
    return found


def _verdict_style(verdict: Verdict) -> str:
    """Green only for what a signed checkpoint proves; red for every failure."""
    if verdict.failed:
        return BAD
    if verdict.unsettled:
        return WARN
    if verdict.verdict in ("EXPIRED", "EXPIRED (not yet recorded)", "GAP"):
        return DIM
    return {"ANCHORED": GOOD, "UNVERIFIABLE": WARN}.get(verdict.verdict, ACCENT)


def _checkpoint(anchor: Anchor) -> str:
    """The size and age of a checkpoint; the age is by the sealer's clock, which nothing signs."""
    size = f"Checkpoint of {counted(anchor.size, 'entry')}"
    if not anchor.sealed_at:
        return f"{size}."
    try:
        span = timestamp.now() - timestamp.parse(anchor.sealed_at)
        age = ago(span) if span < 0 else f"{ago(span)} ago"
    except ValueError:
        age = escaped(anchor.sealed_at)
    return f"{size}, sealed {age} by the sealer's clock."


def step_items(verdict: Verdict | None) -> list[Item]:
    """Every step of a verdict with the values compared; hashes are not shortened."""
    if verdict is None:
        return []
    width = max((len(step.name) for step in verdict.steps), default=0)
    found: list[Item] = []
    for step in verdict.steps:
        text = Text.assemble(
            f"{escaped(step.name).ljust(width)}  ",
            (step.result, _RESULTS[step.result]),
            (f"  {escaped(step.note)}" if step.note else "", DIM),
        )
        said = f"{step.name}: {step.result}{'. ' if step.note else ''}{step.note}"
        found.append(Item(text, step.name, step.expected or said, 2))
        found += _compared(step)
    return found


def proof_items(verdict: Verdict) -> list[Item]:
    """The proof, line by line as in its file (C2SP tlog-proof); copying takes all of it."""
    told = "s writes it to a file; audittui checkpoint verify FILE checks it without a table."
    proof = verdict.proof.decode("utf-8", "replace")
    lines = [Item(Text(_shown(line)), "the proof", proof, 2) for line in proof.splitlines()]
    return [Item(Text(told, DIM)), *lines]


def _compared(step: Step) -> list[Item]:
    if step.result != "fails":
        if not step.expected:
            return []
        return [Item(Text(f"  {_shown(step.expected)}", DIM), step.name, step.expected, 2)]
    expected, found = step.expected or "nothing", step.found or "nothing"
    return [
        Item(Text(f"  expected  {_shown(expected)}"), f"{step.name}, expected", expected, 12),
        Item(Text(f"  found     {_shown(found)}", BAD), f"{step.name}, found", found, 12),
    ]


def _shown(value: str) -> str:
    return escaped(shortened(value, LONGEST))


def _outcome_style(value: str) -> str:
    return TONE_COLOURS.get(tone_of(value), "")


def _value(row: Row, field: str) -> str:
    value = getattr(row, field)
    return timestamp.text(value) if field == "time" else str(value)


def _field(name: str, value: str, style: str = "") -> Item:
    text = Text.assemble((name.ljust(_LABEL), DIM), (_shown(value), style))
    return Item(text, name, value, _LABEL)
