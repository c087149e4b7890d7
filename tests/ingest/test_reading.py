"""Damaged files: every whole record is read, and the place of each fault is told."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.entry import Draft
from audittui.errors import UsageError
from audittui.ingest.cloudtrail.read import SUFFIXES, read_cloudtrail
from audittui.ingest.jsonl import read_jsonl
from audittui.ingest.run import Ingestion
from audittui.ingest.source import Rejected, files_in
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

COUNT = 50


def record(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.08", "eventTime": "2026-11-24T10:00:00Z",
        "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "eventID": f"e{number}",
        **fields,
    }  # fmt: skip


RECORDS = [record(number) for number in range(1, COUNT + 1)]
WHOLE = json.dumps({"Records": RECORDS}).encode()
PRETTY = json.dumps({"Records": RECORDS}, indent=1).encode()


def read(path: Path, data: bytes) -> tuple[list[str], list[tuple[str, str]]]:
    """The event numbers read, and the rejections' positions and reasons."""
    path.write_bytes(data)
    made = [one.made for one in read_cloudtrail([path])]
    events = [str(one.idempotency_key).partition(":e")[2] for one in made if isinstance(one, Draft)]
    return events, [(one.position, one.reason) for one in made if isinstance(one, Rejected)]


def numbers(*, without: int = 0, to: int = COUNT) -> list[str]:
    return [str(number) for number in range(1, to + 1) if number != without]


@pytest.mark.parametrize("whole", [WHOLE, PRETTY], ids=["one line", "pretty"])
@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (b'"eventID": "e7", "eventID": "z"', "twice"), (b'"eventID": "e7", "a": NaN', "NaN"),
        (b'"eventID": "e7", "a": "\\ud800"', "surrogate"), (b'"eventID": "e7", "a": tru', "JSON"),
        (b'"eventID": "e7", "a": "\xff"', "UTF-8"), (b'"eventID": "e7" "a": [{"}]": 1}]', "JSON"),
        (b'"eventID: "e7"', "JSON"), (b'"eventID": "e7", "a": [', "JSON"),
    ],
)  # fmt: skip
def test_one_bad_record_rejects_itself_only(
    tmp_path: Path, whole: bytes, bad: bytes, told: str
) -> None:
    data = whole.replace(b'"eventID": "e7"', bad)
    events, rejected = read(tmp_path / "a.json", data)
    assert events == numbers(without=7)
    assert [position for position, _ in rejected] == ["record 7"] and told in rejected[0][1]


@pytest.mark.parametrize("bad", [b"x,", b'{"a" 1},', b'{"a": [},'])
def test_many_bad_records_are_each_told(tmp_path: Path, bad: bytes) -> None:
    data = b'{"Records": [' + bad * 300 + WHOLE.removeprefix(b'{"Records": [')
    events, rejected = read(tmp_path / "a.json", data)
    assert events == numbers()
    if b"[" not in bad:
        assert [position for position, _ in rejected] == [f"record {at}" for at in range(1, 301)]


@pytest.mark.parametrize("whole", [WHOLE, PRETTY], ids=["one line", "pretty"])
def test_a_file_that_is_cut_off_gives_what_is_whole(tmp_path: Path, whole: bytes) -> None:
    events, rejected = read(tmp_path / "a.json", whole[: whole.index(b'"e48"')])
    assert events == numbers(to=47)
    assert [position for position, _ in rejected] == ["record 48"] and "cut off" in rejected[0][1]


