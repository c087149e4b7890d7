"""``audittui verify``: one entry, a chain, or all chains."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.options import connect, connection_options, settings_of, trusted_key_option
from audittui.errors import UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.integrity.anchor import AnchorSettings
    from audittui.integrity.sweep import Progress
    from audittui.integrity.verdict import Verdict

INCOMPLETE, INTEGRITY = 3, 4
_LAST = "last"


@click.command("verify")
@click.argument("chain", required=False)
@click.argument("seq", required=False, type=click.IntRange(min=0))
@click.option("--chain", "whole", metavar="CHAIN", help="Every entry of one chain.")
@click.option("--all", "everything", is_flag=True, help="Every entry of every chain.")
@click.option(
    "--since",
    metavar="SEQ|last",
    help="Only entries from SEQ on, or from where the last good sweep ended.",
)
@click.option(
    "--proof",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the entry and its proof to FILE, to be checked offline.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json is one object an entry.",
)
@click.option(
    "--max-rcu",
    type=click.FloatRange(min=0.5),
    metavar="X",
    help="Stop a sweep once X read units are used (a profile's max_rcu).",
)
@trusted_key_option
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, chain: str | None, seq: int | None, whole: str | None,
    everything: bool, since: str | None, proof: Path | None, form: str, max_rcu: float | None,
    **given: Any,
) -> None:  # fmt: skip
    """Check the entry SEQ of CHAIN, a whole chain, or all of them.

    With trusted keys, entries are held against the newest signed checkpoint. Of a chain, only
    entries that are not as they should be are listed; json lists every entry. Exit code 4 says
    that something is not genuine or missing, 1 that some could not be verified.
    """
    one = chain is not None and seq is not None
    if one + (whole is not None) + everything != 1 or (chain is not None and seq is None):
        raise UsageError("Say what to verify.", "Write CHAIN SEQ, or --chain CHAIN, or --all.")
    if (since is not None and one) or (proof is not None and not one):
        raise UsageError("--since is for chains, --proof for one entry.")
    if proof is not None:
        from audittui.whole_file import demand_free

        demand_free(proof)
    settings = settings_of(ctx, given)
    opened = connect(ctx, given)
    if one:
        assert chain is not None
        assert seq is not None
        ctx.exit(_verify_one(opened, settings, chain, seq, form, proof))
    if whole is not None:
        chains: tuple[str, ...] = (whole,)
    elif opened.layout.chained:
        chains = opened.chains()
    else:
        raise UsageError(
            f"The layout {opened.layout.name} keeps no hash chain: nothing can be verified."
        )
    budget = _Budget(opened.target.max_rcu if max_rcu is None else max_rcu)
    codes = [_sweep(opened, settings, name, form, since, budget) for name in chains]
    if not codes:
        click.echo("There is no chain yet.", err=True)
    ctx.exit(max(codes, default=0))


def _verify_one(
    opened: Connection, settings: AnchorSettings | None, chain: str, seq: int, form: str,
    proof: Path | None,
) -> int:  # fmt: skip
    from audittui.integrity.verify import verify_entry
    from audittui.whole_file import write_new

    verdict = verify_entry(opened.store, opened.layout, chain, seq, settings=settings)
    sys.stdout.write(_json(verdict) if form == "json" else _text(verdict))
    sys.stdout.flush()
    pin = f", and {verdict.pin_rcu:g} RCU for the pinned checkpoint" if verdict.pin_rcu else ""
    click.echo(f"{_anchor_text(verdict, settings)} {verdict.rcu:g} RCU{pin}.", err=True)
    if proof is not None:
        if not verdict.proof:
            raise UsageError("The entry is not proven, so there is no proof to write.")
        write_new(proof, verdict.proof)
        click.echo(f"The proof is in {proof}.", err=True)
    return _code(verdict.failed, verdict.verdict == "UNVERIFIABLE")


def _sweep(
    opened: Connection, settings: AnchorSettings | None, chain: str, form: str,
    since: str | None, budget: _Budget,
) -> int:  # fmt: skip
    if budget.used_up:
        click.echo(f"{escaped(chain)} was not verified: {budget.text}.", err=True)
        return INCOMPLETE
    from audittui.integrity.conclusion import Conclusion
    from audittui.integrity.progress_mark import load_mark, save_mark
    from audittui.integrity.sweep import verify_chain

    first = load_mark(opened.store.place, chain) if since == _LAST else _seq(since)
    conclusion = Conclusion(chain)
    runs = _Runs()
    rcu, reached, stopped = 0.0, first, False
    try:
        with _progress(f"Verifying {escaped(chain)}") as progress:
            for verdict in verify_chain(
                opened.store, opened.layout, chain, settings=settings, since=first,
                progress=progress, steps=form == "json",
            ):  # fmt: skip
                conclusion.add(verdict)
                rcu += verdict.rcu
                reached = max(reached, verdict.seq)
                if form == "json":
                    sys.stdout.write(_json(verdict))
                elif verdict.failed or verdict.verdict == "UNVERIFIABLE":
                    sys.stdout.write(runs.add(verdict))
                budget.spent += verdict.rcu
                if budget.used_up:
                    stopped = True
                    break
    except KeyboardInterrupt:
        click.echo(f"Stopped; go on with --chain {chain} --since {reached}.", err=True)
        raise
    finally:
        sys.stdout.write(runs.end())
        sys.stdout.flush()
    if stopped:
        code = INTEGRITY if conclusion.failed else INCOMPLETE
        counted = ", ".join(f"{count:,} {name}" for name, count in conclusion.counts.items())
        click.echo(
            f"{escaped(chain)} was not verified to its end: {budget.text}; so far {counted}. "
            f"Go on with --chain {escaped(chain)} --since {reached + 1}.",
            err=True,
        )
        return code
    click.echo(f"{escaped(conclusion.text())} {rcu:g} RCU.", err=True)
    unverifiable = bool(conclusion.counts["UNVERIFIABLE"])
    if not conclusion.failed and not unverifiable and conclusion.counts.total():
        save_mark(opened.store.place, chain, reached + 1)
    return _code(conclusion.failed, unverifiable)


def _code(failed: bool, unverifiable: bool) -> int:
    return INTEGRITY if failed else 1 if unverifiable else 0


def _seq(since: str | None) -> int:
    if since is None:
        return 0
    if not (since.isascii() and since.isdigit()):
        raise UsageError(f"--since {since} is not a seq.", "Write a number, or last.")
    return int(since)


class _Budget:
    """What a sweep of all chains may take, in read units; None for no limit."""

    def __init__(self, most: float | None) -> None:
        self.most = most
        self.spent = 0.0

    @property
    def used_up(self) -> bool:
        """True when no further page may be asked for."""
        return self.most is not None and self.spent >= self.most

    @property
    def text(self) -> str:
        """How much of it is used."""
        return f"the budget ended it ({self.spent:g} of {self.most:g} RCU used)"


class _Runs:
    """Text of verdicts in a row that say the same: the first whole, then how many follow."""

    def __init__(self) -> None:
        self._first: Verdict | None = None
        self._last: Verdict | None = None

    def add(self, verdict: Verdict) -> str:
        """What to print now."""
        first, last = self._first, self._last
        if (
            first is not None
            and last is not None
            and verdict.verdict == first.verdict
            and verdict.seq == last.seq + 1
            and verdict.summary == first.summary
        ):
            self._last = verdict
            return ""
        text = self.end()
        self._first = self._last = verdict
        return text + _text(verdict)

    def end(self) -> str:
        """What is left to print."""
        first, last = self._first, self._last
        self._first = self._last = None
        if first is None or last is None or first is last:
            return ""
        return f"{first.chain} {first.seq + 1} to {last.seq}: {first.verdict}, the same\n"


def _anchor_text(verdict: Verdict, settings: AnchorSettings | None) -> str:
    if settings is None:
        return "No key is trusted, so no checkpoint is checked."
    if verdict.anchor is None:
        return "There is no trusted checkpoint."
    sealed = f", sealed {verdict.anchor.sealed_at}" if verdict.anchor.sealed_at else ""
    return escaped(f"Checkpoint of size {verdict.anchor.size:,}{sealed}.")


def _text(verdict: Verdict) -> str:
    place = f"{verdict.chain} {verdict.seq}"
    summary = verdict.summary.removeprefix(verdict.verdict).lstrip(": ")
    expired = ", expired and still there" if verdict.expired else ""
    lines = [f"{place}: {verdict.verdict}{expired}. {summary}"]
    for step in verdict.steps:
        lines.append(f"  {step.result.ljust(12)}{step.name}{': ' + step.note if step.note else ''}")
        if step.result == "fails":
            lines.append(f"{' ' * 14}expected {step.expected}")
            lines.append(f"{' ' * 14}found    {step.found}")
    return "\n".join(map(escaped, lines)) + "\n"


def _json(verdict: Verdict) -> str:
    from audittui.export.rows import json_line

    anchor = verdict.anchor
    return json_line(
        {
            "chain": verdict.chain,
            "seq": verdict.seq,
            "verdict": verdict.verdict,
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
        }
    ) + "\n"  # fmt: skip


@contextmanager
def _progress(label: str) -> Iterator[Progress | None]:
    """A progress bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(read: int, total: int | None) -> None:
            bar.length = max(total or 0, read, 1)
            bar.update(read - bar.pos)

        yield show
