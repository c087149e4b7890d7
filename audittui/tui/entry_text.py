"""The detail view's text: fields, verdict, what changed, the body. Nothing here is markup."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from rich.text import Text

from audittui import timestamp
from audittui.entry import decode_strict
from audittui.escape import escaped, escaped_lines
from audittui.layout.row import Row
from audittui.tui.palette import ACCENT, BAD, DIM, GOOD, OUTCOME_COLOURS, WARN
from audittui.tui.times import ago

if TYPE_CHECKING:
    from audittui.integrity.verdict import Anchor, Verdict
    from audittui.tui.inspection import Document

_FIELDS = (
    "time", "actor", "action", "resource", "outcome", "reason", "severity", "request_id",
    "source_ip",
)  # fmt: skip
_LABEL = 12
_RESULTS = {"holds": GOOD, "fails": BAD, "not checked": WARN}
_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?\b\d[\d.eE+-]*\b)|(?P<word>\b(?:true|false|null)\b)"
)
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_TOKEN_STYLES = {"key": ACCENT, "string": GOOD, "number": WARN, "word": WARN}


def field_lines(row: Row) -> Text:
    """The fields of an entry, one a line; absent ones are left out."""
    text = Text()
    for name in _FIELDS:
        value = getattr(row, name)
        shown = timestamp.text(value) if name == "time" else escaped(str(value))
        if shown:
            _field(text, name.replace("_", " "), shown, OUTCOME_COLOURS.get(shown, ""))
    place = f"{escaped(row.chain)}, seq {row.seq}" if row.seq >= 0 else escaped(row.chain)
    _field(text, "chain", place)
    return text


def verdict_line(verdict: Verdict | None, fault: str = "") -> Text:
    """The verdict in its word, and its sentence."""
    text = Text()
    if verdict is None:
        text.append("not checked  " if fault else "checking…", f"bold {WARN}" if fault else DIM)
        return text.append(escaped(fault) + "\n\n", WARN)
    text.append(verdict.verdict, f"bold {_verdict_style(verdict)}")
    text.append(f"  {escaped(verdict.summary)}\n", BAD if verdict.failed else "")
    if verdict.expired:
        text.append("Expired: it is still there, but may go at any moment.\n", DIM)
    if verdict.anchor is not None:
        text.append(_checkpoint(verdict.anchor), DIM)
    return text.append(f"Checking took {verdict.rcu + verdict.pin_rcu:,.1f} RCU.\n\n", DIM)


def _verdict_style(verdict: Verdict) -> str:
    """Green for what a signed checkpoint proves alone; what fails is red whatever its word."""
    if verdict.failed:
        return BAD
    return {"ANCHORED": GOOD, "EXPIRED": DIM, "UNVERIFIABLE": WARN}.get(verdict.verdict, ACCENT)


def _checkpoint(anchor: Anchor) -> str:
    """The size and the age of a checkpoint; its time is the sealer's, which nothing signs."""
    size = f"Checkpoint of {anchor.size:,} {'entry' if anchor.size == 1 else 'entries'}"
    if not anchor.sealed_at:
        return f"{size}.\n"
    try:
        span = timestamp.now() - timestamp.parse(anchor.sealed_at)
        age = ago(span) if span < 0 else f"{ago(span)} ago"
    except ValueError:
        age = escaped(anchor.sealed_at)
    return f"{size}, sealed {age} by the sealer's clock.\n"


def step_lines(verdict: Verdict | None) -> Text:
    """Every step of a verdict with what it compared."""
    text = Text()
    if verdict is None or not verdict.steps:
        return text
    _title(text, "Checked")
    width = max((len(step.name) for step in verdict.steps), default=0)
    for step in verdict.steps:
        text.append(f"  {escaped(step.name).ljust(width)}  ")
        text.append(step.result, _RESULTS[step.result])
        text.append(f"  {escaped(step.note)}\n" if step.note else "\n", DIM)
        if step.result == "fails":
            text.append(f"    expected  {escaped(step.expected) or 'nothing'}\n")
            text.append(f"    found     {escaped(step.found) or 'nothing'}\n", BAD)
        elif step.expected:
            text.append(f"    {escaped(step.expected)}\n", DIM)
    return text


def body_lines(document: Document | None) -> Text:
    """The stored body, spread out and coloured; as it is where it is no JSON."""
    text = Text()
    _title(text, "Body")
    if document is None:
        return text.append("reading…\n", DIM)
    if document.fault:
        return text.append(escaped(document.fault) + "\n", WARN)
    return text.append_text(json_text(document.text))


def json_text(raw: str) -> Text:
    """A JSON text over several lines, coloured, with everything that acts on a terminal escaped."""
    try:
        # Strict: a key that stands there twice must not hide, so such a text is shown as it is.
        decode_strict(raw)
        spread = _spread(raw)
    except (ValueError, RecursionError):
        return Text(escaped_lines(raw))
    text = Text(escaped_lines(spread))
    for match in _TOKEN.finditer(text.plain):
        kind = match.lastgroup or ""
        text.stylize(_TOKEN_STYLES[kind], match.start(), match.end())
    return text


def _spread(raw: str) -> str:
    """A valid JSON text over several lines, its numbers letter by letter as they are stored."""
    parts: list[str] = []
    depth, before = 0, ""
    for match in _PIECE.finditer(raw):
        piece = match.group()
        if piece in "]}":
            depth -= 1
        if before and (before in "[{," or piece in "]}") and before + piece not in ("[]", "{}"):
            parts.append("\n" + "  " * depth)
        if piece in "[{":
            depth += 1
        if piece[0] == '"':
            parts.append(json.dumps(json.loads(piece), ensure_ascii=False))
        else:
            parts.append(": " if piece == ":" else piece)
        before = piece
    return "".join(parts)


def title_lines(title: str) -> Text:
    """A section's title."""
    text = Text()
    _title(text, title)
    return text


def _field(text: Text, name: str, value: str, style: str = "") -> None:
    text.append(name.ljust(_LABEL), DIM)
    text.append(value + "\n", style or "default")


def _title(text: Text, title: str) -> None:
    text.append(f"\n{title}\n", f"bold {ACCENT}")
