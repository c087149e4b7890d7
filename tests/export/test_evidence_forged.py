"""A forged bundle is never taken for a proven one, whatever its forger writes anew."""

from __future__ import annotations

import copy
import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.export.evidence.archive import DamagedError, pack, unpack
from audittui.export.evidence.check import Checked, check_bundle
from audittui.export.evidence.manifest import decode_manifest, encode_manifest
from audittui.export.evidence.names import DIGEST, MANIFEST, REPORT, SIGNATURE, Names
from audittui.export.evidence.signature import sign_manifest
from audittui.integrity.keys import LogSigner
from audittui.integrity.note import sign_note
from audittui.integrity.sealer import Sealer
from audittui.integrity.tlog_proof import TlogProof, parse_tlog_proof
from audittui.integrity.trust import origin_of
from tests.export.bundles import (
    COLLECTOR,
    COLLECTORS,
    KEYS,
    LAYOUT,
    PROVEN,
    SEALER,
    THIEF,
    Forger,
    Wanted,
    bundle,
    new_log,
    redigested,
)

HONEST = bundle()
SIGNED = bundle(sign=COLLECTOR)
ONCE = Path(__file__).parent / "data" / "evidence.zip"
MIXED = bundle([*PROVEN, Wanted("payments/0", 10), Wanted("payments/0", 11)])

WORD = {
    "tool", "created", "place", "layout", "question", "coverage", "complete", "cost", "keys",
    "collector",
}  # fmt: skip
"""What is the collector's word in a manifest; besides, notes, ``sealed_at``, and what is left
out."""


def checked(data: bytes, *, signed: bool = False) -> Checked:
    return check_bundle(data, KEYS, COLLECTORS if signed else ())


def test_honest_bundles_are_what_they_are() -> None:
    assert (checked(HONEST).outcome, checked(HONEST).code) == ("proven", 0)
    assert not checked(HONEST).vouched
    assert (checked(SIGNED, signed=True).code, checked(SIGNED, signed=True).vouched) == (0, True)
    assert (checked(SIGNED).code, checked(SIGNED).vouched) == (0, False)
    mixed = checked(MIXED)
    assert (mixed.outcome, mixed.code, mixed.proven, mixed.faults) == ("partly proven", 3, 5, ())
    alone = check_bundle(HONEST, ())
    assert (alone.outcome, alone.code, alone.own_keys) == ("unproven", 3, True)
    without = check_bundle(bundle(key=None), KEYS)
    assert (without.outcome, without.code, without.faults) == ("unproven", 3, ())
    assert check_bundle(HONEST, (THIEF.verifier,)).code == 4


def test_a_bundle_that_was_made_once_is_whole_for_ever() -> None:
    """Where this fails, the report, a name or a spelling was changed: that is another format, and
    takes another name of it, else every bundle that was ever made is called forged."""
    found = checked(ONCE.read_bytes(), signed=True)
    assert (found.faults, found.code, found.vouched) == ((), 0, True)


def test_a_forger_who_changes_nothing_makes_the_same_bundle() -> None:
    for data in (HONEST, SIGNED, MIXED):
        assert Forger(data).packed() == data


def _forged_bodies(forger: Forger) -> None:
    for entry in forger.entries:
        forger.rewrite(entry, b"user-", b"USER-")
        forger.unprove(entry)


def _no_checkpoint(forger: Forger) -> None:
    _forged_bodies(forger)
    for point in forger.manifest["checkpoints"]:
        del forger.files[point["file"]]
    forger.manifest["checkpoints"] = []


def _relabelled(forger: Forger) -> None:
    forger.rewrite(forger.entries[0], b"user-", b"USER-")
    forger.entries[0]["verdict"] = "PROVEN BY COURT"


def _listed_often(forger: Forger) -> None:
    forger.manifest["entries"] = [*forger.entries, *forger.entries[:1] * 3]


def _more_files(forger: Forger) -> None:
    forger.files["../../evil.txt"] = b"x"
    forger.files["setup.exe"] = b"MZ"


def _proof_of_another(forger: Forger) -> None:
    one, two = forger.entries[0], forger.entries[1]
    forger.files[one["proof"]] = forger.files[two["proof"]]


def _proof_and_text_of_another(forger: Forger) -> None:
    one, two = forger.entries[0], forger.entries[1]
    for name in ("proof", "file"):
        forger.files[one[name]] = forger.files[two[name]]
    one.update(hash=two["hash"], time=two["time"])


def _checkpoint_of_another_chain(forger: Forger) -> None:
    first, second = forger.manifest["checkpoints"][:2]
    forger.files[first["file"]] = forger.files[second["file"]]
    first["origin"] = second["origin"]