@settings(max_examples=60)
@given(st.integers(1, len(WHOLE) - 1))
def test_a_cut_anywhere_is_said_once_and_loses_no_whole_record(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    data = WHOLE[:cut]
    events, rejected = read(tmp_path_factory.getbasetemp() / "cut.json", data)
    assert len(events) == data.count(b"}", len(b'{"Records": '))
    assert len(rejected) == 1


def test_a_cut_gzip_file_gives_what_can_be_unpacked(tmp_path: Path) -> None:
    noise = [record(number, noise=os.urandom(300).hex()) for number in range(1, COUNT + 1)]
    packed = gzip.compress(json.dumps({"Records": noise}).encode())
    events, rejected = read(tmp_path / "a.json.gz", packed[: len(packed) // 2])
    assert 15 < len(events) < 35 and events == numbers(to=len(events))
    assert len(rejected) == 1 and "gzip" in rejected[0][1]
    assert rejected[0][0] == f"record {len(events) + 1}"


def test_damage_after_the_last_record_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(WHOLE)
    events, rejected = read(tmp_path / "a.json.gz", packed[:-2])
    assert events == numbers() and len(rejected) == 1 and "gzip" in rejected[0][1]


def test_json_lines_in_a_cut_gzip_file_are_kept(tmp_path: Path) -> None:
    lines = "".join(
        json.dumps({"actor": "a", "action": "b", "details": os.urandom(300).hex()}) + "\n"
        for _ in range(COUNT)
    )
    packed = gzip.compress(lines.encode())
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(packed[: len(packed) // 2])
    made = [one.made for one in read_jsonl([path])]
    assert 15 < sum(isinstance(one, Draft) for one in made) < 35
    assert "gzip" in [one.reason for one in made if isinstance(one, Rejected)][-1]


@pytest.mark.parametrize("place", [100, -6], ids=["in the data", "in the checksum"])
def test_damaged_gzip_data_is_said_in_words(tmp_path: Path, place: int) -> None:
    chance = random.Random(7)
    noise = [record(number, noise=chance.randbytes(300).hex()) for number in range(1, COUNT + 1)]
    packed = bytearray(gzip.compress(json.dumps({"Records": noise}).encode()))
    packed[place : place + 4 if place > 0 else None] = b"\xff" * (4 if place > 0 else 6)
    _, rejected = read(tmp_path / "a.json.gz", bytes(packed))
    assert "the gzip data is damaged" in rejected[-1][1]


def test_a_dash_is_standard_input_and_everything_else_a_path(tmp_path: Path) -> None:
    line = b'{"actor": "%s", "action": "b"}\n'
    path = tmp_path / "a.jsonl"
    path.write_bytes(line % b"file")
    found = read_jsonl([path, Path("-")], io.BytesIO(line % b"pipe"))
    assert [(one.made.actor, one.file) for one in found if isinstance(one.made, Draft)] == [
        ("file", str(path)), ("pipe", "standard input"),
    ]  # fmt: skip
    # Where nothing is piped in, it is a file of that name, and there is none.
    with pytest.raises(UsageError, match="no file -"):
        list(read_jsonl([Path("-")]))


def test_files_joined_together_are_read(tmp_path: Path) -> None:
    one, two = ({"Records": [record(at), record(at + 1)]} for at in (1, 3))
    for joint in ("", "\n"):
        data = joint.join(json.dumps(each) for each in (one, two)).encode()
        assert read(tmp_path / "a.json", data) == (numbers(to=4), [])


def test_a_broken_single_record_is_one_rejection(tmp_path: Path) -> None:
    data = json.dumps(record(1), indent=1).encode()[:-4]
    assert [position for position, _ in read(tmp_path / "a.json", data)[1]] == [""]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path / "a.json", b"\xef\xbb\xbf" + WHOLE) == (numbers(), [])
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"actor": "a", "action": "b"}\n')
    assert [type(one.made) for one in read_jsonl([path])] == [Draft]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("data", [WHOLE, gzip.compress(WHOLE)], ids=["plain", "gzip"])
def test_a_pipe_is_read(tmp_path: Path, data: bytes) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_bytes, args=(data,), daemon=True).start()
    assert [type(one.made) for one in read_cloudtrail([pipe])] == [Draft] * COUNT


def test_a_folder_without_logs_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match=r"no .*\.json") as caught:
        files_in([tmp_path], SUFFIXES)
    assert str(tmp_path) in caught.value.message


def test_progress_moves_with_the_records(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(WHOLE)
    done = [one.bytes_done for one in read_cloudtrail([path, path])]
    assert done == sorted(done) and len(set(done)) == 2 * COUNT
    assert done[-1] == 2 * len(WHOLE) and done[COUNT - 1] == len(WHOLE)


def test_a_reason_is_never_long(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"x" * 50_000: 1}), encoding="utf-8")
    (one,) = read_jsonl([path])
    assert isinstance(one.made, Rejected) and len(one.made.reason) <= 300


