"""Items of chains that the registry does not name: named as such, and never in order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from audittui.entry import Draft, decode_body, encode_body, hash_body
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.tlog.keys import SignerKey
from audittui.layout.native import item_of
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering
from tests.cli.bench import LAYOUT, CommandLine

CHAIN = "payments/0"
LOOKALIKES = ("payments/O", "\u0440ayments/0")
WINDOW = ("-p", "window=-1h..now")
KEY = SignerKey("audit.example.com", bytes(range(32)))


class Bench:
    """A store with one chain, and the command line."""

    def __init__(self, run: CommandLine) -> None:
        self.store = SqliteStore(str(run.store), LAYOUT, create=True)
        self.run = run
        self.append(CHAIN, 3)

    def append(self, chain: str, count: int) -> None:
        AuditLog(self.store, chain).append_many([Draft(actor="a", action="b")] * count)

    def plant(self, chain: str, **more: Any) -> None:
        """An item of another chain in the buckets of a registered one."""
        found = dict(self.store.get(LAYOUT.key(CHAIN, 1)).item or {})
        entry = decode_body(found["body"].encode())
        entry = msgspec.structs.replace(entry, chain=chain, seq=0, prev_hash="0" * 64)
        body = encode_body(entry)
        item = item_of(entry, body, hash_body(body))
        tampering.overwrite(self.store, {**item, "bucket": found["bucket"], **more})

    def __call__(self, *words: Any, code: int = 0) -> tuple[str, str]:
        return self.run(*words, code=code)

    def rows(self, *more: str, form: str, code: int) -> tuple[str, str]:
        return self("run", "actor-activity", "-p", "actor=a", *WINDOW, "--format", form, *more,
                    code=code)  # fmt: skip


@pytest.fixture
def bench(command_line: CommandLine) -> Iterator[Bench]:
    bench = Bench(command_line)
    yield bench
    bench.store.close()


def test_rows_of_one_chain_do_not_name_it(bench: Bench) -> None:
    out, err = bench.rows(form="table", code=0)
    assert CHAIN not in out
    assert "Warning" not in err


def test_rows_of_several_chains_name_theirs(bench: Bench) -> None:
    bench.append("logins/0", 1)
    out, _ = bench.rows(form="table", code=0)
    assert out.splitlines()[0].split()[-1] == "chain"
    assert "logins/0" in out
    assert CHAIN in out
    assert "not in the registry" not in out
    assert "| chain |" in bench.rows(form="markdown", code=0)[0]


@pytest.mark.parametrize("chain", LOOKALIKES)
def test_a_row_of_a_chain_that_is_not_registered_is_named(bench: Bench, chain: str) -> None:
    bench.plant(chain)
    out, err = bench.rows(form="table", code=3)
    assert out.count("(not in the registry)") == 1
    assert "1 row does not belong to this log, and nothing vouches for the content" in err
    assert "(not in the registry)" in bench.rows(form="markdown", code=3)[0]
    rows = json.loads(bench.rows(form="json", code=3)[0])
    assert [row["chain"] for row in rows if row.get("stranger") == "not in the registry"] == [chain]
    lines = bench.rows(form="jsonl", code=3)[0].splitlines()
    assert sum("stranger" in json.loads(line) for line in lines) == 1
    found = list(csv.DictReader(io.StringIO(bench.rows(form="csv", code=3)[0])))
    assert [row["chain"] for row in found if row["chain"] != CHAIN] == [
        f"{chain} (not in the registry)"
    ]


@pytest.mark.parametrize(
    "key",
    [{"pk": "session#7"}, {"pk": f"entry#{CHAIN}", "sk": "7"},
     {"pk": f"entry#{CHAIN}", "sk": f"{1:020d}x"}],
)  # fmt: skip
def test_a_row_under_a_key_of_no_entry_is_named(bench: Bench, key: dict[str, str]) -> None:
    bench.plant(CHAIN, **key)
    out, err = bench.rows(form="table", code=3)
    assert "(not the key of an entry)" in out
    assert key["pk"] in err


def test_a_chain_born_while_a_run_goes_on_is_no_stranger(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audittui.connection import Connection

    facts = Connection.facts

    def early(self: Connection) -> Any:
        return msgspec.structs.replace(facts(self), chains=(CHAIN,))

    bench.append("logins/0", 1)

    monkeypatch.setattr(Connection, "facts", early)
    out, err = bench.rows(form="table", code=0)
    assert "logins/0" in out
    assert "to read the registry again" in err


@pytest.mark.parametrize("chain", LOOKALIKES)
def test_no_entry_of_a_chain_that_is_not_registered_is_in_order(bench: Bench, chain: str) -> None:
    bench.plant(chain)
    out, _ = bench("verify", chain, 0, code=4)
    assert ": INDEX MISMATCH. " in out
    assert "The registry does not list the chain" in out
    bench("verify", "--chain", chain, code=4)
    out, err = bench("show", chain, 0, code=3)
    assert "is not in the registry" in err
    [body] = json.loads(bench("show", chain, 0, "--format", "json", code=3)[0])
    assert body["chain"] == chain
    assert "There is no chain" in bench("show", chain, 1, code=2)[1]


def test_every_entry_asks_the_registry_and_pays_for_it(bench: Bench) -> None:
    out, _ = bench("verify", CHAIN, 2)
    assert "holds       registry" in out
    tampering.delete(bench.store, {"pk": "chains", "sk": CHAIN})
    bench("verify", CHAIN, 2, code=4)
    bench("verify", "--chain", CHAIN, "--since", 1, code=4)


class TestElsewhere:
    """A reader in another region than the chain is written in."""

    @pytest.fixture(autouse=True)
    def replica(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        item = bench.store.get({"pk": "chains", "sk": CHAIN}).item
        tampering.overwrite(bench.store, {**dict(item or {}), "region": "eu-west-1"})
        monkeypatch.setattr(SqliteStore, "region", property(lambda _: "us-east-1"))
        monkeypatch.setenv("AUDITTUI_TRUSTED_KEYS", KEY.verifier.text)

    def test_what_is_absent_may_not_be_replicated_yet(self, bench: Bench) -> None:
        tampering.delete(bench.store, LAYOUT.key(CHAIN, 1))
        out, err = bench("verify", "--all", code=3)
        assert f"{CHAIN} 1: MISSING (may not be replicated yet)." in out
        assert "The chain is written in eu-west-1: verify it there with --region eu-west-1." in out
        assert "cannot be settled yet" in err
        bench("verify", CHAIN, 1, code=3)
        assert "--region eu-west-1" in bench("show", CHAIN, 1, code=2)[1]

    def test_an_end_that_is_absent_may_not_be_replicated_yet(self, bench: Bench) -> None:
        Sealer(bench.store, LAYOUT, CHAIN, KEY).seal()
        tampering.delete(bench.store, LAYOUT.key(CHAIN, 2))
        out, _ = bench("verify", "--all", code=3)
        assert f"{CHAIN} 2: TRUNCATED (may not be replicated yet)." in out
        assert "TRUNCATED (may not be replicated yet)" in bench("verify", CHAIN, 2, code=3)[0]

    def test_an_older_checkpoint_may_only_be_late(self, bench: Bench) -> None:
        Sealer(bench.store, LAYOUT, CHAIN, KEY).seal(up_to=2)
        Sealer(bench.store, LAYOUT, CHAIN, KEY).seal()
        bench("verify", "--all")
        tampering.delete(bench.store, {"pk": f"checkpoint#{CHAIN}", "sk": f"{3:020d}"})
        out, _ = bench("verify", "--all", code=3)
        assert "REWRITTEN (may not be replicated yet)" in out
        assert "--region eu-west-1" in out
        bench("verify", CHAIN, 1, code=3)

    def test_what_is_there_and_wrong_is_no_lag(self, bench: Bench) -> None:
        item = dict(bench.store.get(LAYOUT.key(CHAIN, 1)).item or {})
        tampering.overwrite(bench.store, {**item, "body": item["body"].replace('"a"', '"c"')})
        bench("verify", "--all", code=4)
        bench("verify", CHAIN, 1, code=4)


class TestLives:
    """A life into which an item of an unregistered chain was put."""

    @pytest.fixture(autouse=True)
    def life(self, bench: Bench) -> None:
        log = AuditLog(bench.store, CHAIN)
        log.append(Draft(actor="a1", action="iam:CreateRole", resource="R", after={"admin": False}))
        log.append(Draft(actor="a2", action="iam:UpdateRole", resource="R", after={"admin": True}))
        log.append(Draft(actor="a3", action="iam:UpdateRole", resource="R", after={"admin": True}))
        found = dict(bench.store.get(LAYOUT.key(CHAIN, 4)).item or {})
        entry = decode_body(found["body"].encode())
        entry = msgspec.structs.replace(
            entry, chain="payments/O", seq=0, actor="forger", after={"admin": False}
        )
        body = encode_body(entry)
        item = item_of(entry, body, hash_body(body))
        tampering.overwrite(bench.store, {**item, "bucket": found["bucket"]})

    def test_its_entry_is_named_and_the_exit_code_is_never_0(self, bench: Bench) -> None:
        out, err = bench("trace", "R", "--main-only", code=3)
        assert "[payments/O (not in the registry) 0]" in out
        assert "Warning: 1 row does not belong to this log" in err
        steps = json.loads(bench("trace", "R", "--main-only", "--format", "json", code=3)[0])
        assert [one.get("stranger") for one in steps].count("not in the registry") == 1

    def test_what_it_says_is_laid_to_nobody(self, bench: Bench) -> None:
        steps = json.loads(bench("trace", "R", "--main-only", "--format", "json", code=3)[0])
        changes = {one["actor"]: one["changes"] for one in steps}
        assert changes["forger"] is None
        assert [one["path"] for one in changes["a2"]] == ["admin"]
        assert changes["a3"] == []
        unknown = {one["actor"]: one["unknown"] for one in steps}
        assert unknown["forger"] == "nothing vouches for this entry (not in the registry)"


def test_a_stranger_begins_no_life(bench: Bench) -> None:
    log = AuditLog(bench.store, CHAIN)
    log.append(Draft(actor="a", action="iam:UpdateRole", resource="R"))
    bench.plant("payments/O", resource="R", action="iam:CreateRole")
    assert "its creation is not in the log" in bench("trace", "R", "--main-only", code=3)[1]


def test_groups_tell_the_events_that_are_not_of_this_log(bench: Bench) -> None:
    AuditLog(bench.store, CHAIN).append_many([Draft(actor="u", action="x", outcome="failure")] * 2)
    found = dict(bench.store.get(LAYOUT.key(CHAIN, 3)).item or {})
    tampering.overwrite(bench.store, {**found, "pk": "entry#payments/O", "sk": f"{0:020d}"})
    words = ("run", "repeated-failures", "-p", "threshold=3", *WINDOW, "--format")
    out, err = bench(*words, "table", code=3)
    assert out.splitlines()[0].split()[-1] == "strangers"
    assert out.splitlines()[1].split()[-1] == "1"
    assert "Warning: 1 row does not belong to this log" in err
    (group,) = json.loads(bench(*words, "json", code=3)[0])
    assert [one.get("stranger") for one in group["events"]].count("not in the registry") == 1
    (row,) = csv.DictReader(io.StringIO(bench(*words, "csv", code=3)[0]))
    assert row["strangers"] == "1"


COUNT = ("run", "actor-activity", "-p", "actor=a", *WINDOW, "--count")


@pytest.mark.parametrize("chain", LOOKALIKES)
def test_a_count_names_the_strangers_in_it(bench: Bench, chain: str) -> None:
    assert bench(*COUNT)[0] == "3\n"
    bench.plant(chain)
    out, err = bench(*COUNT, code=3)
    assert out == "4\n"
    listed = bench.rows(form="table", code=3)[1]
    (warning,) = (line for line in listed.splitlines() if line.startswith("Warning: "))
    assert "1 row does not belong to this log" in warning
    assert warning in err.splitlines()


@pytest.mark.parametrize(
    "key",
    [{"pk": "session#7"}, {"pk": f"entry#{CHAIN}", "sk": "7"},
     {"pk": f"entry#{CHAIN}", "sk": f"{1:020d}x"}],
)  # fmt: skip
def test_a_count_names_what_lies_under_a_key_of_no_entry(bench: Bench, key: dict[str, str]) -> None:
    bench.plant(CHAIN, **key)
    out, err = bench(*COUNT, code=3)
    assert out == "4\n"
    assert f"{key['pk']} {key.get('sk', f'{0:020d}')} (not the key of an entry, 1)" in err
    assert "(not the key of an entry, 1)" in bench.rows(form="table", code=3)[1]


def test_a_chain_born_while_its_entries_are_counted_is_no_stranger(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audittui.connection import Connection

    facts = Connection.facts
    bench.append("logins/0", 1)
    monkeypatch.setattr(
        Connection, "facts", lambda self: msgspec.structs.replace(facts(self), chains=(CHAIN,))
    )
    out, err = bench(*COUNT)
    assert out == "4\n"
    assert "to read the registry again" in err


def test_a_stopped_count_names_the_strangers_in_its_number_alone(bench: Bench) -> None:
    bench.append(CHAIN, 60)
    bench.plant("payments/O")
    counted = named = 0
    cursor: tuple[str, ...] = ()
    while True:
        found, out, err = bench.run.ended(*COUNT, "--max-rcu", "1.5", *cursor)
        assert found == (3 if "Cursor: " in err or "Warning: " in err else 0), err
        counted += int(out)
        named += "payments/O" in err
        if "--resume " not in err:
            break
        cursor = ("--resume", err.split("--resume ")[1].split()[0])
    assert (counted, named) == (64, 1)