def _checkpoint_of_a_thief(forger: Forger) -> None:
    for point in forger.manifest["checkpoints"]:
        parsed = parse_tlog_proof(forger.files[forger.entries[0]["proof"]])
        text = parsed.checkpoint.text.replace("payments/0", point["chain"])
        signer = LogSigner(origin_of(SEALER.name, point["chain"]), THIEF)
        forger.files[point["file"]] = sign_note(text, [signer]).encoded()


def _an_older_checkpoint(forger: Forger) -> None:
    """The bundle's checkpoint is taken back to before the entry; its proof is left."""
    old = bundle(PROVEN[:1], store=_sealed_early())
    point = forger.manifest["checkpoints"][-1]
    assert point["chain"] == "payments/0"
    forger.files[point["file"]] = Forger(old).files["checkpoints/1-payments-0.note"]
    point["size"] = 5


def _sealed_early() -> Any:
    store = new_log(("payments/0",))
    store.delete({"pk": "checkpoint#payments/0", "sk": f"{10:020d}"})
    Sealer(store, LAYOUT, "payments/0", SEALER).seal(up_to=5)
    return store


def _proof_with_another_leaf(forger: Forger) -> None:
    entry = forger.entries[0]
    forger.rewrite(entry, b"user-", b"USER-")
    parsed = parse_tlog_proof(forger.files[entry["proof"]])
    text = forger.files[entry["file"]]
    forged = TlogProof(parsed.index, parsed.hashes, parsed.note, text)
    forger.files[entry["proof"]] = forged.encoded()


def _below_the_checkpoint(forger: Forger) -> None:
    forger.unprove(forger.entries[0])


def _unverifiable(forger: Forger) -> None:
    forger.unprove(forger.entries[0], "UNVERIFIABLE")


def _a_modified_one_passed_off(forger: Forger) -> None:
    forger.unprove(forger.entries[0], "MODIFIED")


def _gone(forger: Forger) -> None:
    entry = forger.entries[0]
    forger.unprove(entry, "CHAINED")
    del forger.files[entry["file"]]
    entry.update(file="", hash="", time="")


def _absent_yet_there(forger: Forger) -> None:
    forger.unprove(forger.entries[0], "EXPIRED")


def _another_time(forger: Forger) -> None:
    forger.entries[0]["time"] = "2020-01-01T00:00:00.000000Z"


def _not_utf8(forger: Forger) -> None:
    forger.rewrite(forger.entries[0], b"user-", b"\xff\xfe")


def _another_size(forger: Forger) -> None:
    forger.manifest["checkpoints"][0]["size"] = 11


def _two_checkpoints_of_a_chain(forger: Forger) -> None:
    forger.manifest["checkpoints"].insert(0, forger.manifest["checkpoints"][0])


def _another_number_of_a_checkpoint(forger: Forger) -> None:
    del forger.manifest["checkpoints"][0]


def _another_chain(forger: Forger) -> None:
    forger.entries[0]["chain"] = "payments/1"


def _nothing_left(forger: Forger) -> None:
    forger.manifest["entries"] = []


FORGERIES: tuple[tuple[Callable[[Forger], None], str], ...] = (
    (_forged_bodies, "it lies below the checkpoint of size 10, but no proof is there"),
    (_relabelled, "there is no verdict 'PROVEN BY COURT'"),
    (_listed_often, "Entry payments/0 7 is listed 4 times"),
    (_more_files, "The file ../../evil.txt does not belong there"),
    (_proof_of_another, "its proof is another entry's"),
    (_proof_and_text_of_another, "its proof is another entry's"),
    (_checkpoint_of_another_chain, "no trusted key signed it"),
    (_checkpoint_of_a_thief, "no trusted key signed it"),
    (_an_older_checkpoint, "its proof leads to another checkpoint"),
    (_proof_with_another_leaf, "its proof does not hold"),
    (_below_the_checkpoint, "it lies below the checkpoint"),
    (_unverifiable, "it lies below the checkpoint"),
    (_a_modified_one_passed_off, "nothing is said to be wrong"),
    (_gone, "it is called CHAINED, but it is not there"),
    (_absent_yet_there, "it is called EXPIRED, but it is there"),
    (_another_time, "its time is another"),
    (_not_utf8, "its time is another"),
    (_another_size, "it is another than the manifest says"),
    (_two_checkpoints_of_a_chain, "The checkpoints are not one of each chain"),
    (_another_number_of_a_checkpoint, "there is no checkpoint that is to be believed"),
    (_another_chain, "other names than theirs"),
    (_nothing_left, "The manifest lists no entry"),
)