def test_a_key_that_cannot_be_stored_does_not_end_the_import(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps({"Records": [record(1), {**record(2), "eventID": "e" * 3000}, record(3)]}),
        encoding="utf-8",
    )
    (tmp_path / "b.jsonl").write_text(
        "".join(
            json.dumps({"actor": "a", "action": "b", "idempotency_key": key}) + "\n"
            for key in ("", "k" * 3000, "good")
        ),
        encoding="utf-8",
    )
    log = AuditLog(SqliteStore(":memory:", load_layout("native"), create=True), "t/0")
    first = Ingestion(log).run(read_cloudtrail([tmp_path / "a.json"]), lambda *_: None)
    assert (first.added, [one.position for one in first.rejections]) == (2, ["record 2"])
    second = Ingestion(log).run(read_jsonl([tmp_path / "b.jsonl"]), lambda *_: None)
    assert (second.added, second.rejected) == (1, 2)


def test_shortened_records_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps({"Records": [record(1, x="x" * 70_000), record(2)]}), encoding="utf-8"
    )
    log = AuditLog(SqliteStore(":memory:", load_layout("native"), create=True), "t/0")
    summary = Ingestion(log).run(read_cloudtrail([tmp_path]), lambda *_: None)
    assert (summary.added, summary.shortened) == (2, 1)


@pytest.mark.parametrize("cut", [1, 2])
def test_a_list_without_its_end_is_cut_off(tmp_path: Path, cut: int) -> None:
    place = f"after record {COUNT}"
    assert read(tmp_path / "a.json", WHOLE[:-cut]) == (numbers(), [(place, "cut off")])
    strange = [(place, "what follows is not a list of records")]
    assert read(tmp_path / "a.json", WHOLE[:-1] + b"?") == (numbers(), strange)
    assert read(tmp_path / "a.json", WHOLE + b"?") == (numbers(), strange)


def test_a_stray_bracket_rejects_itself_only(tmp_path: Path) -> None:
    data = b'{"Records": [},' + WHOLE.removeprefix(b'{"Records": [')
    events, rejected = read(tmp_path / "a.json", data)
    assert events == numbers() and [position for position, _ in rejected] == ["record 1"]


@pytest.mark.parametrize("indent", [None, 1])
def test_a_damaged_list_without_a_name_gives_what_is_whole(
    tmp_path: Path, indent: int | None
) -> None:
    data = b" " + json.dumps(RECORDS, indent=indent).encode().replace(b'"e7"', b'"e7')
    events, rejected = read(tmp_path / "a.json", data)
    assert events == numbers(without=7)
    assert [position for position, _ in rejected] == ["record 7"]


def test_records_that_follow_each_other_end_with_the_one_that_is_cut_off(tmp_path: Path) -> None:
    text = "".join(json.dumps(record(number), indent=1) for number in (1, 2, 3))
    events, rejected = read(tmp_path / "a.json", text[:-4].encode())
    assert events == numbers(to=2)
    assert rejected == [("record 3", "cut off; nothing after it could be read")]


def test_records_that_share_a_line_are_read_like_the_others(tmp_path: Path) -> None:
    one, two, three = (json.dumps(record(number)) for number in (1, 2, 3))
    four = json.dumps(record(4, userAgent="} {"))
    data = f"{one}\n\n{two}{three}\n{four}\n".encode()
    assert read(tmp_path / "a.json", data) == (numbers(to=4), [])
    events, rejected = read(tmp_path / "a.json", data.replace(b'"e2"', b'"e2'))
    assert events == ["1", "3", "4"] and [position for position, _ in rejected] == ["line 3"]


def test_a_line_that_is_cut_off_does_not_end_the_lines(tmp_path: Path) -> None:
    one, two, three = (json.dumps(record(number)) for number in (1, 2, 3))
    events, rejected = read(tmp_path / "a.json", f"{one}\n{two[:-9]}\n{three}".encode())
    assert events == ["1", "3"] and [position for position, _ in rejected] == ["line 2"]
    assert rejected[0][1].startswith("not JSON")


def test_records_come_by_time_and_what_makes_a_thing_before_its_use(tmp_path: Path) -> None:
    late = record(1, eventTime="2026-11-24T10:00:01Z")
    use, make = record(2, eventName="PutBucketPolicy"), record(3, eventName="CreateBucket")
    data = json.dumps({"Records": [late, use, make]}).encode()
    assert read(tmp_path / "a.json", data) == (["3", "2", "1"], [])


def test_a_record_says_whether_it_was_shortened(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps([record(1), record(2, x="x" * 70_000), record(3)]), encoding="utf-8"
    )
    assert [one.shortened for one in read_cloudtrail([tmp_path])] == [False, True, False]
