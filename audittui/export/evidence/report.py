"""The human-readable part of a bundle: ``report.md``. Values from the log are escaped.

Every byte of it follows from the manifest and the entries; checking a bundle writes it again and
compares. The wording is therefore part of the format, and changing it requires a new format name.
For the same reason, escaping does not depend on the Unicode version of the running Python.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from audittui.entry import Entry, decode_body, decode_strict
from audittui.export.evidence.manifest import Manifest

_SHOWN = 1000
_ACTIVE = re.compile(r"[\\`*_\[\]<>|~&$#!]|(?<=:)//|(?<=www)\.", re.IGNORECASE)
_SHOWN_CATEGORIES = ("L", "M", "N", "P", "S")
# Printable in the oldest supported Unicode version, invisible or active in later ones.
_HIDDEN = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


class Line(msgspec.Struct, frozen=True):
    """What the report lists for an entry besides the manifest's fields."""

    actor: str = ""
    action: str = ""
    resource: str = ""
    outcome: str = ""


def read_entry(text: bytes) -> Entry | None:
    """The entry in a stored text; None if it is not an entry, or ambiguous."""
    try:
        entry = decode_body(text)
        # A text in canonical form has no duplicate keys.
        if msgspec.json.encode(entry) != text:
            decode_strict(text)
    except ValueError:
        return None
    return entry


def line_of(entry: Entry | None) -> Line:
    """What is listed for an entry; empty for one that cannot be read."""
    if entry is None:
        return Line()
    return Line(entry.actor, entry.action, entry.resource or "", entry.outcome)


def report_text(manifest: Manifest, lines: Sequence[Line]) -> str:
    """The report; ``lines`` correspond to the manifest's entries."""
    counts = Counter(entry.verdict for entry in manifest.entries)
    found = ", ".join(f"{count:,} {_cell(name)}" for name, count in sorted(counts.items()))
    number = len(manifest.entries)
    parts = [
        "# Evidence from an audit log",
        "",
        f"Made by {_cell(manifest.tool)} at {_cell(manifest.created)} from "
        f"{_cell(manifest.place)} ({_cell(manifest.layout)}).",
        "",
        f"{number:,} {'entry' if number == 1 else 'entries'}: {found or 'none'}.",
        "",
        *_found(manifest),
        *_proofs(manifest),
        *_word(manifest),
        *_wrong(manifest),
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


def _found(manifest: Manifest) -> list[str]:
    parts = ["## How they were found", ""]
    if manifest.question is None:
        parts.append("They were chosen by hand.")
    else:
        question = manifest.question
        complete = "" if manifest.complete else " The answer is not complete."
        parts += [
            f"Runbook *{_cell(question.title)}* ({_cell(question.runbook)}), with",
            "",
            *(f"- {_cell(name)}: {_cell(value)}" for name, value in _sorted(question.parameters)),
            "",
            f"Coverage: {_cell(manifest.coverage)}.{complete}",
            "",
            "The same again:",
            "",
            *("    " + _harmless(line) for line in question.command.split("\n")),
        ]
    cost = manifest.cost
    unknown = f", and {cost.unmetered} attempts of unknown cost" if cost.unmetered else ""
    return [*parts, "", f"Cost: {cost.requests:,} requests, {cost.rcu:g} RCU{unknown}.", ""]


def _proofs(manifest: Manifest) -> list[str]:
    parts = ["## What proves them", ""]
    if not manifest.checkpoints:
        parts.append("No signed checkpoint proves them.")
    for point in manifest.checkpoints:
        sealed = f", sealed {_cell(point.sealed_at)}" if point.sealed_at else ""
        parts.append(f"- {_cell(point.origin)}: checkpoint of size {point.size:,}{sealed}")
    if manifest.keys:
        parts += ["", "Keys that were trusted:", ""]
        parts += [f"- {_cell(key)}" for key in manifest.keys]
    return [
        *parts,
        "",
        "`audittui evidence verify FILE --trusted-key KEY` checks all of it without the table.",
        "",
    ]


def _word(manifest: Manifest) -> list[str]:
    whose = "Nobody signed that."
    if manifest.collector:
        whose = f"It is signed by {_cell(manifest.collector)} (`--collector-key`)."
    return [
        "## What is the collector's word",
        "",
        "Entries that are ANCHORED are proven. How they were found, whether they are all, where "
        "and when that was, when a checkpoint was sealed, the notes, and the other verdicts are "
        f"the collector's word. {whose}",
        "",
    ]


def _wrong(manifest: Manifest) -> list[str]:
    wrong = [entry for entry in manifest.entries if entry.fault][:_SHOWN]
    if not wrong:
        return []
    return [
        "## What is wrong",
        "",
        *(f"- {_cell(one.chain)} {one.seq}: {_cell(one.told)}" for one in wrong),
        "",
    ]


def _sorted(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Items sorted by name, as in the manifest."""
    return sorted(values.items())


def _cell(text: str) -> str:
    """A value escaped for terminals and Markdown."""
    return _ACTIVE.sub(lambda found: f"\\{found.group()}", _harmless(text))


def _harmless(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    category = unicodedata.ucd_3_2_0.category(character)
    if character == " " or (
        category[0] in _SHOWN_CATEGORIES and category != "Me" and character not in _HIDDEN
    ):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
