"""``audittui import`` tells all that it did not do: conflicts, rejections, failures midway."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from audittui.cli.main import run as run_command
from audittui.entry import Entry, decode_body
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.layout.native import ENTRY
from audittui.layout.row import Item
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the store ``case.db`` of an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("AUDITTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AUDITTUI_STORE", "case.db")
    for name in ("AUDITTUI_TABLE", "AUDITTUI_PROFILE", "AUDITTUI_TRUSTED_KEYS"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, text: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        code = run_command(list(words))
        return Done(code, *capsys.readouterr())

    return call


def record(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "eventTime": f"2026-11-24T10:00:{number:02d}Z", "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets", "eventID": f"e{number}", **fields,
    }  # fmt: skip


def log_file(path: Path, *records: dict[str, Any]) -> str:
    path.write_text(json.dumps({"Records": records}), encoding="utf-8")
    return str(path)


def line(number: int, **fields: Any) -> str:
    time = f"2026-11-24T10:{number // 60:02d}:{number % 60:02d}Z"
    return json.dumps({"actor": f"a{number}", "action": "b", "time": time, **fields}) + "\n"


def entries(chain: str = "main/0") -> list[Entry]:
    """The entries of ``case.db``."""
    store = SqliteStore("case.db", load_layout("native"), read_only=True)
    request = Query(index="", partition=("pk", ENTRY + chain), sort="sk")
    found = [decode_body(item["body"].encode()) for item in store.query(request).items]
    store.close()
    return found


def test_the_same_event_with_other_content_is_kept_out_loudly(run: Run, tmp_path: Path) -> None:
    forged = log_file(tmp_path / "forged.json", record(1, sourceIPAddress="10.6.6.6"))
    genuine = log_file(tmp_path / "genuine.json", record(1), record(2))
    assert run("import", "cloudtrail", forged).code == 0
    done = run("import", "cloudtrail", genuine, "--rejects", "rejects.jsonl")
    assert done.code == 3
    assert f"In conflict: {genuine}, record 1: the key cloudtrail:e1 was used for" in done.err
    assert "cloudtrail/0 0" in done.err and "1 not imported" in done.err
    assert "2 read, 1 added, 0 already there, 0 rejected, 1 in conflict." in done.err
    (listed,) = map(json.loads, Path("rejects.jsonl").read_text(encoding="utf-8").splitlines())
    assert (listed["file"], listed["record"], listed["conflict"]) == (genuine, 1, True)
    assert "cloudtrail/0 0" in listed["reason"]
    # Again: nothing is added, and it is told again.
    again = run("import", "cloudtrail", genuine)
    assert again.code == 3 and "2 read, 0 added, 1 already there" in again.err


def test_conflicts_can_be_kept_and_are_kept_once(run: Run, tmp_path: Path) -> None:
    one = log_file(tmp_path / "one.json", record(1), record(1, sourceIPAddress="10.6.6.6"))
    done = run("import", "cloudtrail", one, "--keep-conflicts")
    assert done.code == 0 and "1 imported under new keys" in done.err
    assert "2 read, 2 added, 0 already there, 0 rejected." in done.err
    again = run("import", "cloudtrail", one, "--keep-conflicts")
    assert again.code == 0 and "2 read, 0 added, 2 already there" in again.err
    assert len(entries("cloudtrail/0")) == 2


def test_a_key_may_stand_for_something_else_in_another_stream(run: Run, tmp_path: Path) -> None:
    run("import", "cloudtrail", log_file(tmp_path / "a.json", record(1, awsRegion="x")))
    done = run("import", "cloudtrail", log_file(tmp_path / "b.json", record(1)), "--chain", "b/0")
    assert done.code == 0 and "1 read, 1 added" in done.err
    same = run("import", "cloudtrail", str(tmp_path / "b.json"), "--chain", "b/1")
    assert same.code == 0 and "1 read, 0 added, 1 already there" in same.err


def test_append_under_a_used_key_is_an_error_that_names_the_entry(run: Run) -> None:
    words = ("append", "--actor", "ann", "--action", "pay", "--idempotency-key", "k")
    first = run(*words)
    assert first.code == 0 and first.out.startswith("main/0 0 ")
    again = run(*words, "--format", "json")
    (place,) = json.loads(again.out)
    assert (place["chain"], place["seq"], place["added"]) == ("main/0", 0, False)
    assert place["hash"] in first.out and "already exists" in again.err
    for other in (("--outcome", "denied"), ("--chain", "main/1", "--outcome", "denied")):
        done = run(*words, *other)
        assert (done.code, done.out) == (1, "")
        assert "key k was used for the entry main/0 0" in done.err
        assert len(done.err.splitlines()) == 1
    assert run(*words, "--chain", "other/0", "--outcome", "denied").code == 0


def test_append_claims_no_outcome_that_nobody_gave(run: Run) -> None:
    run("append", "--actor", "ann", "--action", "pay")
    run("import", "jsonl", "-", text='{"actor": "ann", "action": "pay"}')
    assert [one.outcome for one in entries()] == ["unknown", "unknown"]


@pytest.mark.parametrize(
    "words",
    [
        ("append", "--actor", "", "--action", "b"), ("append", "--actor", "a", "--action", "b",
        "--chain", "x"), ("append", "--actor", "a", "--action", "b", "--time", "noon"),
        ("append", "--actor", "a", "--action", "b", "--details", json.dumps("x" * 70_000)),
        ("import", "cloudtrail", "gone.json"), ("import", "jsonl", "-", "--chain", "x"),
        ("import", "jsonl", "-"), ("import", "jsonl", "-", "--skip", "9"),
        ("import", "jsonl", "-", "--rejects", "no/such/folder"),
    ],
)  # fmt: skip
def test_what_fails_leaves_no_empty_store(run: Run, tmp_path: Path, words: Sequence[str]) -> None:
    done = run(*words, text="not json\n")
    assert done.code in (2, 3) and done.err
    assert list(tmp_path.glob("*.db*")) == []


def test_every_rejection_is_listed_on_request(run: Run) -> None:
    text = "".join("not json\n" if at % 2 else line(at) for at in range(60))
    done = run("import", "jsonl", "-", "--rejects", "rejects.jsonl", text=text)
    assert done.code == 3
    assert "… and 10 more rejected; see rejects.jsonl." in done.err
    listed = [json.loads(one) for one in Path("rejects.jsonl").read_text().splitlines()]
    assert [one["line"] for one in listed] == list(range(2, 61, 2))
    assert {one["file"] for one in listed} == {"standard input"}
    assert all("not JSON" in one["reason"] or one["reason"] for one in listed)
    taken = run("import", "jsonl", "-", "--rejects", "rejects.jsonl", text=text)
    assert taken.code == 2 and "rejects.jsonl" in taken.err
    assert "--rejects FILE lists them all" in run("import", "jsonl", "-", text=text).err


def test_a_misspelt_field_is_told_with_the_one_that_may_be_meant(run: Run) -> None:
    done = run("import", "jsonl", "-", text=line(1, sorce_ip="10.0.0.1") + line(2))
    assert done.code == 3 and "1 added" in done.err
    assert "line 1: unknown field sorce_ip (did you mean source_ip?)" in done.err
    done = run("import", "jsonl", "-", text=line(1, source_digest="x"))
    assert done.code == 3 and "unknown field source_digest" in done.err


def test_the_span_of_what_was_read_is_told(run: Run) -> None:
    done = run("import", "jsonl", "-", text=line(90) + line(5) + '{"actor":"a","action":"b"}')
    assert "Times from 2026-11-24T10:00:05Z to 2026-11-24T10:01:30Z." in done.err
    assert "Times" not in run("import", "jsonl", "-", text='{"actor":"a","action":"b"}').err


def test_the_summary_for_programs(run: Run) -> None:
    text = line(1) + "not json\n" + line(3)
    done = run("import", "jsonl", "-", "--format", "json", text=text)
    (told,) = json.loads(done.out)
    assert done.code == 3 and told["complete"] is False
    assert (told["read"], told["added"], told["rejected"]) == (3, 2, 1)
    assert told["first"] == "2026-11-24T10:00:01.000000Z"
    assert told["rejections"][0]["line"] == 2
    done = run("import", "jsonl", "-", "--format", "jsonl", text=line(1))
    assert done.code == 0 and json.loads(done.out)["complete"] is True


def test_a_digest_file_is_named_as_such(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "digest.json"
    path.write_text(json.dumps({"digestStartTime": "x", "logFiles": []}), encoding="utf-8")
    done = run("import", "cloudtrail", str(path), log_file(tmp_path / "a.json", record(1)))
    assert done.code == 3 and "a CloudTrail digest file" in done.err and "1 added" in done.err


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the store fail at a transaction, counted from now; ``late``: after it landed."""
    put = SqliteStore.put_new_many

    def fail_at(number: int, kind: str, late: bool = False) -> None:
        left = [number]

        def failing(store: SqliteStore, items: Sequence[Item]) -> None:
            left[0] -= 1
            if left[0] == 0:
                if late:
                    put(store, items)
                monkeypatch.setattr(SqliteStore, "put_new_many", put)
                raise StoreError("The connection was lost.", "Try again.", kind=kind)
            put(store, items)

        monkeypatch.setattr(SqliteStore, "put_new_many", failing)

    return fail_at


