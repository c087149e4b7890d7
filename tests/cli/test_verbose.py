"""--verbose tells every request: what it asks, which attempt it is, what came of it."""

from __future__ import annotations

import json
import re
import socket
import uuid
from pathlib import Path

import pytest

from audittui.cli.main import run
from tests.store.conftest import ENDPOINT, no_aws_settings

__all__ = ["no_aws_settings"]

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("AUDITTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("before", [True, False])
def test_attempts_and_the_way_to_the_table_are_told_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], before: bool
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{probe.getsockname()[1]}"
        words = ["show", "main/0", "0", "--table", "t", "--region", "eu-west-1"]
        words += ["--endpoint-url", endpoint]
        assert run(["--verbose", *words] if before else [*words, "--verbose"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Connecting to t (eu-west-1)"
    assert "region: eu-west-1" in lines and f"endpoint: {endpoint}" in lines
    asked = [line for line in lines if line.startswith(">")]
    assert re.fullmatch(r'> 1 GetItem: \{"TableName": "t".*"00000000000000000000".*', asked[0])
    assert asked[1].startswith("> 2 GetItem, attempt 2: ") and len(asked) == 2
    came = [line for line in lines if line.startswith("<")]
    assert all(re.match(r"< \d GetItem: no answer, \d+ ms: Could not connect", one) for one in came)
    assert SECRET not in "\n".join(lines)


def test_without_it_nothing_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    store = str(tmp_path / "case.db")
    assert run(["append", "--store", store, "--actor", "a", "--action", "b"]) == 0
    assert capsys.readouterr().err == ""
    assert run(["show", "main/0", "0", "--store", store, "--verbose", "--format", "jsonl"]) == 0
    assert f"Connecting to {store}" in capsys.readouterr().err


@pytest.mark.dynamodb_local
def test_answers_are_told_with_units_and_ids_and_a_table_is_described_as_one_array(
    capsys: pytest.CaptureFixture[str],
) -> None:
    if not ENDPOINT:
        pytest.skip("AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
    table = ["--table", f"log-{uuid.uuid4().hex}", "--region", "eu-west-1"]
    table += ["--endpoint-url", ENDPOINT]
    assert run(["show", "main/0", "0", *table]) == 2
    assert re.search(r"There is no table .* Request id: \S+\.\n", capsys.readouterr().err)
    assert run(["table", "create", *table, "--without", "by-action"]) == 0
    assert run(["append", *table, "--actor", "a", "--action", "b"]) == 0
    capsys.readouterr()
    assert run(["run", "time-window", *table, "--verbose", "--format", "json"]) == 0
    told = capsys.readouterr()
    assert len(json.loads(told.out)) == 1
    assert re.search(r"< \d Query: 200, 0\.5 units, \d+ ms, request id \S+\n", told.err)
    assert run(["table", "describe", *table, "--format", "json", "--verbose"]) == 0
    told = capsys.readouterr()
    (described,) = json.loads(told.out)
    assert described["partition"] == {"attribute": "pk", "type": "S"}
    assert described["agrees"] is False and len(described["indexes"]) == 5
    assert "DescribeTable: 200" in told.err
