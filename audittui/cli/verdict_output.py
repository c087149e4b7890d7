"""Writes verdicts to standard output as text, JSON Lines or one JSON array."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from audittui.cli.exit_codes import clear_line
from audittui.cli.formats import ArrayOf
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.integrity.verifying.gate import Refusal
    from audittui.integrity.verifying.verdict import Verdict

FORMATS = ("text", "json", "jsonl")


class Output:
    """Writes verdicts in one format. As text, all of them with ``whole``, otherwise only those that
    report a problem. `end` must be called."""

    def __init__(self, form: str, *, whole: bool = False) -> None:
        self._form = form
        self._whole = whole
        self._runs = _Runs()
        self._array = ArrayOf(form)

    def add(self, verdict: Verdict) -> None:
        """Write one verdict."""
        if self._form != "text":
            self._object(verdict_object(verdict))
        elif (
            self._whole or verdict.failed or verdict.unsettled or verdict.verdict == "UNVERIFIABLE"
        ):
            _write(self._runs.add(verdict))

    def refuse(self, refusal: Refusal) -> None:
        """Write an unmet requirement; text output reports it elsewhere."""
        if self._form != "text":
            self._object(
                {
                    "chain": refusal.chain,
                    "gate": refusal.gate,
                    "failed": True,
                    "summary": refusal.why,
                }
            )

    def stop(self, chain: str, seq: int, why: str) -> None:
        """Write that nothing from ``seq`` on was verified; text output reports it elsewhere."""
        if self._form != "text":
            self._object({"chain": chain, "stopped": seq, "failed": False, "summary": why})

    def pause(self) -> None:
        """Write pending output, before other lines are printed."""
        sys.stdout.write(self._runs.end())
        sys.stdout.flush()

    def end(self) -> None:
        """Write pending output and close the array."""
        self.pause()
        self._array.end()

    def _object(self, data: dict[str, Any]) -> None:
        clear_line()
        self._array.write(data)


def _write(text: str) -> None:
    """Write text, after clearing the progress line."""
    if text:
        clear_line()
        sys.stdout.write(text)


def verdict_object(verdict: Verdict) -> dict[str, Any]:
    """A verdict as an object; ``seq`` is null under a malformed key."""
    anchor = verdict.anchor
    return {
        "chain": verdict.chain,
        "seq": verdict.seq if verdict.seq >= 0 else None,
        "verdict": verdict.verdict,
        "failed": verdict.failed,
        "summary": verdict.summary,
        "expired": verdict.expired,
        "checkpoint": None
        if anchor is None
        else {"origin": anchor.origin, "size": anchor.size, "sealed_at": anchor.sealed_at},
        "steps": [
            {
                "name": step.name, "result": step.result, "expected": step.expected,
                "found": step.found, "note": step.note,
            }
            for step in verdict.steps
        ],
    }  # fmt: skip


def verdict_text(verdict: Verdict) -> str:
    """A verdict as lines, each terminated."""
    place = str(verdict.seq) if verdict.seq >= 0 else "(malformed key)"
    summary = verdict.summary.removeprefix(verdict.verdict).lstrip(": ")
    expired = ", expired and still there" if verdict.expired else ""
    lines = [f"{verdict.chain} {place}: {verdict.verdict}{expired}. {summary}"]
    for step in verdict.steps:
        lines.append(f"  {step.result.ljust(12)}{step.name}{': ' + step.note if step.note else ''}")
        if step.result == "fails":
            lines.append(f"{' ' * 14}expected {step.expected}")
            lines.append(f"{' ' * 14}found    {step.found}")
    return "\n".join(map(escaped, lines)) + "\n"


class _Runs:
    """Folds consecutive identical verdicts: the first in full, then the range that follows."""

    def __init__(self) -> None:
        self._first: Verdict | None = None
        self._last: Verdict | None = None

    def add(self, verdict: Verdict) -> str:
        """Add a verdict; return the text to print now."""
        first, last = self._first, self._last
        if (
            first is not None
            and last is not None
            and verdict.verdict == first.verdict
            and verdict.chain == last.chain
            and verdict.seq == last.seq + 1
            and verdict.summary == first.summary
        ):
            self._last = verdict
            return ""
        text = self.end()
        self._first = self._last = verdict
        return text + verdict_text(verdict)

    def end(self) -> str:
        """The text left to print."""
        first, last = self._first, self._last
        self._first = self._last = None
        if first is None or last is None or first is last:
            return ""
        places = f"{first.seq + 1} to {last.seq}" if last.seq > first.seq + 1 else f"{last.seq}"
        text = f"{first.chain} {places}: {first.verdict}, the same"
        return f"{escaped(text)}\n"
