"""Sweeps of chains for ``audittui verify``: their reports and their exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from audittui import timestamp
from audittui.cli.exit_codes import ERROR, INCOMPLETE, INTEGRITY, OK, USAGE
from audittui.cli.progress_marks import load_mark, marks_of, save_mark
from audittui.cli.sweep_budget import SweepBudget, explain
from audittui.cli.verdict_output import Output
from audittui.config import state_folder
from audittui.errors import AuditError, UsageError
from audittui.escape import escaped
from audittui.integrity.pins import Pins
from audittui.integrity.settings import CHECKPOINTS
from audittui.integrity.verifying.gate import Gate
from audittui.integrity.verifying.progress_mark import Mark
from audittui.integrity.verifying.seen_chains import (
    SeenChains,
    absent_chain,
    seen_chains,
    unregistered,
)
from audittui.integrity.verifying.sweep import Sweep
from audittui.integrity.verifying.tally import Tally
from audittui.table_facts import read_registry

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.integrity.settings import VerificationSettings
    from audittui.integrity.verifying.checkpoint_file import CheckpointFile
    from audittui.integrity.verifying.gate import Gates
    from audittui.integrity.verifying.sweep import Progress

_GRAVEST = (INTEGRITY, ERROR, USAGE, INCOMPLETE, OK)
"""Exit codes, most severe first."""


class Sweeping:
    """Sweeps chains of one table. ``first`` is the seq to start at (None: where the last good sweep
    ended)."""

    def __init__(
        self,
        opened: Connection,
        settings: VerificationSettings | None,
        gates: Gates,
        checkpoint_files: Sequence[CheckpointFile],
        first: int | None,
        form: str,
        budget: SweepBudget,
    ) -> None:
        self._opened = opened
        self._settings = settings
        self._gates = gates
        self._checkpoint_files = checkpoint_files
        self._first = first
        self._form = form
        self._budget = budget
        self._output = Output(form)
        self._table = opened.store.identity()
        self._keys = "" if settings is None else settings.trust.digest
        self._rcu = 0.0

    def sweep_one(self, chain: str) -> int:
        """Sweep one chain; return the exit code."""
        demanded = self._demanded()
        try:
            return self._sweep(chain, demanded.chains.get(chain, ""), registered=True)
        finally:
            self._output.end()

    def sweep_all(self, expected: Sequence[str]) -> int:
        """Sweep the chains in the registry and those that must exist; return the exit code."""
        registry = read_registry(self._opened.store, self._opened.layout)
        self._rcu += registry.rcu
        self._budget.pay(registry.rcu)
        demanded = self._demanded()
        must = dict(demanded.chains)
        must |= {one.chain: "--checkpoint requires it" for one in self._checkpoint_files}
        must |= dict.fromkeys(expected, "--expect names it")
        codes = [ERROR] * len(demanded.unread)
        chains = sorted({*registry.chains, *must})
        try:
            for chain in chains:
                named = chain in registry.chains
                try:
                    codes.append(self._sweep(chain, must.get(chain, ""), registered=named))
                except AuditError as error:
                    click.echo(escaped(f"{chain}: {error}"), err=True)
                    codes.append(error.exit_code)
        finally:
            self._output.end()
        if not chains:
            click.echo("The log has no chains yet.", err=True)
        if demanded.elsewhere and not demanded.chains and self._settings is not None:
            click.echo(
                "This machine has never seen this table; it has pinned "
                f"{len(demanded.elsewhere):,} chains of other tables. --expect CHAIN requires one "
                "to exist here.",
                err=True,
            )
        noun = "chain" if len(chains) == 1 else "chains"
        click.echo(
            f"{len(chains):,} {noun}: {self._rcu:g} RCU, {registry.rcu:g} of them "
            "for the registry.",
            err=True,
        )
        return gravest(codes)

    def explain(self, chain: str | None) -> None:
        """Print the estimated cost of sweeping ``chain``, or all chains (None)."""
        chains: Sequence[str] = () if chain is None else (chain,)
        rcu = 0.0
        if chain is None:
            registry = read_registry(self._opened.store, self._opened.layout)
            chains, rcu = registry.chains, registry.rcu
        explain(self._opened, [(one, self._begin(one)[0]) for one in chains], self._form, rcu)

    def _begin(self, chain: str) -> tuple[int, Mark | None]:
        """The seq at which a sweep of ``chain`` starts, and where the last good one ended."""
        mark = load_mark(self._table, chain)
        if self._first is not None:
            return self._first, mark
        if mark is None:
            return 0, mark
        proven = mark.anchored_by(self._keys)
        return (min(mark.size, proven) if self._gates.anchored else mark.size), mark

    def _demanded(self) -> SeenChains:
        """The chains of the table that this machine has seen; unreadable records are reported."""
        demanded = seen_chains(Pins(state_folder() / CHECKPOINTS), self._table, marks_of)
        for error in demanded.unread:
            click.echo(escaped(f"{error}"), err=True)
        return demanded

    def _sweep(self, chain: str, must: str, *, registered: bool) -> int:
        """Sweep a chain; return its exit code. ``must`` is why it has to exist, or empty."""
        opened, output = self._opened, self._output
        first, mark = self._begin(chain)
        if self._budget.used_up:
            why = f"{chain} was not verified: {self._budget.text}."
            click.echo(escaped(why), err=True)
            output.stop(chain, first, why)
            return INCOMPLETE
        sweep = Sweep(
            opened.store, opened.layout, chain, settings=self._settings, since=first,
            mark=mark if self._first is None else None,
            demanded=[one.checkpoint for one in self._checkpoint_files if one.chain == chain],
            steps=self._form != "text", room=self._budget.room,
        )  # fmt: skip
        tally = Tally(chain)
        gate = Gate(chain, self._gates)
        anchored = 0 if mark is None else mark.anchored_by(self._keys)
        rcu, reached = 0.0, first
        try:
            with _progress(f"Verifying {escaped(chain)}") as progress:
                for verdict in sweep.verdicts(progress):
                    tally.add(verdict)
                    gate.add(verdict)
                    output.add(verdict)
                    rcu += verdict.rcu
                    reached = max(reached, verdict.seq)
                    if verdict.seq == anchored and verdict.verdict in self._gates.proven:
                        anchored += verdict.count
                    self._budget.pay(verdict.rcu)
        except KeyboardInterrupt:
            output.pause()
            click.echo(f"Stopped; continue with --chain {chain} --since {reached}.", err=True)
            raise
        except UsageError:
            if not must or (registered and self._first is not None and self._first > 0):
                raise
            verdict = absent_chain(chain, must)
            tally.add(verdict)
            output.add(verdict)
        if must and not registered and not tally.failed:
            verdict = unregistered(chain, must)
            tally.add(verdict)
            output.add(verdict)
        found = sweep.found
        if self._settings is not None:
            tally.unproven = found is None or found.checkpoint is None
        left = sweep.left()
        rcu += left
        self._budget.pay(left)
        told = tally.text()
        if sweep.stopped is not None:
            before = f"{told} " if tally.failed else ""
            told = before + self._stopped(sweep.stopped, tally, chain)
            output.stop(chain, sweep.stopped, told)
        refusals = gate.refusals(sweep, timestamp.now())
        for refusal in refusals:
            output.refuse(refusal)
        output.pause()
        self._rcu += rcu
        click.echo(f"{escaped(told)} {rcu:g} RCU.", err=True)
        for refusal in refusals:
            click.echo(escaped(refusal.text), err=True)
        if tally.code == OK or (tally.code == INCOMPLETE and not tally.unsettled):
            self._remember(sweep, mark, first, anchored)
        codes = (
            tally.code, INTEGRITY if refusals else OK,
            OK if sweep.stopped is None else INCOMPLETE,
        )  # fmt: skip
        return gravest(codes)

    def _stopped(self, at: int, tally: Tally, chain: str) -> str:
        """Where the budget ended a sweep, in words."""
        counted = ", ".join(f"{count:,} {name}" for name, count in tally.counts.items())
        return (
            f"{chain} was not fully verified: {self._budget.text}; so far {counted}. "
            f"Continue with --chain {chain} --since {at}."
        )

    def _remember(self, sweep: Sweep, mark: Mark | None, first: int, anchored: int) -> None:
        """Record where a good sweep ended, unless it began beyond what was verified before."""
        last = sweep.last
        known = 0 if mark is None else mark.size
        if last is None or last.entry is None or first > known or last.seq + 1 < known:
            return
        keys = self._keys
        if not keys and mark is not None:
            # A sweep without a key keeps what was proven with one.
            anchored, keys = mark.anchored, mark.keys
        save_mark(
            Mark(
                self._table, last.chain, last.seq + 1, last.digest, last.entry.expires_at,
                anchored, keys,
            )
        )  # fmt: skip


def gravest(codes: Sequence[int]) -> int:
    """The most severe exit code; 0 if there is none."""
    return next((code for code in _GRAVEST if code in codes), OK)


@contextmanager
def _progress(label: str) -> Iterator[Progress | None]:
    """A progress bar on a terminal; otherwise nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(read: int, total: int | None) -> None:
            bar.length = max(total or 0, read, 1)
            bar.update(read - bar.pos)

        yield show
