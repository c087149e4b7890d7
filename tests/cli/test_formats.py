"""json is one array and jsonl one object a line; exit codes mean one thing; commands are found."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from audittui.cli.main import run
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from tests import tampering

Ask = Callable[..., tuple[int, str, str]]
DAY = ("-p", "window=2024-11-24")


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs a command in a folder with a store ``case.db`` of four entries; code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("AUDITTUI_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("AUDITTUI_RUNBOOKS", raising=False)

    def call(*words: str) -> tuple[int, str, str]:
        code = run([*words])
        told = capsys.readouterr()
        return code, told.out, told.err

    for at in range(4):
        state = json.dumps({"locked": bool(at % 2)})
        words = ("--actor", "ann", "--action", "door.open", "--resource", "door/1")
        time = f"2024-11-24T10:00:0{at}Z"
        code, _, told = call(
            "append", "--store", "case.db", *words, "--time", time, "--after", state
        )
        assert code == 0, told
    return call


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("run", "time-window", *DAY, "--store", "case.db"), 4),
        (("run", "time-window", "-p", "window=2020-01-01", "--store", "case.db"), 0),
        (("run", "time-window", *DAY, "--store", "case.db", "--count"), 1),
        (("run", "repeated-failures", "-p", "window=2024-11-24", "--store", "case.db"), 0),
        (("trace", "door/1", "--main-only", "--store", "case.db"), 4),
        (("trace", "door/2", "--main-only", "--store", "case.db"), 0),
        (("show", "main/0", "2", "--store", "case.db"), 1),
        (("runbooks", "list"), 7),
        (("key", "show", "key"), 1),
    ],
)
def test_json_is_one_array_of_what_jsonl_has_in_lines(
    ask: Ask, words: tuple[str, ...], count: int
) -> None:
    assert ask("key", "generate", "--name", "audit.example.com", "-o", "key")[0] == 0
    code, array, _ = ask(*words, "--format", "json")
    again, lines, _ = ask(*words, "--format", "jsonl")
    objects = json.loads(array)
    assert (code, again) == (0, 0)
    assert isinstance(objects, list) and len(objects) == count
    assert [json.loads(line) for line in lines.splitlines()] == objects


def test_what_a_run_cost_does_not_stand_behind_the_array(ask: Ask) -> None:
    words = ("run", "time-window", *DAY, "--store", "case.db", "--stats", "-")
    code, out, told = ask(*words, "--format", "json")
    assert code == 2 and out == "" and "second JSON document" in told
    assert ask(*words, "--format", "jsonl")[0] == 0


def test_an_entry_is_shown_as_it_is_stored(ask: Ask) -> None:
    body = ask("show", "main/0", "0", "--store", "case.db", "--format", "jsonl")[1]
    store = SqliteStore("case.db", load_layout("native"))
    item = store.get({"pk": "entry#main/0", "sk": "0" * 20}).item
    store.close()
    assert item is not None and body == item["body"] + "\n"


def test_a_runbook_that_is_broken_is_in_every_format_and_in_the_exit_code(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.yaml").write_text("name: x\ndescription: d\nquery: {by: tme}\n")
    monkeypatch.setenv("AUDITTUI_RUNBOOKS", str(tmp_path))
    code, out, told = ask("runbooks", "list", "--format", "json")
    broken = [one for one in json.loads(out) if one["broken"]]
    assert code == 3 and "7 runbooks, 1 broken." in told
    assert [(one["id"], one["broken"]["line"]) for one in broken] == [("bad", 3)]
    assert ask("runbooks", "list")[0] == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rnu",), "Unknown command 'rnu'. Did you mean run? See audittui --help."),
        (("runbok",), "Did you mean runbooks?"),
        (("verfy", "--all"), "Did you mean verify?"),
        (("checkpoint", "shwo"), "Did you mean show? See audittui checkpoint --help."),
        (("table", "descrieb"), "Did you mean describe?"),
        (("zzz",), "Unknown command 'zzz'. Choose from run, tail,"),
        (("run", "time-window", "--sotre", "x"), "--store"),
        (("run", "time-windw", "--store", "case.db"), "Did you mean time-window?"),
        (("show", "mian/0", "0", "--store", "case.db"), "no chain mian/0. Did you mean main/0?"),
        (("run", "time-window", "--profile", "x"), "There is no profile 'x'. None exist."),
        (("run", "time-window", "--store", "gone.db"), "There is no store gone.db."),
        (("tail", "time-window", "--store", "gone.db"), "There is no store gone.db."),
        (("run", "time-window", "--store", "."), ". is a folder, not a store."),
        (("append", "--store", ".", "--actor", "a", "--action", "b"), ". is a folder, not a store"),
        (("append", "--store", "no/x", "--actor", "a", "--action", "b"), "folder of no/x does not"),
        (("show", "main/0", "99", "--store", "case.db"), "no entry 99 in the chain main/0"),
        (("verify", "--chain", "no/0", "--store", "case.db"), "There is no chain no/0."),
        (("runbooks", "check", "gone.yaml"), "There is no file gone.yaml."),
        (("key", "show", "gone"), "The key gone cannot be read: No such file"),
        (("checkpoint", "verify", "gone"), "gone cannot be read"),
        (("evidence", "verify", "gone.zip"), "gone.zip cannot be read"),
        (("import", "jsonl", "gone", "--store", "case.db"), "There is no file gone."),
        (("config", "check"), "none.toml does not exist"),
        (("--verbose",), "--verbose needs a command"),
    ],
)
def test_what_is_not_there_is_usage_and_the_nearest_is_named(
    ask: Ask, words: tuple[str, ...], told: str
) -> None:
    code, out, said = ask(*words)
    assert code == 2, said
    assert told in said and out == "" and len(said.splitlines()) == 1


class Screen(io.StringIO):
    """A terminal's end of both streams."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """What stands on it: a return goes back to the beginning, and what is written replaces."""
        shown = []
        for line in self.getvalue().split("\n"):
            row = ""
            for part in line.split("\r"):
                cleared = part.split("\x1b[K")
                text = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", cleared[-1])
                row = text if len(cleared) > 1 else text + row[len(text) :]
            shown.append(row)
        return shown


@pytest.mark.parametrize("form", ["text", "json"])
def test_progress_and_verdicts_never_share_a_line(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    store = SqliteStore("case.db", load_layout("native"))
    for seq in (1, 2):
        item = store.get({"pk": "entry#main/0", "sk": f"{seq:020d}"}).item
        assert item is not None
        tampering.overwrite(store, {**item, "body": item["body"].replace("door.open", "door.shut")})
    store.close()
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("NO_COLOR", "1")
    code = run(["verify", "--all", "--store", "case.db", "--format", form])
    assert code == 4
    assert "Verifying" in screen.getvalue()
    for line in screen.lines():
        assert not ("Verifying" in line and ("MODIFIED" in line or "verdict" in line)), line
    started = [line for line in screen.lines() if "MODIFIED" in line]
    assert all(line.startswith(("main/0", "{", "[", ",")) for line in started), started


def test_an_error_does_not_stand_behind_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    from audittui.cli.exit_codes import say

    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    screen.write("Proving 1 of 200")
    assert say("It failed.", "", 1) == 1
    assert screen.lines()[0] == "Error: It failed."
