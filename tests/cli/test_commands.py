"""Commands as a user runs them: data on standard output, the rest on standard error, exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import tampering

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]
APPEND = ("append", "--store", "case.db", "--actor", "a", "--action", "b")
DAY = ("run", "time-window", "-p", "window=2024-11-24", "--store", "case.db")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``audittui`` in an empty folder with an empty configuration."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AUDITTUI_", "AWS_"))
    }
    environment |= {"AUDITTUI_CONFIG": str(tmp_path / "config.toml"), "NO_COLOR": "1"}

    def call(*words: str, text: str | None = None, **more: str) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "audittui", *words], capture_output=True, text=True,
            check=False, cwd=tmp_path, env={**environment, **more}, input=text, timeout=60,
        )  # fmt: skip

    return call


@pytest.fixture
def case(run: Run) -> Run:
    """A store ``case.db`` with 30 entries of one chain."""
    lines = "".join(
        json.dumps(
            {
                "actor": "ann" if at % 3 else "bob", "action": "door.open",
                "resource": f"door/{at % 2}", "time": f"2024-11-24T10:00:{at:02d}Z",
                "outcome": "denied" if at % 5 == 0 else "success", "request_id": f"r{at // 2}",
            }
        )
        + "\n"
        for at in range(30)
    )  # fmt: skip
    done = run("import", "jsonl", "-", "--store", "case.db", text=lines)
    assert done.returncode == 0, done.stderr
    assert "30 read, 30 added, 0 already there, 0 rejected." in done.stderr
    return run


def test_formats_say_the_same_rows(case: Run) -> None:
    words = ("run", "actor-activity", "-p", "actor=bob", *DAY[2:])
    lines = [json.loads(line) for line in case(*words, "--format", "jsonl").stdout.splitlines()]
    whole = json.loads(case(*words, "--format", "json").stdout)
    table = list(csv.DictReader(io.StringIO(case(*words, "--format", "csv").stdout)))
    assert lines == whole and len(whole) == 10
    assert [row["seq"] for row in table] == [str(row["seq"]) for row in whole]
    assert [row["seq"] for row in whole] == sorted((row["seq"] for row in whole), reverse=True)
    marked = case(*words, "--format", "markdown").stdout.splitlines()
    assert marked[0].startswith("| time | action |") and len(marked) == 12
    assert marked[2].startswith(f"| {whole[0]['time']} | door.open | door/")
    shown = case(*words)
    assert len(shown.stdout.splitlines()) == 11
    assert "10 rows: complete from 2024-11-24T00:00:00Z to 2024-11-25T00:00:00Z" in shown.stderr


def test_a_limit_is_exit_code_3_and_its_cursor_goes_on(case: Run) -> None:
    words = (*DAY, "--format", "jsonl")
    seqs: list[int] = []
    cursor: list[str] = []
    for _ in range(10):
        done = case(*words, "--limit", "7", *cursor)
        seqs += [json.loads(line)["seq"] for line in done.stdout.splitlines()]
        if done.returncode == 0:
            break
        assert done.returncode == 3
        marked = [line for line in done.stderr.splitlines() if line.startswith("Cursor: ")]
        cursor = ["--resume", marked[0].removeprefix("Cursor: ")]
    assert seqs == list(range(29, -1, -1))


def test_a_relative_window_can_be_resumed_later(run: Run) -> None:
    for at in range(3):
        run("append", "--store", "case.db", "--actor", "ann", "--action", f"a{at}")
    done = run("run", "time-window", "--store", "case.db", "--limit", "1", "--format", "jsonl")
    assert done.returncode == 3
    cursor = next(line for line in done.stderr.splitlines() if line.startswith("Cursor: "))[8:]
    more = run("run", "time-window", "--store", "case.db", "--resume", cursor, "--format", "jsonl")
    assert more.returncode == 0, more.stderr
    assert len(more.stdout.splitlines()) == 2


def test_stats_are_one_object(case: Run, tmp_path: Path) -> None:
    done = case("run", "time-window", "-p", "window=2024-11-24", "--store", "case.db",
                "--stats", "stats.json")  # fmt: skip
    assert done.returncode == 0
    stats = json.loads((tmp_path / "stats.json").read_text(encoding="utf-8"))
    assert {"requests", "pages", "scanned", "returned", "rcu", "elapsed_s", "coverage"} <= set(
        stats
    )
    assert stats["returned"] == 30 and stats["scanned"] == 30


def test_explain_reads_nothing_and_shows_the_plan(case: Run) -> None:
    done = case("run", "time-window", "-p", "window=2024-11-24", "--store", "case.db", "--explain")
    for word in ("by-time", "bucket = main/0#2024-11-24", "RCU", "aws dynamodb query"):
        assert word in done.stdout


def test_show_trace_and_verify(case: Run) -> None:
    shown = case("show", "main/0", "3", "--store", "case.db")
    assert "door.open" in shown.stdout and shown.returncode == 0
    (body,) = json.loads(
        case("show", "main/0", "3", "--store", "case.db", "--format", "json").stdout
    )
    assert (body["chain"], body["seq"]) == ("main/0", 3)
    traced = case("trace", "door/1", "--store", "case.db")
    assert (
        len(traced.stdout.splitlines()) == 15 and "its creation is not in the log" in traced.stderr
    )
    [one] = json.loads(
        case("verify", "main/0", "3", "--store", "case.db", "--format", "json").stdout
    )
    assert one["verdict"] == "CHAINED" and one["steps"]
    every = case("verify", "--all", "--store", "case.db", "--format", "json")
    assert every.returncode == 0
    assert [one["seq"] for one in json.loads(every.stdout)] == list(range(30))


def test_a_tampered_entry_is_exit_code_4(case: Run, tmp_path: Path) -> None:
    from audittui.layout import load_layout
    from audittui.store.sqlite import SqliteStore

    store = SqliteStore(str(tmp_path / "case.db"), load_layout("native"))
    item = store.get({"pk": "entry#main/0", "sk": f"{7:020d}"}).item
    assert item is not None
    tampering.overwrite(store, {**item, "body": item["body"].replace("door.open", "door.shut")})
    store.close()
    swept = case("verify", "--chain", "main/0", "--store", "case.db")
    assert swept.returncode == 4
    assert "main/0 7: MODIFIED" in swept.stdout and "1 MODIFIED (first 7) of 30" in swept.stderr
    assert case("verify", "main/0", "7", "--store", "case.db").returncode == 4
    assert case("verify", "main/0", "8", "--store", "case.db").returncode == 0


def test_a_key_that_stands_twice_in_a_tampered_body_does_not_hide() -> None:
    from audittui.cli.show import pretty
    from tests.tui.json_values import spread

    body = '{"actor":"mallory","actor":"ann"}'
    assert "mallory" in pretty(body)
    with pytest.raises(ValueError):
        spread(body)  # the terminal shows it as it is then
    assert pretty('{"a":1}') == spread('{"a":1}') == '{\n  "a": 1\n}'


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("run", "nothing", "--store", "case.db"), 2, "There is no runbook"),
        (("run", "time-window"), 2, "No table or store is given"),
        (("run", "time-window", "--store", "gone.db"), 2, "There is no store gone.db"),
        (("run", "time-window", "--store", "a", "--table", "b"), 2, "are mutually exclusive"),
        (("run", "time-window", "-p", "window", "--store", "case.db"), 2, "NAME=VALUE"),
        (("run", "time-window", "-p", "window=never", "--store", "case.db"), 2, "window"),
        (("run", "actor-activity", "--store", "case.db"), 2, "actor"),
        (("run", "time-window", "--resume", "xx", "--store", "case.db"), 2, "cursor is damaged"),
        (("run", "time-window", "--format", "xml", "--store", "case.db"), 2, "xml"),
        (("run", "time-window", "--layout", "odd", "--store", "case.db"), 2, "no layout"),
        (("run", "time-window", "--profile", "odd"), 2, "no profile"),
        (("show", "main/0", "99", "--store", "case.db"), 2, "no entry 99"),
        (("verify", "main/0", "99", "--store", "case.db"), 2, "ends at 29"),
        (("verify", "--store", "case.db"), 2, "Say what to verify"),
        (("verify", "--chain", "no/0", "--store", "case.db"), 2, "no chain no/0"),
        ((*APPEND, "--chain", "x"), 2, "is not a chain"),
        ((*APPEND, "--details", "{"), 2, "not JSON"),
        (("import", "cloudtrail", "gone.json", "--store", "case.db"), 2, "no file gone.json"),
        (("import", "jsonl", "case.db", "--store", "config.toml/x.db"), 2, "folder"),
        (("table", "create", "--store", "case.db"), 2, "needs no table"),
        (("nonsense",), 2, "nonsense"),
        ((), 2, "needs a terminal"),
    ],
)
def test_errors_are_one_sentence_and_an_exit_code(
    case: Run, words: tuple[str, ...], code: int, told: str
) -> None:
    done = case(*words)
    assert done.returncode == code, done.stderr
    assert told in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_aws_errors_are_sentences(run: Run) -> None:
    done = run("run", "time-window", "--table", "t", "--region", "eu-west-1",
               "--endpoint-url", "http://127.0.0.1:9", AWS_ACCESS_KEY_ID="x",
               AWS_SECRET_ACCESS_KEY="x", AWS_MAX_ATTEMPTS="1")  # fmt: skip
    assert done.returncode == 1 and "cannot be reached" in done.stderr
    done = run("run", "time-window", "--table", "t", "--region", "eu-west-1",
               AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/none", HOME="/none")  # fmt: skip
    assert done.returncode == 1 and "No AWS credentials were found" in done.stderr


def test_malformed_lines_are_named_and_never_fatal(run: Run, tmp_path: Path) -> None:
    lines = ('{"actor": "a", "action": "b"}', "not json", '{"actor": "a"}',
             '{"actor": "a", "action": "b", "who": 1}')  # fmt: skip
    text = "\n".join(lines)
    (tmp_path / "in.jsonl").write_text(text, encoding="utf-8")
    done = run("import", "jsonl", "in.jsonl", "--store", "case.db")
    assert done.returncode == 3
    assert "4 read, 1 added, 0 already there, 3 rejected." in done.stderr
    for line in ("in.jsonl, line 2", "in.jsonl, line 3", "line 4: unknown field who"):
        assert line in done.stderr


def test_hostile_values_are_escaped_on_the_way_out(run: Run) -> None:
    hostile = "\x1b]52;c;aGk=\x07\u202e[bold]=cmd|' /C calc'!A0"
    run("append", "--store", "case.db", "--actor", hostile, "--action", "=1+1")
    window = ("run", "time-window")
    for words in (window, (*window, "--format", "csv"), (*window, "--format", "jsonl"),
                  ("show", "main/0", "0")):  # fmt: skip
        out = run(*words, "--store", "case.db").stdout
        assert out and not set(out) & {"\x1b", "\x07", "\u202e"}
    table = run("run", "time-window", "--format", "csv", "--store", "case.db").stdout
    assert next(csv.DictReader(io.StringIO(table)))["action"] == "'=1+1"


def test_profiles_and_environment_say_where_to_look(case: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        'profile = "case"\n[profiles.case]\nstore = "case.db"\n', encoding="utf-8"
    )
    assert case("run", "time-window", "-p", "window=2024-11-24").returncode == 0
    (tmp_path / "config.toml").unlink()
    found = case("run", "time-window", "-p", "window=2024-11-24", AUDITTUI_STORE="case.db")
    assert found.returncode == 0
    above = case("--store", "case.db", "run", "time-window", "-p", "window=2024-11-24")
    assert above.returncode == 0
    (tmp_path / "config.toml").write_text("profil = 3", encoding="utf-8")
    broken = case("run", "time-window")
    assert broken.returncode == 2 and "is invalid" in broken.stderr
    assert case("config", "path").stdout.strip() == str(tmp_path / "config.toml")


def test_runbooks_list_show_and_check(run: Run, tmp_path: Path) -> None:
    listed = run("runbooks", "list")
    assert len(listed.stdout.splitlines()) == 7 and listed.returncode == 0
    assert "actor" in run("runbooks", "show", "actor-activity").stdout
    (tmp_path / "bad.yaml").write_text(
        "name: x\ndescription: d\nquery: {by: tme}\n", encoding="utf-8"
    )
    checked = run("runbooks", "check", "bad.yaml")
    assert checked.returncode == 1 and "bad.yaml:3: query.by" in checked.stdout
    broken = run("runbooks", "list", AUDITTUI_RUNBOOKS=str(tmp_path))
    assert broken.returncode == 3
    assert len(broken.stdout.splitlines()) == 7 and "bad.yaml:3" in broken.stderr


def test_a_broken_application_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from audittui.cli.terminal import run_application
    from audittui.connection import Target
    from audittui.errors import AuditError
    from audittui.tui.app import AuditApp

    def breaks(app: AuditApp) -> None:
        app._exception = ZeroDivisionError("division by zero")

    monkeypatch.setattr(AuditApp, "run", breaks)
    with pytest.raises(AuditError, match="Unexpected error in audittui: ZeroDivisionError"):
        run_application(AuditApp(Target()))


def test_the_future_is_not_claimed(case: Run, tmp_path: Path) -> None:
    ahead = ("run", "time-window", "-p", "window=9000-01-01..9000-02-01", "--store", "case.db")
    done = case(*ahead, "--stats", "stats.json")
    assert done.returncode == 3
    assert "0 rows: the window 9000-01-01T00:00:00Z to" in done.stderr
    assert "complete" not in done.stderr and "Cursor" not in done.stderr
    stats = json.loads((tmp_path / "stats.json").read_text(encoding="utf-8"))
    assert stats["complete"] is False and stats["cursor"] == ""
    around = ("run", "time-window", "-p", "window=-1m..+1h", "--store", "case.db")
    done = case(*around)
    assert done.returncode == 3 and "is in the future" in done.stderr
    assert case(*around[:2], "-p", "window=-1m..now", "--store", "case.db").returncode == 0
