"""Collects the contents of a bundle: the stored text of each entry, and its proof."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from audittui import __version__, timestamp
from audittui.connection import Connection
from audittui.entry import hash_body
from audittui.errors import StoreError, UsageError
from audittui.export.evidence.archive import pack
from audittui.export.evidence.derive import ABSENT, GOOD
from audittui.export.evidence.manifest import (
    FORMAT,
    MOST,
    BundledCheckpoint,
    BundledEntry,
    Cost,
    Manifest,
    Question,
    encode_manifest,
)
from audittui.export.evidence.names import (
    DIGEST,
    MANIFEST,
    REPORT,
    RUNBOOK,
    SIGNATURE,
    Names,
)
from audittui.export.evidence.report import Line, line_of, read_entry, report_text
from audittui.export.evidence.signature import sign_manifest
from audittui.integrity.chain_reader import MAX_SEQ
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tlog.keys import SealingKey
from audittui.integrity.trust import trusted_keys
from audittui.integrity.verifying.prover import Prover
from audittui.integrity.verifying.single_entry import verify_entry
from audittui.integrity.verifying.verdict import Verdict

_BATCH = 50
Progress = Callable[[int, int], None]
"""Receives the number of entries collected, and their total."""


class Wanted(msgspec.Struct, frozen=True):
    """An entry to put into a bundle, with the user's ``note`` on it."""

    chain: str
    seq: int
    note: str = ""


class Source(msgspec.Struct, frozen=True):
    """How the entries were found. ``runbook`` is the runbook's own text."""

    question: Question | None = None
    runbook: str = ""
    coverage: str = "chosen by hand"
    complete: bool = True
    cost: Cost = Cost()


@dataclass
class _Spent:
    """Requests and read units, besides those of the provers."""

    requests: int = 0
    rcu: float = 0.0


def make_bundle(
    connection: Connection,
    wanted: Sequence[Wanted],
    source: Source,
    settings: VerificationSettings | None,
    *,
    now: int,
    sign: SealingKey | None = None,
    progress: Progress | None = None,
) -> bytes:
    """The bytes of a bundle of ``wanted``, made at ``now`` (microseconds), signed by ``sign``.

    An entry that is gone is bundled with its current verdict, such as MISSING. Raises `UsageError`
    for no entries, too many, an entry that never existed, a layout without chains, or a key that is
    trusted for checkpoints; `StoreError`.
    """
    wanted = list({(one.chain, one.seq): one for one in wanted}.values())
    _demand(connection, wanted, settings, sign)
    names = Names(one.chain for one in wanted)
    provers: dict[str, Prover] = {}
    spent = _Spent()
    files: dict[str, bytes] = {}
    entries: list[BundledEntry] = []
    lines: list[Line] = []
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        for chain in dict.fromkeys(one.chain for one in batch):
            if chain not in provers:
                provers[chain] = Prover(
                    connection.store, connection.layout, chain, settings, thorough=True
                )
            provers[chain].fetch([one.seq for one in batch if one.chain == chain])
        for one in batch:
            text, verdict = _found(connection, provers[one.chain], one, settings, spent, now)
            entry, line = _added(files, names, one, text, verdict)
            entries.append(entry)
            lines.append(line)
        if progress is not None:
            progress(len(entries), len(wanted))
    checkpoints = []
    for chain, prover in sorted(provers.items()):
        point = prover.found.checkpoint
        if point is not None:
            name = names.checkpoint(chain)
            files[name] = prover.found.note.encode()
            checkpoints.append(
                BundledCheckpoint(chain, point.origin, point.size, prover.found.sealed_at, name)
            )
    if source.question is not None:
        files[RUNBOOK] = source.runbook.encode()
    cost = source.cost
    manifest = Manifest(
        format=FORMAT,
        tool=f"audittui {__version__}",
        created=timestamp.text(now),
        place=connection.store.place,
        layout=connection.layout.name,
        question=source.question,
        coverage=source.coverage,
        complete=source.complete,
        cost=Cost(
            cost.requests + spent.requests + sum(prover.requests for prover in provers.values()),
            cost.rcu + spent.rcu + sum(prover.rcu for prover in provers.values()),
            cost.unmetered,
        ),
        entries=tuple(entries),
        checkpoints=tuple(checkpoints),
        keys=tuple(key.text for key in settings.trust.keys) if settings is not None else (),
        collector="" if sign is None else sign.verifier.text,
        files={},
    )
    files[REPORT] = report_text(manifest, lines).encode()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    files[MANIFEST] = encode_manifest(msgspec.structs.replace(manifest, files=digests))
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    files[DIGEST] = f"{digest}  {MANIFEST}\n".encode()
    if sign is not None:
        files[SIGNATURE] = sign_manifest(files[MANIFEST], sign)
    return pack(files)


