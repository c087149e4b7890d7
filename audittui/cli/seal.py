"""``audittui seal``: signs checkpoints of what was appended."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.ending import clear_line
from audittui.cli.options import connect, connection_options
from audittui.cli.signing import signer_of
from audittui.errors import StoreError, UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.integrity.keys import SealingKey
    from audittui.integrity.sealer import Seal, Sealer

_EVERY = re.compile(r"([1-9][0-9]{0,8})([smhd]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LOOK = 5.0
"""Seconds between looks at how far a chain has grown."""


@click.command("seal")
@click.option("--chain", metavar="CHAIN", help="One chain; without it, all of them.")
@click.option(
    "--key", "key", required=True, metavar="FILE|kms:ARN", help="What signs: a key's file, or KMS."
)
@click.option("--name", metavar="NAME", help="The log's name, for a key of KMS.")
@click.option(
    "--every",
    metavar="N|T",
    help="Go on: seal every N entries, or every T (30s, 5m, 1h). Ctrl-C stops.",
)
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, chain: str | None, key: str, name: str | None, every: str | None,
    **connection: Any,
) -> None:  # fmt: skip
    """Verify what was appended since the last checkpoint, and sign a new one.

    Prints each new checkpoint: keep a copy elsewhere. Exit code 4 says that the log is not what it
    should be; then nothing was signed for that chain.
    """
    count, seconds = _every(every)
    signer = signer_of(ctx, key, name, connection)
    opened = connect(ctx, connection, write=True)
    sealing = _Sealing(opened, signer, chain)
    if every is None:
        sealing.once(None)
        return
    pause = _LOOK if count else seconds
    try:
        while True:
            try:
                sealing.once(count or None)
            except StoreError as error:
                if error.kind not in ("throttled", "network"):
                    raise
                click.echo(f"{escaped(str(error))} Trying again in {pause:g} s.", err=True)
            time.sleep(pause)
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)


class _Sealing:
    """Seals the chains of one connection, over and over."""

    def __init__(self, opened: Connection, signer: SealingKey, chain: str | None) -> None:
        self._opened = opened
        self._signer = signer
        self._chain = chain
        self._sealers: dict[str, Sealer] = {}
        self._sizes: dict[str, int] = {}

    def once(self, step: int | None) -> None:
        """Seal each chain; with ``step``, only at multiples of it. All are tried before the first
        failure is raised."""
        failure: Exception | None = None
        chains = (self._chain,) if self._chain else self._opened.chains()
        if not chains:
            click.echo("There is no chain yet.", err=True)
        for chain in chains:
            try:
                self._seal(chain, step)
            except Exception as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _seal(self, chain: str, step: int | None) -> None:
        sealer = self._sealer(chain)
        if step is None:
            _tell(sealer.seal(progress=_progress(chain)))
            return
        while True:
            known = self._sizes.get(chain)
            target = step if known is None else (known // step + 1) * step
            if sealer.tip() + 1 < target:
                return
            seal = sealer.seal(up_to=target)
            self._sizes[chain] = seal.size
            _tell(seal)

    def _sealer(self, chain: str) -> Sealer:
        from audittui.config import state_folder
        from audittui.integrity.pin import Pins
        from audittui.integrity.sealer import Sealer
        from audittui.integrity.settings import CHECKPOINTS
        from audittui.integrity.trust import trusted_keys

        if chain not in self._sealers:
            opened = self._opened
            self._sealers[chain] = Sealer(
                opened.store, opened.layout, chain, self._signer,
                trusted=trusted_keys(opened.target.trusted_keys),
                pins=Pins(state_folder() / CHECKPOINTS),
            )  # fmt: skip
        return self._sealers[chain]


def _tell(seal: Seal) -> None:
    clear_line()
    if seal.added:
        sys.stdout.write(seal.note)
        sys.stdout.flush()
    entries = "entry" if seal.added == 1 else "entries"
    gone = f", all below {seal.below:,} may be gone" if seal.below else ""
    click.echo(
        f"{seal.chain}: {seal.added:,} new {entries}, size {seal.size:,}{gone}. "
        f"{seal.tiles:,} tiles written, {seal.rcu:g} RCU read.",
        err=True,
    )


def _progress(chain: str) -> Callable[[int], None] | None:
    if not sys.stderr.isatty():
        return None

    def show(done: int) -> None:
        if done % 1000 == 0:
            clear_line()
            sys.stderr.write(f"Verifying {escaped(chain)}: {done:,} entries")
            sys.stderr.flush()

    return show


def _every(text: str | None) -> tuple[int, float]:
    """A number of entries, or a number of seconds; the other is 0."""
    if text is None:
        return 0, 0.0
    match = _EVERY.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--every {text} is neither a number of entries nor a time.",
            "Write such as --every 256, or --every 5m.",
        )
    number, unit = int(match[1]), match[2]
    return (0, float(number * _SECONDS[unit])) if unit else (number, 0.0)
