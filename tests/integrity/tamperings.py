"""Every way of tampering, as raw calls on the table, and what must be said of it.

The log: two chains of 12 entries; the first 5, then 10 are sealed; the reader has seen that. Run as
a program, it writes the table of ``docs/integrity.md`` (from the repository's root:
``python -m tests.integrity.tamperings``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from audittui.connection import Connection, Target
from audittui.entry import Draft, Entry, decode_body, encode_body, hash_body
from audittui.export.evidence.check import Checked, check_bundle
from audittui.export.evidence.collect import Source, Wanted, make_bundle
from audittui.integrity.pins import Pins
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.statement import Prune
from audittui.integrity.tlog.keys import LogSigner, SignerKey
from audittui.integrity.tlog.note import sign_note
from audittui.integrity.trust import Trust, origin_of
from audittui.integrity.verifying.single_entry import verify_entry
from audittui.integrity.verifying.sweep import verify_chain
from audittui.integrity.verifying.verdict import Verdict
from audittui.layout import load_layout
from audittui.layout.native import item_of
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.tampering import delete, overwrite

LAYOUT = load_layout("native")
CHAIN, OTHER = "payments/0", "payments/1"
LENGTH, SEALED, SEALED_BEFORE = 12, 10, 5
KEY = SignerKey("audit.example.com", bytes(range(32)))
THIEF = SignerKey("audit.example.com", bytes(range(1, 33)))
RETENTION = 86_400
START = 1_800_000_000 * 10**6
LATER = START + (RETENTION + 1) * 10**6
"""When everything has expired."""
DOCUMENT = Path(__file__).parents[2] / "docs" / "integrity.md"
MARKS = ("<!-- table: begin -->\n", "<!-- table: end -->\n")

Found = dict[int, str]
Row = tuple["Tampering", list[Verdict], list[Verdict], Checked]


def make_log(store: Any) -> None:
    """Fill ``store`` with the log that is tampered with."""
    number = 0

    def new_id() -> str:
        nonlocal number
        number += 1
        return f"{number:032x}"

    for chain in (CHAIN, OTHER):
        log = AuditLog(store, chain, clock=lambda: START, ids=new_id, retention=RETENTION)
        log.append_many([Draft(actor=f"user-{n}", action="s3:GetObject") for n in range(LENGTH)])
        for size in (SEALED_BEFORE, SEALED):
            Sealer(store, LAYOUT, chain, KEY, clock=lambda: START).seal(up_to=size)


class Table:
    """A tamperer's hands on a store: no conditions."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def item(self, seq: int, chain: str = CHAIN) -> dict[str, Any]:
        return self.get(LAYOUT.key(chain, seq))

    def get(self, key: Mapping[str, Any]) -> dict[str, Any]:
        item = self.store.get(key).item
        assert item is not None
        return dict(item)

    def put(self, item: Mapping[str, Any]) -> None:
        overwrite(self.store, item)

    def delete(self, *seqs: int) -> None:
        for seq in seqs:
            delete(self.store, LAYOUT.key(CHAIN, seq))

    def entry(self, seq: int) -> Entry:
        return decode_body(self.item(seq)["body"].encode())

    def write(self, entry: Entry) -> str:
        """Put an entry that agrees with itself; its hash."""
        body = encode_body(entry)
        digest = hash_body(body)
        self.put(item_of(entry, body, digest))
        return digest.hex()

    def rechain(self, first: int, **fields: Any) -> None:
        """Change an entry and make all that follow agree with it."""
        prev_hash = self.write(msgspec.structs.replace(self.entry(first), **fields))
        for seq in range(first + 1, LENGTH):
            prev_hash = self.write(msgspec.structs.replace(self.entry(seq), prev_hash=prev_hash))

    def unseal(self, size: int) -> None:
        """Take away a checkpoint."""
        delete(self.store, {"pk": f"checkpoint#{CHAIN}", "sk": f"{size:020d}"})

    def unseal_tiles(self) -> None:
        """Take away every tile."""
        for width in range(1, LENGTH + 1):
            delete(self.store, {"pk": f"tile#{CHAIN}", "sk": f"tile/0/000.p/{width}"})


@dataclass(frozen=True)
class Tampering:
    """One way of tampering: what is done, and the verdicts other than good ones, by seq.

    ``plain`` is said without a trusted key, ``trusted`` with one, by a reader who saw the newest
    checkpoint before. ``key`` is what that reader trusts, ``now`` the time by its clock.
    """

    name: str
    do: Callable[[Table], None]
    plain: Found
    trusted: Found
    key: SignerKey = KEY
    now: int = field(default=START)


def _edit(table: Table) -> None:
    item = table.item(4)
    table.put({**item, "body": item["body"].replace("user-4", "user-5")})