@pytest.mark.parametrize("data", [HONEST, SIGNED], ids=["unsigned", "signed"])
@pytest.mark.parametrize(("forge", "told"), FORGERIES, ids=lambda one: getattr(one, "__name__", ""))
def test_a_forgery_is_named(forge: Callable[[Forger], None], told: str, data: bytes) -> None:
    forger = Forger(data)
    forge(forger)
    found = checked(forger.packed())
    assert found.code == 4
    assert any(told in fault for fault in found.faults), found.faults
    assert check_bundle(forger.packed(), ()).code == 4


def test_forged_entries_without_a_checkpoint_are_unproven() -> None:
    forger = Forger(HONEST)
    _no_checkpoint(forger)
    assert "it does not follow from 2" in checked(forger.packed()).faults[0]
    del forger.files[forger.entries.pop(2)["file"]]
    found = checked(forger.packed())
    assert (found.outcome, found.code, found.faults) == ("unproven", 3, ())


def test_a_log_of_a_thief_is_never_proven_without_a_key() -> None:
    store = new_log(("payments/0",))
    store.delete({"pk": "checkpoint#payments/0", "sk": f"{10:020d}"})
    Sealer(store, LAYOUT, "payments/0", THIEF).seal()
    data = bundle(PROVEN[:3], store=store, key=THIEF)
    found = check_bundle(data, ())
    assert (found.outcome, found.code, found.proven, found.own_keys) == ("unproven", 3, 3, True)
    assert checked(data).code == 4


def test_a_report_that_says_something_else_is_found() -> None:
    files = unpack(HONEST)
    for text in (b"# All is well\n", files[REPORT] + b"\n", b"", b"\xff"):
        found = checked(redigested({**files, REPORT: text}))
        assert found.faults == ("The report is not what the manifest and the entries give.",)


def test_a_chain_that_does_not_hold_together_is_no_chain() -> None:
    """Two entries that are not sealed yet, one of them forged: the other contradicts it."""
    forger = Forger(MIXED)
    forger.rewrite(forger.entries[-2], b"user-", b"USER-")
    found = checked(forger.packed())
    assert found.code == 4
    assert found.faults == (
        "Entry payments/0 11: it does not follow from 10, yet neither is said to be wrong.",
    )


def test_a_first_entry_has_no_predecessor() -> None:
    forger = Forger(bundle([Wanted("payments/0", 0)], key=None))
    assert checked(forger.packed()).faults == ()
    forger.rewrite(forger.entries[0], b"0" * 64, b"1" * 64)
    assert "names a predecessor" in checked(forger.packed()).faults[0]


def test_nothing_is_said_of_what_is_not_there() -> None:
    store = new_log()
    store.delete(LAYOUT.key("payments/0", 7))
    data = bundle(store=store)
    assert checked(data).faults == ()
    other = Forger(data).entries[1]
    for name in ("hash", "time", "proof", "file"):
        forger = Forger(data)
        forger.entries[0][name] = other[name]
        told = "something is said" if name != "file" else "but it is there"
        assert any(told in fault for fault in checked(forger.packed()).faults), name


def test_a_place_that_no_chain_has_is_none() -> None:
    for seq in (-1, 10**20):
        forger = Forger(bundle([Wanted("payments/0", 0)], key=None))
        entry = forger.entries[0]
        forger.rewrite(entry, b'"seq":0', b'"seq":%d' % seq)
        text = forger.files.pop(entry["file"])
        entry.update(seq=seq, file=Names(["payments/0"]).entry("payments/0", seq))
        forger.files[entry["file"]] = text
        assert "there is no such place" in checked(forger.packed()).faults[0]


def test_what_the_collector_found_wrong_never_gets_better() -> None:
    store = new_log()
    item = dict(store.get(LAYOUT.key("payments/0", 7)).item or {})
    store.overwrite({**item, "body": item["body"].replace("user-7", "user-8")})
    store.delete(LAYOUT.key("payments/0", 3))
    data = bundle(store=store)
    found = checked(data)
    assert (found.code, found.faults, found.proven) == (4, (), 3)
    assert [(one.seq, one.verdict) for one in found.wrong] == [(7, "MODIFIED"), (3, "MISSING")]
    for verdict in ("CHAINED", "ANCHORED", "UNANCHORED", "UNVERIFIABLE", "EXPIRED"):
        forger = Forger(data)
        forger.entries[0].update(verdict=verdict, fault="")
        del forger.entries[1]
        assert checked(forger.packed()).code == 4, verdict
    forger = Forger(data)
    forger.entries[1].update(verdict="EXPIRED", fault="")
    del forger.files[forger.entries.pop(0)["file"]]
    assert (checked(forger.packed()).outcome, checked(forger.packed()).code) == ("partly proven", 3)


