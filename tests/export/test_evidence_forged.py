"""Each way of forging a bundle is named, whatever its forger writes anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audittui.export.evidence.check import check_bundle
from audittui.integrity.tlog.keys import LogSigner
from audittui.integrity.tlog.note import sign_note
from audittui.integrity.tlog.proof import TlogProof, parse_tlog_proof
from audittui.integrity.trust import origin_of
from tests.export.bundles import (
    HONEST,
    PROVEN,
    SEALER,
    SIGNED,
    THIEF,
    Forger,
    bundle,
    checked,
    sealed_early,
)


def _forged_bodies(forger: Forger) -> None:
    for entry in forger.entries:
        forger.rewrite(entry, b"user-", b"USER-")
        forger.unprove(entry)


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
    old = bundle(PROVEN[:1], store=sealed_early())
    point = forger.manifest["checkpoints"][-1]
    assert point["chain"] == "payments/0"
    forger.files[point["file"]] = Forger(old).files["checkpoints/1-payments-0.note"]
    point["size"] = 5


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
    (_forged_bodies, "it is below the checkpoint of size 10, but has no proof"),
    (_relabelled, "its verdict is unknown: 'PROVEN BY COURT'"),
    (_listed_often, "Entry payments/0 7 is listed 4 times"),
    (_more_files, "The file ../../evil.txt does not belong there"),
    (_proof_of_another, "its proof is for another entry"),
    (_proof_and_text_of_another, "its proof is for another entry"),
    (_checkpoint_of_another_chain, "no trusted key signed it"),
    (_checkpoint_of_a_thief, "no trusted key signed it"),
    (_an_older_checkpoint, "its proof is for a checkpoint that is not in the bundle"),
    (_proof_with_another_leaf, "its proof is invalid"),
    (_below_the_checkpoint, "it is below the checkpoint"),
    (_unverifiable, "it is below the checkpoint"),
    (_a_modified_one_passed_off, "but no fault is given"),
    (_gone, "its verdict is CHAINED, but it is absent"),
    (_absent_yet_there, "its verdict is EXPIRED, but it is present"),
    (_another_time, "its time does not match the manifest"),
    (_not_utf8, "its time does not match the manifest"),
    (_another_size, "it does not match the manifest"),
    (_two_checkpoints_of_a_chain, "There is not exactly one checkpoint per chain"),
    (_another_number_of_a_checkpoint, "there is no trusted checkpoint"),
    (_another_chain, "its files have wrong names"),
    (_nothing_left, "The manifest lists no entries"),
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
