"""Gathers what a bundle holds: the entries' stored text, and what proves each of them."""

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
"""Told how many entries were gathered, and of how many."""


class Wanted(msgspec.Struct, frozen=True):
    """An entry to put into a bundle; ``note`` is somebody's words about it."""

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
    """What reading took besides the provers' own."""

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

    An entry that was there once is bundled as what it is now: MISSING, say. Raises `UsageError`
    for none, too many, an entry that never was, a layout without chains, or a key that is trusted
    for checkpoints; `StoreError`.
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
    """Raise `UsageError` for a key that is among the ``trusted`` ones: what signs checkpoints must
    sign nothing else."""
    if any(key.verifier.public_key == one.public_key for one in trusted_keys(trusted)):
        raise UsageError(
            f"The key {key.verifier.name} is trusted for checkpoints, so it signs no evidence.",
            "audittui key generate makes one for the collector.",
        )


def _demand(
    connection: Connection, wanted: Sequence[Wanted], settings: VerificationSettings | None,
    sign: SealingKey | None,
) -> None:  # fmt: skip
    if not connection.layout.chained:
        raise UsageError(
            f"The layout {connection.layout.name} keeps no hash chain, so nothing can be proven.",
            "Export the rows with audittui run --format jsonl instead.",
        )
    if not wanted:
        raise UsageError("There is no entry to bundle.", "Mark some, or ask a runbook.")
    if len(wanted) > MOST:
        raise UsageError(
            f"{len(wanted):,} entries are too many for one bundle.", f"At most {MOST:,}: narrow it."
        )
    for one in wanted:
        if not 0 <= one.seq <= MAX_SEQ:
            raise UsageError(f"There is no entry {one.chain} {one.seq}.", "Entries count from 0.")
    if sign is not None:
        trusted = [key.text for key in settings.trust.keys] if settings is not None else []
        demand_collector_key(sign, [*trusted, *connection.target.trusted_keys])


def _found(
    connection: Connection, prover: Prover, one: Wanted, settings: VerificationSettings | None,
    spent: _Spent, now: int,
) -> tuple[bytes | None, Verdict]:  # fmt: skip
    """An entry's stored text and the verdict on it; no text where it is gone, but for the statement
    that a sealer signed of it."""
    try:
        return prover.prove(one.seq)
    except UsageError:
        pass
    # It is not there: a single verification tells whether that may be, or refuses what never was.
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
    # It has come meanwhile.
    prover.fetch([one.seq])
    return prover.prove(one.seq)


def _added(
    files: dict[str, bytes], names: Names, one: Wanted, text: bytes | None, verdict: Verdict
) -> tuple[BundledEntry, Line]:
    """Put an entry and its proof among the files."""
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
    """What is wrong, in words; empty where nothing is."""
    if not verdict.failed:
        return ""
    failing = [f"{step.note or step.name}." for step in verdict.steps if step.result == "fails"]
    # A good verdict tells what holds; what is wrong then is what should prove the entry.
    told = "" if verdict.verdict in GOOD else verdict.summary
    return told or " ".join(failing[:3]) or verdict.verdict
