"""Seals the chains of a connection, repeatedly, and reports the results."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
import msgspec

from audittui.cli.exit_codes import ERROR, INTEGRITY, clear_line
from audittui.cli.formats import write_objects
from audittui.errors import AuditError, IntegrityError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.integrity.sealing.sealer import Seal, Sealer
    from audittui.integrity.tlog.keys import SealingKey
    from audittui.integrity.tlog.tile import Tile


class Report:
    """Reports what was sealed and what was not, in one of the formats.

    ``code`` is the exit code: 4 if any chain ever failed verification, otherwise that of the faults
    still present at the last check.
    """

    def __init__(self, form: str) -> None:
        self._form = form
        self._objects: list[dict[str, Any]] = []
        self._told: dict[str, str] = {}
        self._tampered = False
        self._codes: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._rcu = 0.0

    @property
    def code(self) -> int:
        """The exit code of the command."""
        return INTEGRITY if self._tampered else max(self._codes.values(), default=0)

    def count_registry(self, rcu: float) -> None:
        """Count the read units of reading the registry."""
        self._rcu += rcu
        self._counts["registry"] += 1
        self._codes.pop("", None)
        self._told.pop("", None)

    def tell_seal(self, seal: Seal) -> None:
        """Report that a chain was sealed, or had nothing new."""
        self._codes.pop(seal.chain, None)
        self._told.pop(seal.chain, None)
        self._seal(seal)
        if seal.strays:
            self._tampered = True

    def tell_idle(self, chain: str) -> None:
        """Note that a chain has too few new entries to seal; its transient faults are cleared."""
        if self._codes.get(chain) != INTEGRITY:
            self._codes.pop(chain, None)
            self._told.pop(chain, None)

    def tell_failure(self, chain: str, error: Exception, seal: Seal | None = None) -> None:
        """Report that a chain could not be sealed; ``seal`` is what was signed before the fault."""
        if seal is not None and seal.added:
            self._seal(seal)
        code = error.exit_code if isinstance(error, AuditError) else ERROR
        text = str(error) if isinstance(error, AuditError) else f"{type(error).__name__}: {error}"
        self._tampered = self._tampered or isinstance(error, IntegrityError)
        self._codes[chain] = INTEGRITY if isinstance(error, IntegrityError) else code
        self._counts["faults"] += 1
        why = getattr(error, "why", text)
        if self._told.get(chain) == why:
            return
        self._told[chain] = why
        clear_line()
        who = f"{chain}: " if chain and not text.startswith(f"{chain}: ") else ""
        click.echo(escaped(f"Error: {who}{text}"), err=True)
        self._write({"chain": chain or None, "error": text, "exit_code": self._codes[chain]})

    def tell_tile(self, chain: str, path: str, *, replaced: bool) -> None:
        """Report that a tile was rewritten, or was already correct."""
        what = "was rewritten" if replaced else "matches the entries; nothing was written"
        click.echo(escaped(f"{chain}: {path} {what}."), err=True)
        self._write({"chain": chain, "tile": path, "replaced": replaced})

    def end(self) -> None:
        """Write the totals."""
        if self._form == "json":
            write_objects(self._form, self._objects)
        faults = len(self._told)
        if self._counts["chains"] + faults > 1:
            failed = f", {faults:,} not sealed" if faults else ""
            click.echo(f"{self._counts['chains']:,} sealings{failed}.", err=True)
        if self._counts["registry"]:
            click.echo(f"{self._rcu:g} RCU read in total, including the registry.", err=True)

    def _seal(self, seal: Seal) -> None:
        self._rcu += seal.rcu
        self._counts["chains"] += 1
        clear_line()
        if seal.added and self._form == "text":
            sys.stdout.write(seal.note)
            sys.stdout.flush()
        self._write(msgspec.structs.asdict(seal))
        entries = "entry" if seal.added == 1 else "entries"
        tiles = "tile" if seal.tiles == 1 else "tiles"
        gone = f", all below {seal.below:,} may be gone" if seal.below else ""
        gaps = f", {seal.gaps:,} of them covered by a signed gap" if seal.gaps else ""
        click.echo(
            f"{seal.chain}: {seal.added:,} new {entries}{gaps}, size {seal.size:,}{gone}. "
            f"{seal.tiles:,} {tiles} written, {seal.rcu:g} RCU read.",
            err=True,
        )
        if seal.strays:
            named = ", ".join(seal.strays[:5]) + (", …" if len(seal.strays) > 5 else "")
            text = f"{seal.chain} holds items that are not its entries, under {named}."
            click.echo(escaped(f"Error: {text} They were not sealed."), err=True)

    def _write(self, found: dict[str, Any]) -> None:
        if self._form == "json":
            self._objects.append(found)
        elif self._form == "jsonl":
            write_objects(self._form, [found])


class Sealing:
    """Seals the chains of one connection, or only ``chain`` (None: all of them)."""

    def __init__(self, opened: Connection, signer: SealingKey, chain: str | None) -> None:
        self._opened = opened
        self._signer = signer
        self._chain = chain
        self._sealers: dict[str, Sealer] = {}
        self._sizes: dict[str, int] = {}
        self._looked = False

    def once(self, step: int | None, report: Report) -> None:
        """Seal each chain; with ``step``, only at multiples of it. A fault in one chain does not
        keep others from being sealed.

        Raises `StoreError` if the registry cannot be read the first time.
        """
        from audittui.integrity.sealing.sealer import FaultError

        for chain in self._chains(report):
            try:
                self._seal(chain, step, report)
            except FaultError as error:
                report.tell_failure(chain, error, error.seal)
            except Exception as error:
                report.tell_failure(chain, error)

    def _demand_registered(self, chain: str) -> None:
        from audittui.integrity.chain_reader import ChainReader

        ChainReader(self._opened.store, self._opened.layout, chain).demand_registered()

    def accept_gap(self, first: int, last: int, reason: str) -> None:
        """Sign that entries are gone. Raises what `Sealer.accept_gap` does."""
        self._demand_registered(self._chain or "")
        self._sealer(self._chain or "").accept_gap(first, last, reason)

    def replace_tile(self, tile: Tile) -> bool:
        """Rewrite a tile; False if it was already correct."""
        self._demand_registered(self._chain or "")
        return self._sealer(self._chain or "").replace_tile(tile)

    def _chains(self, report: Report) -> tuple[str, ...]:
        from audittui.table_facts import read_registry

        if self._chain:
            if not self._looked:
                self._demand_registered(self._chain)
            self._looked = True
            return (self._chain,)
        try:
            facts = read_registry(self._opened.store, self._opened.layout)
        except AuditError as error:
            if not self._looked:
                raise
            report.tell_failure("", error)
            return ()
        report.count_registry(facts.rcu)
        if not facts.chains and not self._looked:
            click.echo("The log has no chains yet.", err=True)
        self._looked = True
        return facts.chains

    def _seal(self, chain: str, step: int | None, report: Report) -> None:
        sealer = self._sealer(chain)
        if step is None:
            report.tell_seal(sealer.seal(progress=_progress(chain)))
            return
        while True:
            known = self._sizes.get(chain)
            target = step if known is None else (known // step + 1) * step
            if sealer.tip() + 1 < target:
                report.tell_idle(chain)
                return
            seal = sealer.seal(up_to=target)
            self._sizes[chain] = seal.size
            report.tell_seal(seal)
            if seal.size < target:
                return

    def _sealer(self, chain: str) -> Sealer:
        from audittui.config import state_folder
        from audittui.integrity.pins import Pins
        from audittui.integrity.sealing.sealer import Sealer
        from audittui.integrity.trust import trusted_keys

        if chain not in self._sealers:
            opened = self._opened
            self._sealers[chain] = Sealer(
                opened.store, opened.layout, chain, self._signer,
                trusted=trusted_keys(opened.target.trusted_keys),
                pins=Pins(state_folder() / "checkpoints"),
            )  # fmt: skip
        return self._sealers[chain]


def _progress(chain: str) -> Callable[[int], None] | None:
    if not sys.stderr.isatty():
        return None

    def show(done: int) -> None:
        if done % 1000 == 0:
            clear_line()
            sys.stderr.write(f"Verifying {escaped(chain)}: {done:,} entries")
            sys.stderr.flush()

    return show
