"""``audittui verify``: verify one entry, a chain, or all chains."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from audittui.cli.formats import format_option
from audittui.cli.options import (
    connect,
    connection_options,
    max_rcu_option,
    rate_option,
    settings_of,
    trusted_key_option,
)
from audittui.cli.verdict_output import FORMATS, Output
from audittui.errors import UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.integrity.settings import VerificationSettings
    from audittui.integrity.verifying.checkpoint_file import CheckpointFile
    from audittui.integrity.verifying.gate import Gates
    from audittui.integrity.verifying.verdict import Verdict

_LAST = "last"
_UNSEALED = re.compile(r"(0|[1-9][0-9]{0,8})([smhd]?)")
_MICROS = {"s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86_400 * 10**6}
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("verify")
@click.argument("chain", required=False)
@click.argument("seq", required=False, type=click.IntRange(min=0))
@click.option("--chain", "whole", metavar="CHAIN", help="Verify every entry of one chain.")
@click.option("--all", "everything", is_flag=True, help="Verify every entry of every chain.")
@click.option(
    "--since",
    metavar="SEQ|last",
    help="Start at SEQ, or where the last good sweep ended.",
)
@click.option(
    "--proof",
    metavar="FILE",
    type=_FILE,
    help="Write the entry and its proof to FILE, for offline verification.",
)
@click.option(
    "--require-anchored",
    "anchored",
    is_flag=True,
    help="Require a trusted checkpoint, and a proof of everything below it.",
)
@click.option(
    "--allow-gaps",
    "gaps",
    is_flag=True,
    help="With --require-anchored: entries in a signed gap need no proof.",
)
@click.option(
    "--max-unsealed",
    "unsealed",
    metavar="AGE|COUNT",
    help="Require that at most COUNT entries, or none older than AGE (30s, 5m, 1h), are unsealed.",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    metavar="FILE",
    type=_FILE,
    multiple=True,
    help="Require that the log extends the signed checkpoint in FILE. May be repeated.",
)
@click.option(
    "--expect",
    "expected",
    metavar="CHAIN",
    multiple=True,
    help="With --all: require that CHAIN exists. May be repeated.",
)
@format_option(*FORMATS)
@max_rcu_option
@rate_option
@click.option(
    "--explain", is_flag=True, help="Estimate the cost of a sweep; read only the end of each chain."
)
@trusted_key_option
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, chain: str | None, seq: int | None, whole: str | None,
    everything: bool, since: str | None, proof: Path | None, anchored: bool,
    gaps: bool, unsealed: str | None, checkpoints: tuple[Path, ...], expected: tuple[str, ...],
    form: str, max_rcu: float | None, rate: float | None, explain: bool, **given: Any,
) -> None:  # fmt: skip
    """Verify the entry SEQ of CHAIN, a whole chain, or all chains.

    With trusted keys, entries are checked against the newest signed checkpoint. --all covers the
    chains in the registry and those that this machine has seen in the table before. For a chain,
    only entries with a problem are listed; json lists every entry.

    Exit code 4 means that something is missing or not genuine, or that a requirement is not met; 1
    that some entries could not be verified; 3 that absent entries may have expired or may not be
    replicated yet, that the budget ended a sweep, or that a key is trusted but proves nothing.
    """
    one = chain is not None and seq is not None
    if one + (whole is not None) + everything != 1 or (chain is not None and seq is None):
        raise UsageError("Say what to verify.", "Write CHAIN SEQ, or --chain CHAIN, or --all.")
    if (since is not None and one) or (proof is not None and not one):
        raise UsageError("--since needs a chain, --proof one entry.")
    if one and (unsealed is not None or checkpoints):
        raise UsageError("--max-unsealed and --checkpoint need a chain, not one entry.")
    if one and (max_rcu is not None or rate is not None or explain):
        raise UsageError("--max-rcu, --rate and --explain need a chain, not one entry.")
    if expected and not everything:
        raise UsageError("--expect needs --all.")
    if anchored and since is not None and since != _LAST:
        raise UsageError("--require-anchored applies to the whole chain.", "Omit --since.")
    if gaps and not anchored:
        raise UsageError("--allow-gaps needs --require-anchored.")
    gates = _gates(anchored, gaps, unsealed)
    if proof is not None:
        from audittui.whole_file import demand_free

        demand_free(proof)
    settings = settings_of(ctx, given)
    if settings is None and (anchored or unsealed is not None or checkpoints):
        raise UsageError(
            "No key is trusted, so nothing can be proven.",
            "Set trusted_keys in the profile, or give --trusted-key KEY.",
        )
    checkpoint_files = _checkpoint_files(checkpoints, settings, whole)
    opened = connect(ctx, given)
    if one:
        assert chain is not None
        assert seq is not None
        ctx.exit(_verify_one(opened, settings, chain, seq, form, proof, gates))
    if not opened.layout.chained:
        raise UsageError(
            f"The layout {opened.layout.name} has no hash chain, so nothing can be verified."
        )
    from audittui.cli.sweep import Sweeping
    from audittui.cli.sweep_budget import SweepBudget

    first = None if since == _LAST else _seq(since)
    target = opened.target
    budget = SweepBudget(
        target.max_rcu if max_rcu is None else max_rcu, target.rate if rate is None else rate
    )
    sweeping = Sweeping(opened, settings, gates, checkpoint_files, first, form, budget)
    if explain:
        sweeping.explain(whole)
        return
    ctx.exit(sweeping.sweep_one(whole) if whole is not None else sweeping.sweep_all(expected))


def _verify_one(
    opened: Connection, settings: VerificationSettings | None, chain: str, seq: int, form: str,
    proof: Path | None, gates: Gates,
) -> int:  # fmt: skip
    from audittui.integrity.verifying.gate import single_refusal
    from audittui.integrity.verifying.single_entry import verify_entry
    from audittui.integrity.verifying.tally import Tally
    from audittui.whole_file import write_new

    try:
        verdict = verify_entry(opened.store, opened.layout, chain, seq, settings=settings)
    except UsageError:
        lost = _lost(opened, chain, seq)
        if lost is None:
            raise
        verdict = lost
    refusal = single_refusal(verdict, gates)
    output = Output(form, whole=True)
    output.add(verdict)
    if refusal is not None:
        output.refuse(refusal)
    output.end()
    pin = f", and {verdict.pin_rcu:g} RCU for the pinned checkpoint" if verdict.pin_rcu else ""
    click.echo(f"{_anchor_text(verdict, settings)} {verdict.rcu:g} RCU{pin}.", err=True)
    if refusal is not None:
        click.echo(escaped(refusal.text), err=True)
    if proof is not None:
        if not verdict.proof:
            raise UsageError("The entry is not proven, so there is no proof to write.")
        write_new(proof, verdict.proof)
        click.echo(f"The proof is in {proof}.", err=True)
    tally = Tally(chain)
    tally.add(verdict)
    tally.unproven = settings is not None and verdict.anchor is None
    return 4 if refusal is not None else tally.code


def _lost(opened: Connection, chain: str, seq: int) -> Verdict | None:
    """The verdict on an entry beyond the end of the chain, if this machine has seen that the chain
    reached it; None if it has not, or if the entry may have expired."""
    from audittui import timestamp
    from audittui.cli.progress_marks import load_mark, marks_of
    from audittui.config import state_folder
    from audittui.integrity.chain_reader import ChainReader
    from audittui.integrity.pins import Pins
    from audittui.integrity.settings import CHECKPOINTS
    from audittui.integrity.verifying.progress_mark import shorter
    from audittui.integrity.verifying.seen_chains import absent_chain, seen_chains

    table = opened.store.identity()
    seen = seen_chains(Pins(state_folder() / CHECKPOINTS), table, marks_of)
    why = seen.chains.get(chain)
    if why is None:
        return None
    reader = ChainReader(opened.store, opened.layout, chain)
    tip = reader.tip()
    if tip is None and not reader.registered():
        return msgspec.structs.replace(absent_chain(chain, why), seq=seq, rcu=reader.take())
    mark, now = load_mark(table, chain), timestamp.now() // timestamp.SECOND
    if mark is None or seq >= mark.size or (mark.expires_at or now + 1) <= now:
        return None
    verdict = shorter(mark, -1 if tip is None else tip)
    return msgspec.structs.replace(verdict, seq=seq, rcu=reader.take())


def _checkpoint_files(
    files: tuple[Path, ...], settings: VerificationSettings | None, whole: str | None
) -> tuple[CheckpointFile, ...]:
    """The checkpoints in ``files``; each must belong to a chain that is verified."""
    from audittui.cli.checkpoint import read_file
    from audittui.integrity.verifying.checkpoint_file import read_checkpoint

    found = []
    for file in files:
        assert settings is not None
        one = read_checkpoint(read_file(file), settings.trust)
        if whole is not None and one.chain != whole:
            raise UsageError(f"The checkpoint in {file} belongs to {one.chain}, not to {whole}.")
        found.append(one)
    return tuple(found)


def _gates(anchored: bool, gaps: bool, unsealed: str | None) -> Gates:
    from audittui.integrity.verifying.gate import Gates

    if unsealed is None:
        return Gates(anchored, gaps)
    match = _UNSEALED.fullmatch(unsealed)
    if match is None:
        raise UsageError(
            f"--max-unsealed {unsealed} is neither a number of entries nor a duration.",
            "Write, for example, --max-unsealed 1000 or --max-unsealed 10m.",
        )
    number, unit = int(match[1]), match[2]
    if unit:
        return Gates(anchored, gaps, age=number * _MICROS[unit])
    return Gates(anchored, gaps, most=number)


def _seq(since: str | None) -> int:
    if since is None:
        return 0
    if not (since.isascii() and since.isdigit()):
        raise UsageError(f"--since {since} is not a seq.", "Write a number, or last.")
    return int(since)


def _anchor_text(verdict: Verdict, settings: VerificationSettings | None) -> str:
    if settings is None:
        return "No key is trusted, so no checkpoint was checked."
    if verdict.anchor is None:
        return "There is no trusted checkpoint."
    sealed = f", sealed {verdict.anchor.sealed_at}" if verdict.anchor.sealed_at else ""
    return escaped(f"Checkpoint of size {verdict.anchor.size:,}{sealed}.")