def test_a_collector_signs_what_cannot_be_derived() -> None:
    for key, value in (
        ("coverage", "complete for ever"), ("place", "elsewhere"), ("complete", False),
        ("created", "2020-01-01T00:00:00.000000Z"), ("tool", "x"),
    ):  # fmt: skip
        forger = Forger(SIGNED)
        forger.manifest[key] = value
        assert "made over another manifest" in checked(forger.packed()).faults[0]
        found = checked(forger.packed(sign=THIEF), signed=True)
        assert "which is none of the given collector's keys" in found.faults[0]
        del forger.files[SIGNATURE]
        assert checked(forger.packed()).code == 4
        forger.manifest["collector"] = ""
        assert "No collector signed it" in checked(forger.packed(), signed=True).faults[0]


def test_a_key_that_seals_is_no_collectors_key() -> None:
    found = checked(Forger(HONEST).packed(sign=SEALER))
    assert found.faults == (
        "It is signed by a key that is trusted for checkpoints: no collector's key.",
    )


def test_a_signature_is_one_and_over_this_manifest() -> None:
    files = unpack(SIGNED)
    note = files[SIGNATURE]
    twice = note + note.rpartition(b"\n\n")[2]
    other = sign_manifest(b"another", COLLECTOR)
    checkpoint = files["checkpoints/1-a-b-c.note"]
    for forged in (twice, other, checkpoint, b"", b"\xff", note + b"\n"):
        assert checked(pack({**files, SIGNATURE: forged}), signed=True).code == 4


