"""Eight writer processes on shared chains, killed two hundred times: nothing is lost or forked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from audittui.entry import NO_HASH, decode_body, hash_body
from audittui.layout import load_layout
from audittui.layout.native import ENTRY, REGISTRY
from audittui.store.dynamodb import create_table, open_table
from audittui.store.port import Item, Query, Store

ENDPOINT = os.environ.get("AUDITTUI_TEST_ENDPOINT")
KILLS = 220
pytestmark = [
    pytest.mark.dynamodb_local,
    pytest.mark.skipif(not ENDPOINT, reason="AUDITTUI_TEST_ENDPOINT names no DynamoDB Local"),
]


def read_all(store: Store, partition: str) -> list[Item]:
    items: list[Item] = []
    start = None
    while True:
        page = store.query(
            Query(
                index="", partition=("pk", partition), sort="sk", consistent=True, start_key=start
            )
        )
        items += page.items
        start = page.last_key
        if start is None:
            return items


class Aftermath:
    """What is in the table, and what writers were told, after the last one is gone."""

    def __init__(self, store: Store, folder: Path, told: dict[str, int]) -> None:
        self.told = told
        self.faults = [path.read_text() for path in sorted(folder.glob("*.fault"))]
        self.acknowledged: list[dict[str, Any]] = [
            json.loads(line)
            for path in sorted(folder.glob("*.jsonl"))
            for line in path.read_text().splitlines()
        ]
        self.registered = [str(item["sk"]) for item in read_all(store, REGISTRY)]
        self.chains = {chain: read_all(store, ENTRY + chain) for chain in self.registered}
        for chain in {ack["chain"] for ack in self.acknowledged} - set(self.chains):
            self.chains[chain] = read_all(store, ENTRY + chain)


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    assert ENDPOINT
    table = f"killed-{uuid.uuid4().hex[:12]}"
    folder = tmp_path_factory.mktemp("acknowledged")
    settings = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    layout = load_layout("native")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        create_table(
            table, layout, region="eu-west-1", endpoint_url=ENDPOINT, aws_profile=None,
            without=frozenset(), wait=True, progress=lambda _: None,
        )  # fmt: skip
        seed = int.from_bytes(os.urandom(3), "big")
        program = Path(__file__).with_name("killed_writers.py")
        done = subprocess.run(
            [sys.executable, str(program), table, ENDPOINT, str(folder), str(KILLS), str(seed)],
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        store = open_table(
            table, layout, region="eu-west-1", endpoint_url=ENDPOINT, aws_profile=None
        )
        return Aftermath(store, folder, json.loads(done.stdout))


def test_the_writers_were_killed_and_the_survivors_went_on(aftermath: Aftermath) -> None:
    assert aftermath.told["killed"] >= 200
    assert aftermath.told["finished"] == 8
    assert aftermath.faults == []
    assert len(aftermath.acknowledged) > aftermath.told["killed"]


def test_seq_is_contiguous_from_zero_and_every_link_holds(aftermath: Aftermath) -> None:
    for chain, items in aftermath.chains.items():
        assert [item["sk"] for item in items] == [f"{seq:020d}" for seq in range(len(items))]
        before = NO_HASH
        for seq, item in enumerate(items):
            body = item["body"].encode()
            entry = decode_body(body)
            assert (entry.chain, entry.seq, entry.prev_hash) == (chain, seq, before)
            assert item["hash"] == hash_body(body)
            before = item["hash"].hex()


def test_the_registry_knows_every_chain_and_no_chain_is_registered_empty(
    aftermath: Aftermath,
) -> None:
    assert set(aftermath.registered) == set(aftermath.chains)
    assert all(aftermath.chains.values())
    born = [chain for chain in aftermath.chains if chain.startswith("births/")]
    assert len(born) >= 10


def test_every_acknowledged_entry_is_where_it_was_said_to_be(aftermath: Aftermath) -> None:
    for ack in aftermath.acknowledged:
        item = aftermath.chains[ack["chain"]][ack["seq"]]
        assert item["hash"].hex() == ack["hash"]
        assert item.get("request_id") == ack["token"]


def test_no_place_is_acknowledged_twice(aftermath: Aftermath) -> None:
    added = Counter((ack["chain"], ack["seq"]) for ack in aftermath.acknowledged if ack["added"])
    assert max(added.values()) == 1


def test_every_entry_is_written_at_most_once(aftermath: Aftermath) -> None:
    items = [item for chain in aftermath.chains.values() for item in chain]
    tokens = Counter(item["request_id"] for item in items if "request_id" in item)
    # A key is a stream's own.
    keyed = Counter(
        (item["pk"].partition("/")[0], item["resource"]) for item in items if "resource" in item
    )
    ids = Counter(decode_body(item["body"].encode()).id for item in items)
    assert max(tokens.values()) == max(keyed.values()) == max(ids.values()) == 1


def test_a_key_has_one_place_whoever_asked(aftermath: Aftermath) -> None:
    places = defaultdict(set)
    for ack in aftermath.acknowledged:
        if ack["key"]:
            stream = ack["chain"].partition("/")[0]
            places[stream, ack["key"]].add((ack["chain"], ack["seq"], ack["hash"]))
    assert len(places) > 20
    assert {len(found) for found in places.values()} == {1}