def _edit_and_rehash(table: Table) -> None:
    table.write(msgspec.structs.replace(table.entry(4), actor="user-5"))


def _reorder(table: Table) -> None:
    three, four = table.item(3), table.item(4)
    table.put({**three, "sk": four["sk"]})
    table.put({**four, "sk": three["sk"]})


def _insert(table: Table) -> None:
    table.put({**table.item(4), "sk": f"{4:020d}x"})


def _append(table: Table) -> None:
    last = table.item(LENGTH - 1)
    entry = msgspec.structs.replace(
        table.entry(LENGTH - 1), seq=LENGTH, prev_hash=last["hash"].hex(), actor="user-5"
    )
    table.write(entry)


def _fork(table: Table) -> None:
    """A second history, sealed with the stolen key over the first one's."""
    table.rechain(3, actor="user-5")
    table.unseal(SEALED_BEFORE)
    table.unseal(SEALED)
    table.unseal_tiles()
    Sealer(table.store, LAYOUT, CHAIN, KEY, clock=lambda: START).seal(up_to=SEALED)


def _move(table: Table) -> None:
    item = table.item(4, OTHER)
    table.put({**item, "pk": table.item(4)["pk"]})


def _replace_tile(table: Table) -> None:
    tile = table.get({"pk": f"tile#{CHAIN}", "sk": f"tile/0/000.p/{SEALED}"})
    table.put({**tile, "hashes": tile["hashes"][32:] + tile["hashes"][:32]})


def _replace_checkpoint(table: Table) -> None:
    _edit_and_rehash(table)
    table.rechain(4)
    table.unseal(SEALED_BEFORE)
    table.unseal(SEALED)
    table.unseal_tiles()
    Sealer(table.store, LAYOUT, CHAIN, THIEF, clock=lambda: START).seal(up_to=SEALED)


def _forge_prune(table: Table) -> None:
    note = (
        sign_note(
            Prune(origin_of(KEY.name, CHAIN), 4).text,
            [LogSigner(origin_of(KEY.name, CHAIN), THIEF)],
        )
        .encoded()
        .decode()
    )
    table.put({"pk": f"checkpoint#{CHAIN}", "sk": f"prune#{4:020d}", "note": note})
    table.delete(0, 1, 2, 3)


def _expire(table: Table) -> None:
    """Not tampering: time goes by, the sealer says so, TTL deletes in its own order."""
    Sealer(table.store, LAYOUT, CHAIN, KEY, clock=lambda: LATER).seal()
    table.delete(0, 2, 3, 7)


def _change_hash(table: Table) -> None:
    table.put({**table.item(4), "hash": bytes(32)})


def _name_predecessor(table: Table) -> None:
    """The first entry claims to follow another one."""
    table.rechain(0, prev_hash="1" * 64)


def _double_key(table: Table) -> None:
    """A body that says two things under one key, hashed again: readers differ on what it says."""
    item = table.item(4)
    body = item["body"].replace('"action":', '"action":"s3:DeleteObject","action":')
    table.put({**item, "body": body, "hash": hash_body(body.encode())})


def _raise_checkpoint(table: Table) -> None:
    """An old signed checkpoint is put under a larger size."""
    old = table.get({"pk": f"checkpoint#{CHAIN}", "sk": f"{SEALED_BEFORE:020d}"})
    table.put({**old, "sk": f"{LENGTH:020d}"})


def _prune_early(table: Table) -> None:
    Sealer(table.store, LAYOUT, CHAIN, KEY, clock=lambda: START + 400 * RETENTION * 10**6).seal()
    table.delete(0, 1)


def _all(name: str, first: int, last: int) -> Found:
    return dict.fromkeys(range(first, last + 1), name)