def test_no_byte_can_be_changed() -> None:
    assert len(SIGNED) > 5000

    @given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
    @settings(max_examples=300, deadline=None)
    def changed(place: int, bits: int) -> None:
        bent = bytearray(SIGNED)
        bent[place] ^= bits
        assert checked(bytes(bent)).code == 4

    changed()
    for bent in (SIGNED[:-1], SIGNED + b"\0", b"", SIGNED[1:], SIGNED + SIGNED, SIGNED[:1000]):
        assert checked(bent).code == 4


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for name, inner in value.items():
            found += _paths(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            found += _paths(inner, (*path, place))
    return found


PATHS = _paths(Forger(SIGNED).manifest)
_VALUES = st.one_of(
    st.sampled_from(
        ["", "x", None, True, False, 0, -1, 7, 2**70, 1.5, [], {}, "ANCHORED", "CHAINED", "MISSING"]
    ),
    st.text(max_size=8),
    st.sampled_from(PATHS),
)


def _edited(forger: Forger, path: tuple[Any, ...], value: Any) -> None:
    """Put a value, or that of another path, in the place of ``path``; None takes it out."""
    place = forger.manifest
    for step in path[:-1]:
        place = place[step]
    if isinstance(value, tuple):
        found = forger.manifest
        for step in value:
            found = found[step]
        value = copy.deepcopy(found)
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value


@given(st.sampled_from(PATHS), _VALUES, st.booleans())
@settings(max_examples=250, deadline=None)
def test_no_field_of_a_signed_bundle_can_be_changed(
    path: tuple[Any, ...], value: Any, resigned: bool
) -> None:
    forger = Forger(SIGNED)
    _edited(forger, path, value)
    forged = forger.packed(sign=THIEF if resigned else None)
    assert forged == SIGNED or checked(forged, signed=True).code != 0


def _is_word(path: tuple[Any, ...]) -> bool:
    return (
        path[0] in WORD
        or path[-1] in ("note", "sealed_at")
        or (path[0] == "entries" and len(path) < 3)
    )  # fmt: skip


UNSIGNED_PATHS = [path for path in _paths(Forger(HONEST).manifest) if not _is_word(path)]


@given(st.sampled_from(UNSIGNED_PATHS), _VALUES)
@settings(max_examples=250, deadline=None)
def test_nothing_that_follows_from_the_files_can_be_changed(
    path: tuple[Any, ...], value: Any
) -> None:
    forger = Forger(HONEST)
    try:
        _edited(forger, path, value)
    except (KeyError, IndexError):
        return  # the path that the value comes from is a signed bundle's
    forged = forger.packed()
    assert forged == HONEST or checked(forged).code != 0


@given(
    st.sampled_from([name for name in unpack(HONEST) if name.split("/")[0] != "runbook.yaml"]),
    st.integers(0, 10**6), st.binary(max_size=3), st.integers(0, 3),
)  # fmt: skip
@settings(max_examples=250, deadline=None)
def test_no_file_can_be_changed_with_all_digests_written_anew(
    name: str, place: int, put: bytes, cut: int
) -> None:
    forger = Forger(HONEST)
    data = forger.files[name]
    place %= len(data) + 1
    forger.files[name] = data[:place] + put + data[place + cut :]
    entry = next((one for one in forger.entries if one["file"] == name), None)
    if entry is not None:
        forger.rewrite(entry, b"", b"")
    forged = forger.packed()
    assert forged == HONEST or checked(forged).code != 0


def test_the_manifest_has_the_digest_of_every_file_and_of_no_other() -> None:
    files = unpack(HONEST)
    manifest = decode_manifest(files[MANIFEST])
    (first, digest), *rest = manifest.files.items()
    for digests in (dict(rest), {**manifest.files, "x": digest}, {**manifest.files, first: ""}):
        forged = encode_manifest(msgspec.structs.replace(manifest, files=digests))
        told = f"{hashlib.sha256(forged).hexdigest()}  {MANIFEST}\n".encode()
        found = checked(pack({**files, MANIFEST: forged, DIGEST: told}))
        assert len(found.faults) == 1, digests
    found = checked(pack({**files, DIGEST: b""}))
    assert found.faults == ("The manifest is not the one that was bundled.",)


def test_chains_of_like_names_share_no_folder() -> None:
    files = unpack(HONEST)
    assert {name for name in files if name.startswith("entries/")} == {
        "entries/1-a-b-c/00000000000000000004.json",
        "entries/2-a-b-c/00000000000000000004.json",
        "entries/3-payments-0/00000000000000000002.json",
        "entries/3-payments-0/00000000000000000003.json",
        "entries/3-payments-0/00000000000000000007.json",
    }


@given(st.sets(st.text(max_size=300), min_size=1, max_size=8))
@settings(deadline=None)
def test_names_are_plain_and_no_two_are_one(chains: set[str]) -> None:
    names = Names(chains)
    made = [names.entry(chain, 7) for chain in chains]
    assert len({name.lower() for name in made}) == len(chains)
    for name in made:
        assert name.isascii() and name.isprintable() and len(name) < 100
        assert not {"", ".", ".."} & set(name.split("/"))


def test_an_absurd_manifest_is_one_sentence() -> None:
    files = unpack(HONEST)
    text = files[MANIFEST]
    for forged in (
        b"", b"null", b"[" * 200_000, b'{"x":' * 200_000, b"\xff", text.replace(b"{", b"{ ", 1),
        text.replace(b'"complete"', b'"complete": false, "complete"'), text + b"\n",
        text.replace(b'"seq": 7', b'"seq": 7.0'),
        text.replace(b'"seq": 7', b'"seq": 1' + b"9" * 9999),
        text.replace(b"audittui-evidence/v1", b"audittui-evidence/v9"), text.replace(b'"', b""),
    ):  # fmt: skip
        found = checked(pack({**files, MANIFEST: forged}))
        assert len(found.faults) == 1, forged[:40]
        assert found.faults[0].startswith("The manifest cannot be read")
        assert found.code == 4


def test_a_container_unfolds_to_no_more_than_it_is() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * 10_000_000)
    for data in (
        buffer.getvalue(),
        _overlapping(),
        pack(dict.fromkeys(map(str, range(70_000)), b"")),
    ):
        with pytest.raises(DamagedError):
            unpack(data)


def _overlapping() -> bytes:
    """A list of members that names one large member many times."""
    one = pack({"a": b"x" * 1_000_000})
    start = one.rindex(b"PK\x01\x02")
    record, end = one[start:-22], bytearray(one[-22:])
    count = 200
    records = b"".join(
        record[:46] + bytes([33 + number % 90]) + record[47:] for number in range(count)
    )
    end[8:10] = end[10:12] = count.to_bytes(2, "little")
    end[12:16] = len(records).to_bytes(4, "little")
    return one[:start] + records + bytes(end)


def test_a_file_that_stands_in_it_twice_is_found() -> None:
    buffer = io.BytesIO(HONEST)
    with pytest.warns(UserWarning), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(MANIFEST, b"{}")
    with pytest.raises(DamagedError):
        unpack(buffer.getvalue())


@given(st.dictionaries(st.text("abc/", min_size=1, max_size=8), st.binary(max_size=50)))
@settings(max_examples=60, deadline=None)
def test_a_container_gives_back_its_files(files: dict[str, bytes]) -> None:
    assert unpack(pack(files)) == files


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_other_bytes_are_no_container(data: bytes) -> None:
    with pytest.raises(DamagedError):
        unpack(data)
