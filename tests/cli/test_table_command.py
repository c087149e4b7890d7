"""``audittui table`` against a table service in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.cli.bench import Bench

TABLE = ("--table", "audit-log", "--region", "eu-west-1")


@pytest.fixture
def table(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.delenv("AUDITTUI_STORE")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield bench


def test_a_table_is_made_once_and_described(table: Bench) -> None:
    out, _ = table("table", "create", *TABLE)
    assert "audit-log" in out
    again, _ = table("table", "create", *TABLE)
    assert "exists" in again
    out, _ = table("table", "describe", *TABLE)
    lines = dict(line.split(maxsplit=1) for line in out.splitlines()[:8])
    assert lines["Table"] == "audit-log, ACTIVE"
    assert lines["Keys"] == "pk, sk"
    assert lines["Items"].startswith("0, 0.0 MB")
    assert lines["Indexes"] == "6"
    assert "\n  by-time     bucket, time; 0 items" in out
    assert out.endswith("The table matches the layout native.\n")


def test_an_index_that_was_left_out_is_no_fault_but_is_told(table: Bench) -> None:
    table("table", "create", *TABLE, "--without", "by-action", "--without", "by-resource")
    out, _ = table("table", "describe", *TABLE)
    assert "Indexes     4\n" in out
    assert out.count("Differs     ") == 2
    assert "The table matches" not in out
    (found,) = json.loads(table("table", "describe", *TABLE, "--format", "json")[0])
    assert found["agrees"] is False
    assert len(found["differences"]) == 2
    assert found["layout"] == "native"
    assert found["partition"] == {"attribute": "pk", "type": "S"}
    assert "template" not in json.dumps(found)


def test_a_table_that_is_not_there_is_usage(table: Bench) -> None:
    for words in (("table", "describe"), ("show", "main/0", 0), ("verify", "--all"),
                  ("run", "time-window"), ("seal", "--key", "gone")):  # fmt: skip
        _, err = table(*words, *TABLE, code=2)
        assert "There is no table audit-log" in err or "The key gone cannot be read" in err


def test_a_log_in_a_table_is_asked_like_one_in_a_file(table: Bench) -> None:
    table("table", "create", *TABLE)
    for _ in range(2):
        table("append", *TABLE, "--actor", "ann", "--action", "door.open")
    out, err = table("run", "actor-activity", "-p", "actor=ann", *TABLE, "--format", "jsonl")
    assert [json.loads(line)["seq"] for line in out.splitlines()] == [1, 0]
    assert "2 rows: complete" in err
    assert table("run", "actor-activity", "-p", "actor=ann", *TABLE, "--count")[0] == "2\n"
    assert "main/0 is consistent: 2 chained" in table("verify", "--all", *TABLE)[1]