TAMPERINGS = (
    Tampering("a body is edited", _edit, {4: "MODIFIED"}, {4: "MODIFIED"}),
    Tampering(
        "a body is edited and hashed again", _edit_and_rehash,
        _all("BROKEN LINK", 4, 5), {4: "MODIFIED"},
    ),
    Tampering(
        "a body is edited, and everything after it is chained again",
        lambda table: table.rechain(4, actor="user-5"), {}, _all("MODIFIED", 4, 9),
    ),
    Tampering(
        "an entry in the middle is deleted", lambda table: table.delete(4),
        {4: "MISSING"}, {4: "MISSING"},
    ),
    Tampering(
        "sealed entries at the end are deleted", lambda table: table.delete(8, 9, 10, 11),
        {}, {8: "TRUNCATED", 9: "TRUNCATED"},
    ),
    Tampering(
        "the last entry is deleted before it is sealed", lambda table: table.delete(11), {}, {}
    ),
    Tampering(
        "the first entries are deleted", lambda table: table.delete(0, 1),
        {0: "MISSING", 1: "MISSING"}, {0: "MISSING", 1: "MISSING"},
    ),
    Tampering(
        "two entries change places", _reorder,
        {3: "MODIFIED", 4: "MODIFIED"}, {3: "MODIFIED", 4: "MODIFIED"},
    ),
    Tampering("an entry is put between two others", _insert, {-1: "MODIFIED"}, {-1: "MODIFIED"}),
    Tampering("an entry is appended by someone who may write", _append, {}, {}),
    Tampering(
        "a sealed entry is back-dated, and everything after it is chained again",
        lambda table: table.rechain(9, time="2020-01-01T00:00:00.000000Z"), {}, {9: "MODIFIED"},
    ),
    Tampering(
        "a fork: another history is sealed with the stolen key", _fork,
        {}, _all("REWRITTEN", 0, 11),
    ),
    Tampering(
        "an entry of another chain is put in the place of one", _move,
        {4: "MODIFIED"}, {4: "MODIFIED"},
    ),
    Tampering(
        "only an index copy is changed",
        lambda table: table.put({**table.item(4), "actor": "user-5"}),
        {4: "INDEX MISMATCH"}, {4: "INDEX MISMATCH"},
    ),
    Tampering("a tile is replaced", _replace_tile, {}, _all("UNVERIFIABLE", 0, 9)),
    Tampering(
        "the log is rewritten and its checkpoint replaced by one of another key",
        _replace_checkpoint, {}, _all("REWRITTEN", 0, 11),
    ),
    Tampering(
        "the newest checkpoint is deleted, so that an old one stands",
        lambda table: table.unseal(SEALED), {}, _all("REWRITTEN", 0, 11),
    ),
    Tampering(
        "nothing; but the reader trusts another key", lambda table: None,
        {}, {}, key=THIEF,
    ),
    Tampering(
        "the first entries are deleted under a forged prune record", _forge_prune,
        _all("MISSING", 0, 3), _all("MISSING", 0, 3),
    ),
    Tampering(
        "nothing; entries have expired", _expire,
        dict.fromkeys((0, 2, 3, 7), "EXPIRED (not yet recorded)"),
        dict.fromkeys((0, 2, 3, 7), "EXPIRED"), now=LATER,
    ),
    Tampering(
        "nothing; entries have expired, and no prune record says so yet",
        lambda table: table.delete(0, 2, 3, 7),
        dict.fromkeys((0, 2, 3, 7), "EXPIRED (not yet recorded)"),
        dict.fromkeys((0, 2, 3, 7), "EXPIRED (not yet recorded)"), now=LATER,
    ),
    Tampering(
        "nothing; all entries have expired and are gone, and no prune record says so yet",
        lambda table: table.delete(*range(LENGTH)),
        {0: "MISSING"}, _all("EXPIRED (not yet recorded)", 0, 9), now=LATER,
    ),
    Tampering(
        "the first entries are deleted shortly before they expire",
        lambda table: table.delete(0, 1),
        _all("MISSING (may have expired)", 0, 1), _all("MISSING (may have expired)", 0, 1),
        now=LATER - 60 * 10**6,
    ),
    Tampering(
        "entries are deleted, and a sealer whose clock is ahead signs that they expired",
        _prune_early, _all("MISSING", 0, 1), _all("MISSING", 0, 1),
    ),
    Tampering(
        "the chain is taken out of the registry",
        lambda table: delete(table.store, {"pk": "chains", "sk": CHAIN}),
        _all("INDEX MISMATCH", 0, 11), _all("INDEX MISMATCH", 0, 11),
    ),
    Tampering("only the stored hash is changed", _change_hash, {4: "MODIFIED"}, {4: "MODIFIED"}),
    Tampering(
        "the first entry names a predecessor, and everything after it is chained again",
        _name_predecessor, {0: "BROKEN LINK"}, _all("MODIFIED", 0, 9),
    ),
    Tampering(
        "a body says two things under one key, and is hashed again", _double_key,
        {4: "MODIFIED"}, {4: "MODIFIED"},
    ),
    Tampering("an old checkpoint is put under a larger size", _raise_checkpoint, {}, {}),
)  # fmt: skip

GOOD = ("ANCHORED", "CHAINED", "UNANCHORED")