@pytest.mark.parametrize("after", [1, 2, 4, 6, 7])
def test_a_failure_midway_counts_what_landed_and_goes_on_without_doubling(
    run: Run, breaking: Callable[..., None], after: int
) -> None:
    # One in seven is no record: it counts among those that are dealt with.
    text = "".join("not json\n" if at % 7 == 3 else line(at) for at in range(700))
    breaking(after, "disk")
    done = run("import", "jsonl", "-", "--format", "jsonl", text=text)
    told = json.loads(done.out)
    assert done.code == 1 and told["complete"] is False
    if after > 1:
        assert told["added"] == len(entries()) > 0
        assert f"--skip {told['handled']};" in done.err
        assert "got no answer" not in done.err
    else:
        assert "Nothing was imported." in done.err
    done = run("import", "jsonl", "-", "--skip", str(told["handled"]), text=text)
    assert done.code == 3 and "already there" in done.err
    actors = [one.actor for one in entries()]
    assert len(actors) == len(set(actors)) == 600


def test_a_write_without_an_answer_is_told(run: Run, breaking: Callable[..., None]) -> None:
    text = "".join(map(line, range(300)))
    breaking(2, "network", late=True)
    done = run("import", "jsonl", "-", text=text)
    assert done.code == 1 and "up to 99 more records may have been added" in done.err


