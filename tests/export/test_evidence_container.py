"""The container, its names, its manifest: each has one spelling, and takes no more than it is."""

from __future__ import annotations

import hashlib
import io
import zipfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.export.evidence.archive import DamagedError, pack, unpack
from audittui.export.evidence.manifest import decode_manifest, encode_manifest
from audittui.export.evidence.names import DIGEST, MANIFEST, Names
from tests.export.bundles import (
    HONEST,
    checked,
)


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
    assert found.faults == ("The manifest was changed.",)


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
@settings(max_examples=60)
def test_a_container_gives_back_its_files(files: dict[str, bytes]) -> None:
    assert unpack(pack(files)) == files


@given(st.binary(max_size=200))
def test_other_bytes_are_no_container(data: bytes) -> None:
    with pytest.raises(DamagedError):
        unpack(data)