def verdicts_on(store: Any, tampering: Tampering, folder: Path, *, trusted: bool) -> list[Verdict]:
    """Let a reader see the log, tamper with it, and let the same reader sweep it.

    Holds every verdict of the sweep against that on the single entry.
    """
    settings, clock = None, lambda: tampering.now
    if trusted:
        settings = VerificationSettings(Trust((tampering.key.verifier,)), Pins(folder))
        list(verify_chain(store, LAYOUT, CHAIN, settings=settings))
    tampering.do(Table(store))
    swept = list(verify_chain(store, LAYOUT, CHAIN, settings=settings, steps=True, clock=clock))
    quick = list(verify_chain(store, LAYOUT, CHAIN, settings=settings, clock=clock))
    assert [(one.seq, one.verdict, one.failed) for one in quick] == [
        (one.seq, one.verdict, one.failed) for one in swept
    ]
    for verdict in swept:
        if verdict.seq >= 0:
            single = verify_entry(store, LAYOUT, CHAIN, verdict.seq, settings=settings, clock=clock)
            assert single.verdict == verdict.verdict, (single, verdict)
            assert single.summary == verdict.summary
    return swept


def evidence_on(
    store: Any, tampering: Tampering, folder: Path, verdicts: list[Verdict], *, trusted: bool
) -> Checked:
    """What comes of a bundle of all entries, for the reader of whom ``verdicts_on`` told.

    Holds the bundle against those verdicts, and its check against the bundle.
    """
    keys = (tampering.key.verifier,) if trusted else ()
    settings = VerificationSettings(Trust(keys), Pins(folder)) if trusted else None
    wanted = [Wanted(CHAIN, one.seq) for one in verdicts if one.seq >= 0]
    connection = Connection(Target(), store, LAYOUT)
    data = make_bundle(connection, wanted, Source(), settings, now=tampering.now)
    checked = check_bundle(data, keys)
    assert not checked.faults, checked.faults
    assert checked.manifest is not None
    told = {one.seq: one for one in verdicts if one.seq >= 0}
    for entry in checked.manifest.entries:
        assert entry.verdict == told[entry.seq].verdict, (entry, told[entry.seq])
        assert bool(entry.fault) == told[entry.seq].failed, (entry, told[entry.seq])
    anchored = sum(one.verdict == "ANCHORED" for one in told.values())
    assert checked.proven == anchored
    failed = any(one.failed for one in told.values())
    assert checked.code == (4 if failed else 0 if anchored == len(told) else 3)
    return checked


def wrong(verdicts: list[Verdict]) -> Found:
    """The verdicts that are not good, by seq."""
    return {one.seq: one.verdict for one in verdicts if one.verdict not in GOOD}


def table_of(rows: list[Row]) -> str:
    """The table of the document."""
    lines = [
        "| what is done | without a trusted key | with one | what a person reads "
        "| a bundle of all entries |",
        "|---|---|---|---|---|",
    ]
    for tampering, plain, trusted, checked in rows:
        told = [one for one in trusted if one.verdict not in GOOD] or trusted
        failing = [step for step in told[0].steps if step.result == "fails"]
        said = told[0].summary
        if failing and told[0].verdict in GOOD:
            said = f"{said} {failing[0].note}."
        evidence = _evidence_cell(checked)
        cells = (tampering.name, _cell(plain), _cell(trusted), said, evidence)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(verdicts: list[Verdict]) -> str:
    found = wrong(verdicts)
    if not found:
        names = dict.fromkeys(one.verdict for one in verdicts)
        return "nothing: " + ", ".join(f"`{name}`" for name in names)
    runs: list[tuple[int, int, str]] = []
    for seq, name in sorted(found.items()):
        if runs and runs[-1][2] == name and runs[-1][1] == seq - 1:
            runs[-1] = (runs[-1][0], seq, name)
        else:
            runs.append((seq, seq, name))
    parts = []
    for first, last, name in runs:
        place = "the intruder" if first < 0 else str(first) if first == last else f"{first}–{last}"
        parts.append(f"{place} `{name}`")
    return ", ".join(parts)


def _evidence_cell(checked: Checked) -> str:
    assert checked.manifest is not None
    number = len(checked.manifest.entries)
    found = f", {len(checked.wrong)} not genuine" if checked.wrong else ""
    return f"exit {checked.code}: {checked.proven} of {number} proven{found}"


def rows_on_sqlite() -> list[Row]:
    """All of it on the embedded store."""
    rows = []
    for tampering in TAMPERINGS:
        results, checks = [], []
        for trusted in (False, True):
            store = SqliteStore(":memory:", LAYOUT, create=True)
            make_log(store)
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                verdicts = verdicts_on(store, tampering, folder, trusted=trusted)
                checks.append(evidence_on(store, tampering, folder, verdicts, trusted=trusted))
            results.append(verdicts)
            store.close()
        rows.append((tampering, results[0], results[1], checks[1]))
    return rows


def main() -> None:
    """Write the table into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = text.partition(MARKS[0])
    _, _, tail = rest.partition(MARKS[1])
    table = table_of(rows_on_sqlite())
    DOCUMENT.write_text(f"{head}{MARKS[0]}{table}{MARKS[1]}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