@pytest.mark.parametrize("late", [False, True])
def test_keys_made_of_the_content_survive_any_failure(
    run: Run, breaking: Callable[..., None], late: bool
) -> None:
    text = "".join(map(line, range(200))) + line(7) * 3
    words = ("import", "jsonl", "-", "--key-from-content")
    breaking(3, "network", late)
    done = run(*words, text=text)
    assert done.code == 1 and "Run it again" in done.err and "--skip" not in done.err
    assert run(*words, text=text).code == 0
    assert len(entries()) == 203
    again = run(*words, text=text)
    assert again.code == 0 and "203 read, 0 added, 203 already there" in again.err


def test_an_import_of_cloudtrail_can_simply_be_run_again(
    run: Run, breaking: Callable[..., None], tmp_path: Path
) -> None:
    path = log_file(tmp_path / "a.json", *(record(at % 60, eventID=f"e{at}") for at in range(120)))
    breaking(2, "network", late=True)
    done = run("import", "cloudtrail", path)
    assert done.code == 1 and "49 added" in done.err and "Run it again" in done.err
    done = run("import", "cloudtrail", path)
    assert done.code == 0 and "120 read, 22 added, 98 already there" in done.err


def test_skipping_more_than_there_is_is_told(run: Run) -> None:
    done = run("import", "jsonl", "-", "--skip", "5", text=line(1))
    assert done.code == 2 and "--skip 5 exceeds the 1 records that there are" in done.err


def test_ctrl_c_counts_what_landed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put = SqliteStore.put_new_many
    left = [3]

    def interrupted(store: SqliteStore, items: Sequence[Item]) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        put(store, items)

    monkeypatch.setattr(SqliteStore, "put_new_many", interrupted)
    done = run("import", "jsonl", "-", text="".join(map(line, range(400))))
    assert done.code == 3 and "Stopped." in done.err
    assert "198 added" in done.err
    assert "--skip 198;" in done.err and len(entries()) == 198