def demand_collector_key(key: SealingKey, trusted: Sequence[str]) -> None:
    """Raise `UsageError` if the key is ``trusted`` for checkpoints: such a key must sign nothing
    else."""
    if any(key.verifier.public_key == one.public_key for one in trusted_keys(trusted)):
        raise UsageError(
            f"The key {key.verifier.name} is trusted for checkpoints, so it cannot sign evidence.",
            "Create a key for the collector with audittui key generate.",
        )


def _demand(
    connection: Connection, wanted: Sequence[Wanted], settings: VerificationSettings | None,
    sign: SealingKey | None,
) -> None:  # fmt: skip
    if not connection.layout.chained:
        raise UsageError(
            f"The layout {connection.layout.name} has no hash chain, so nothing can be proven.",
            "Export the rows with audittui run --format jsonl instead.",
        )
    if not wanted:
        raise UsageError("There are no entries to bundle.", "Mark some, or run a runbook.")
    if len(wanted) > MOST:
        raise UsageError(
            f"{len(wanted):,} entries are too many for one bundle.",
            f"The maximum is {MOST:,}; narrow the query.",
        )
    for one in wanted:
        if not 0 <= one.seq <= MAX_SEQ:
            raise UsageError(
                f"There is no entry {one.chain} {one.seq}.", "Entries are numbered from 0."
            )
    if sign is not None:
        trusted = [key.text for key in settings.trust.keys] if settings is not None else []
        demand_collector_key(sign, [*trusted, *connection.target.trusted_keys])


def _found(
    connection: Connection, prover: Prover, one: Wanted, settings: VerificationSettings | None,
    spent: _Spent, now: int,
) -> tuple[bytes | None, Verdict]:  # fmt: skip
    """An entry's stored text and verdict. The text of an absent entry is the sealer's signed
    statement that it is gone, or empty."""
    try:
        return prover.prove(one.seq)
    except UsageError:
        pass
    # It is absent: verifying it alone tells why, or refuses an entry that never existed.
    try:
        verdict = verify_entry(
            connection.store, connection.layout, one.chain, one.seq, settings=settings,
            clock=lambda: now, registrations=prover.registrations,
        )  # fmt: skip
    except UsageError as error:
        raise UsageError(f"There is no entry {one.chain} {one.seq}.", error.message) from None
    spent.rcu += verdict.rcu + verdict.pin_rcu
    spent.requests += 1
    if verdict.verdict == "GAP" and (gap := prover.gap(one.seq)) is not None:
        return gap[0], msgspec.structs.replace(verdict, proof=gap[1])
    if verdict.verdict in ABSENT:
        return None, verdict
    if verdict.verdict == "UNVERIFIABLE":
        raise StoreError(
            f"The entry {one.chain} {one.seq} could not be read: "
            f"{verdict.summary.removeprefix('UNVERIFIABLE: ')}"
        )
    # It arrived meanwhile.
    prover.fetch([one.seq])
    return prover.prove(one.seq)


def _added(
    files: dict[str, bytes], names: Names, one: Wanted, text: bytes | None, verdict: Verdict
) -> tuple[BundledEntry, Line]:
    """Add an entry and its proof to the files."""
    entry = None if text is None else read_entry(text)
    file = proof = ""
    if text is not None:
        file = names.entry(one.chain, one.seq)
        files[file] = text
        if verdict.proof:
            proof = names.proof(one.chain, one.seq)
            files[proof] = verdict.proof
    bundled = BundledEntry(
        chain=one.chain,
        seq=one.seq,
        time="" if entry is None else entry.time,
        hash="" if text is None else hash_body(text).hex(),
        verdict=verdict.verdict,
        fault=_fault(verdict),
        file=file,
        proof=proof,
        note=one.note,
    )
    return bundled, line_of(entry)


def _fault(verdict: Verdict) -> str:
    """What is wrong, in words; empty if nothing is."""
    if not verdict.failed:
        return ""
    failing = [f"{step.note or step.name}." for step in verdict.steps if step.result == "fails"]
    # The entry itself is good; the fault is in what should prove it.
    told = "" if verdict.verdict in GOOD else verdict.summary
    return told or " ".join(failing[:3]) or verdict.verdict
