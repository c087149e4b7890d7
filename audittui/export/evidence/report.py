"""The part of a bundle that people read: ``report.md``. Values from the log are shown harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from audittui.escape import escaped
from audittui.export.evidence.manifest import Manifest

_SHOWN = 1000


class Line(msgspec.Struct, frozen=True):
    """What the report lists of one entry besides the manifest's words."""

    actor: str = ""
    action: str = ""
    resource: str = ""
    outcome: str = ""


def report_text(manifest: Manifest, lines: Sequence[Line]) -> str:
    """The report; ``lines`` go with the manifest's entries."""
    counts = Counter(entry.verdict for entry in manifest.entries)
    found = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    number = len(manifest.entries)
    parts = [
        "# Evidence from an audit log",
        "",
        f"Made by {manifest.tool} at {manifest.created} from {_cell(manifest.place)}.",
        "",
        f"{number:,} {'entry' if number == 1 else 'entries'}: {found or 'none'}.",
        "",
        "## How they were found",
        "",
    ]
    if manifest.question is None:
        parts.append("They were chosen by hand.")
    else:
        question = manifest.question
        parts += [
            f"Runbook *{_cell(question.title)}* (`{_cell(question.runbook)}`), with",
            "",
            *(f"- {_cell(name)}: {_cell(value)}" for name, value in question.parameters.items()),
            "",
            f"Coverage: {_cell(manifest.coverage)}.",
            "",
            "The same again:",
            "",
            *_code(question.command),
        ]
    cost = manifest.cost
    unknown = f", and {cost.unmetered} attempts of unknown cost" if cost.unmetered else ""
    parts += ["", f"Cost: {cost.requests:,} requests, {cost.rcu:g} RCU{unknown}.", ""]
    parts += ["## What proves them", ""]
    if not manifest.checkpoints:
        parts.append("No signed checkpoint proves them.")
    for point in manifest.checkpoints:
        sealed = f", sealed {_cell(point.sealed_at)}" if point.sealed_at else ""
        parts.append(f"- {_cell(point.origin)}: checkpoint of size {point.size:,}{sealed}")
    if manifest.keys:
        parts += ["", "Keys that were trusted:", ""]
        parts += [f"- `{_cell(key)}`" for key in manifest.keys]
    parts += [
        "",
        "`audittui evidence verify FILE --trusted-key KEY` checks all of it without the table.",
        "",
        "## The entries",
        "",
        "| entry | time | verdict | actor | action | resource | outcome | note |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry, line in list(zip(manifest.entries, lines, strict=True))[:_SHOWN]:
        cells = (
            f"{entry.chain} {entry.seq}", entry.time, entry.verdict, line.actor, line.action,
            line.resource, line.outcome, entry.note,
        )  # fmt: skip
        parts.append("| " + " | ".join(map(_cell, cells)) + " |")
    if number > _SHOWN:
        parts += ["", f"And {number - _SHOWN:,} more, in the manifest."]
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    """A value that neither a terminal nor a Markdown reader acts on."""
    harmless = escaped(text)
    for character in "\\`*_[]<>|":
        harmless = harmless.replace(character, "\\" + character)
    return harmless


def _code(command: str) -> list[str]:
    return ["    " + line for line in escaped(command).split("\n")]
