"""What ``audittui run`` says and does about cost, and where budgets and prices come from."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from audittui.cli.main import run
from audittui.cli.waits import Waits
from audittui.config import Config, load_config
from audittui.connection import Connection, Target, resolve_target
from audittui.entry import Draft
from audittui.errors import StoreError, UsageError
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

NATIVE = load_layout("native")
WINDOW = ("run", "time-window", "-p", "window=2024-11-24")
CONFIG = """
[profiles.prod]
table = "audit-log"
region = "eu-nowhere-9"
max_rcu = 30
rate = 7.5

[profiles.own]
table = "audit-log"
region = "eu-nowhere-9"
price_per_million_rru = 0.5

[prices]
eu-somewhere-1 = 0.25
"""


class Done(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


Ask = Callable[..., Done]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs a command on a table of 40 entries; ``region`` is where it lies."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("AUDITTUI_CONFIG", str(path))
    for name in ("AUDITTUI_STORE", "AUDITTUI_TABLE", "AUDITTUI_PROFILE", "AUDITTUI_REGION"):
        monkeypatch.delenv(name, raising=False)
    store = SqliteStore(":memory:", NATIVE, create=True)
    AuditLog(store, "main/0").append_many(
        [
            Draft(actor="ann", action="door.open", resource="door/1", outcome="success",
                  time=f"2024-11-24T10:00:{at:02d}.000000Z")
            for at in range(40)
        ]
    )  # fmt: skip

    def call(*words: str, region: str | None = "us-east-1") -> Done:
        monkeypatch.setattr(SqliteStore, "region", property(lambda _: region))

        def connect(target: Target, **_: Any) -> Connection:
            return Connection(target, store, NATIVE)

        monkeypatch.setattr("audittui.connection.open_connection", connect)
        monkeypatch.setattr(SqliteStore, "close", lambda _: None)
        code = run(list(words))
        return Done(code, *capsys.readouterr())

    return call


def test_the_cost_is_told_in_units_and_in_money(ask: Ask) -> None:
    done = ask(*WINDOW, "--table", "t", "--stats", "-", "--format", "jsonl")
    assert done.exit_code == 0, done.stderr
    assert "RCU, under $0.0001." in done.stderr
    stats = json.loads(done.stdout.splitlines()[-1])
    assert stats["rcu"] == sum(stats["rcu_by_index"].values()) + stats["rcu_planning"]
    assert set(stats["rcu_by_index"]) == {"by-time"}
    assert stats["cost_usd"] == pytest.approx(stats["rcu"] * 0.125 / 1e6)
    assert stats["unmetered"] == 0
    low, high = stats["estimate"]["rcu"]
    assert low <= stats["rcu"] - stats["rcu_planning"] <= high


def test_a_price_that_nobody_knows_is_said_to_be_unknown(ask: Ask) -> None:
    done = ask(*WINDOW, "--table", "t", "--stats", "-", region="eu-nowhere-9")
    assert "no price known for eu-nowhere-9" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["cost_usd"] is None


@pytest.mark.parametrize(
    ("words", "region", "price"),
    [
        (("--profile", "own"), "eu-nowhere-9", 0.5),
        (("--table", "t"), "eu-somewhere-1", 0.25),
        (("--table", "t", "--endpoint-url", "http://localhost:1"), "us-east-1", 0.0),
        (("--store", "case.db"), None, 0.0),
    ],
)
def test_prices_come_from_the_configuration_and_nothing_is_billed_at_home(
    ask: Ask, words: tuple[str, ...], region: str | None, price: float
) -> None:
    done = ask(*WINDOW, *words, "--stats", "-", region=region)
    stats = json.loads(done.stdout.splitlines()[-1])
    assert stats["cost_usd"] == pytest.approx(stats["rcu"] * price / 1e6)
    assert ("$" in done.stderr) == (price > 0)


def test_explain_estimates_and_says_how(ask: Ask) -> None:
    shown = ask(*WINDOW, "--table", "t", "--explain").stdout
    assert "Estimate " in shown and "us-east-1: $0.125 per million read request units" in shown
    assert "The index by-time holds 40 items" in shown
    home = ask(*WINDOW, "--store", "case.db", "--explain", region=None).stdout
    assert "Cost          $0 here; on a table under $0.0001" in home


@pytest.mark.parametrize(
    ("form", "said"),
    [("table", "40\n"), ("json", '[\n{"count": 40}\n]\n'), ("jsonl", '{"count": 40}\n'),
     ("csv", "count\n40\n")],
)  # fmt: skip
def test_counting_gives_a_number_and_says_what_it_saves(ask: Ask, form: str, said: str) -> None:
    done = ask(*WINDOW, "--store", "case.db", "--count", "--format", form)
    assert done.exit_code == 0 and done.stdout == said
    assert "40 entries counted: complete" in done.stderr
    assert "transfers less data but uses the same RCU" in done.stderr


def test_counting_costs_what_listing_costs(ask: Ask) -> None:
    costs = [
        json.loads(ask(*WINDOW, "--store", "c", "--stats", "-", *more).stdout.splitlines()[-1])
        for more in ((), ("--count",))
    ]
    assert costs[0]["rcu"] == costs[1]["rcu"] and costs[1]["matched"] == 40


def test_a_count_that_goes_on_says_what_is_not_in_it(ask: Ask) -> None:
    window = (*WINDOW, "--store", "c", "--count")
    first = ask(*window, "--max-rcu", "1")
    assert first.exit_code == 3 and "--count --resume " in first.stderr
    assert "add it" not in first.stderr
    rest = ask(*window, "--resume", first.stderr.split("--resume ")[1].strip())
    assert rest.exit_code == 0 and "excludes entries before the cursor" in rest.stderr
    assert int(first.stdout) + int(rest.stdout) == 40
    assert 0 < int(first.stdout) < 40


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("run", "repeated-failures"), "a correlation needs the entries themselves"),
        ((*WINDOW, "--limit", "3"), "--count and --limit exclude each other"),
    ],
)
def test_what_cannot_be_counted_is_refused(ask: Ask, words: tuple[str, ...], why: str) -> None:
    done = ask(*words, "--count", "--store", "case.db")
    assert done.exit_code == 2 and why in done.stderr and not done.stdout


def test_budget_and_rate_come_from_the_profile_and_flags_go_before(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audittui.query import execution as execute

    seen: list[tuple[Any, Any, Any]] = []
    original = execute.Execution.__init__

    def spy(self: Any, *words: Any, **named: Any) -> None:
        seen.append((named["max_rcu"], named["rate"], named["drain"]))
        original(self, *words, **{**named, "rate": None})

    monkeypatch.setattr(execute.Execution, "__init__", spy)
    ask(*WINDOW, "--profile", "prod")
    ask(*WINDOW, "--profile", "prod", "--max-rcu", "9", "--rate", "2", "--limit", "1")
    ask(*WINDOW, "--store", "case.db")
    ask(*WINDOW, "--store", "case.db", "--max-rcu", "1")
    # Nothing is read far ahead where a budget may end the run before it.
    assert seen == [
        (30.0, 7.5, True), (9.0, 2.0, False), (None, None, True), (1.0, None, False),
    ]  # fmt: skip


def test_a_budget_of_the_profile_is_not_for_another_store() -> None:
    config = Config(profile="prod", profiles=load_config_text(CONFIG).profiles)
    assert resolve_target({}, config, {}).max_rcu == 30
    assert resolve_target({"store": "case.db"}, config, {}).max_rcu is None


def test_an_endpoint_of_awss_own_variables_is_known_not_to_bill() -> None:
    here = {"AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:8000", "AUDITTUI_TABLE": "t"}
    assert not resolve_target({}, Config(), here).billed
    ignored = {**here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert resolve_target({}, Config(), ignored).billed
    private = "https://vpce-1.dynamodb.us-east-1.vpce.amazonaws.com"
    aws = {**here, "AWS_ENDPOINT_URL_DYNAMODB": private}
    assert resolve_target({}, Config(), aws).billed


def load_config_text(text: str) -> Config:
    import msgspec

    return msgspec.toml.decode(text.encode(), type=Config)


@pytest.mark.parametrize("wrong", ["max_rcu = 0", "rate = 0", 'rate = "x"',
                                   "price_per_million_rru = -1"])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[profiles.prod]\n{wrong}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is invalid"):
        load_config(path)


def test_throttling_is_told_while_it_lasts(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    original = SqliteStore.query
    failing = threading.Event()

    def throttled(self: Any, request: Any, patience: Any = None) -> Any:
        if request.index and not failing.is_set():
            failing.set()
            patience.wait(StoreError("Throttled.", kind="throttled"), 3, 0.01)
        return original(self, request)

    monkeypatch.setattr(SqliteStore, "query", throttled)
    done = ask(*WINDOW, "--store", "case.db", "--count")
    assert "throttled, retrying in 0.0 s, attempt 3\n" in done.stderr
    assert done.stdout == "40\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_waits_are_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    waits = Waits()
    waits.tell("throttled, retrying in 1.2 s, attempt 3")
    waits.tell("throttled, retrying in 2.4 s, attempt \x1b[2J4")
    waits.clear()
    waits.clear()
    shown = screen.getvalue()
    assert "\n" not in shown and "\x1b[2J" not in shown
    assert shown.startswith("\r\x1b[Kthrottled, retrying in 1.2 s")
    assert shown.endswith("\r\x1b[K") and shown.count("\r\x1b[K") == 3


def test_elsewhere_waits_are_lines_and_the_same_is_not_told_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waits = Waits()
    for attempt in (2, 3, 4):
        waits.tell(f"throttled, retrying in 0.1 s, attempt {attempt}")
    waits.tell("the table is responding again")
    waits.clear()
    assert capsys.readouterr().err == (
        "throttled, retrying in 0.1 s, attempt 2\nthe table is responding again\n"
    )


def test_the_example_of_a_configuration_is_one(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "config.toml").unlink()
    shown = ask("config", "show").stdout
    example = "\n".join(line.removeprefix("#").removeprefix(" ") for line in shown.splitlines())
    config = load_config_text(example)
    assert config.profiles["prod"].max_rcu and config.profiles["prod"].rate and config.prices


def test_an_empty_answer_says_what_was_compared_and_how_far_the_log_goes(ask: Ask) -> None:
    done = ask("run", "actor-activity", "-p", "actor=Ann", "-p", "window=2025-01-01",
               "--store", "case.db", "--stats", "-")  # fmt: skip
    assert done.exit_code == 0
    assert "0 rows: complete" in done.stderr
    assert "Note: No entry in the window matches actor is 'Ann';" in done.stderr
    assert "its last is from 2024-11-24T10:00:39Z: the window begins after the last" in done.stderr
    assert "Similar to 'Ann': 'ann'." in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["rcu_around"] > 0
    found = ask("run", "actor-activity", "-p", "actor=ann", "-p", "window=all", "--store", "c")
    assert "No entry" not in found.stderr


def test_a_budget_that_gets_nowhere_says_what_would_and_gives_no_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "case.db")
    store = SqliteStore(path, NATIVE, create=True)
    AuditLog(store, "main/0").append_many(
        [Draft(actor="bo", action="x", time="2024-11-25T09:00:00.000000Z")] * 90
    )
    store.close()
    words = ["run", "actor-activity", "-p", "actor=bo", "-p", "window=all", "--store", path,
             "--format", "jsonl", "--max-rcu"]  # fmt: skip
    assert run([*words, "1"]) == 3
    said = capsys.readouterr().err
    assert "Cursor:" not in said and "have the same time, 2024-11-25T09:00:00Z; at least " in said
    for _ in range(9):
        more = said.split("--max-rcu ")[1].split()[0]
        if run([*words, more]) == 0:
            break
        said = capsys.readouterr().err
    assert len(capsys.readouterr().out.splitlines()) == 90


@pytest.mark.parametrize(("end", "number"), [("10:00:06", 6), ("11:00", 40)])
def test_a_count_of_a_part_of_a_day_is_that_of_the_part(ask: Ask, end: str, number: int) -> None:
    window = f"window=2024-11-24T10:00..2024-11-24T{end}"
    done = ask("run", "time-window", "-p", window, "--store", "c", "--count")
    assert done.stdout == f"{number}\n" and done.exit_code == 0


def test_a_run_goes_on_after_a_chain_was_born(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "case.db")
    store = SqliteStore(path, NATIVE, create=True)

    def write(chain: str, hours: range) -> None:
        AuditLog(store, chain).append_many(
            [Draft(actor=chain, action="x", time=f"2024-11-24T{at:02d}:00:00.000000Z")
             for at in hours]
        )  # fmt: skip

    write("main/0", range(6, 12))
    words = ["run", "time-window", "-p", "window=2024-11-24", "--store", path, "--format", "jsonl"]
    assert run([*words, "--limit", "3"]) == 3
    first = capsys.readouterr()
    write("late/0", range(4, 14))
    cursor = first.err.split("Cursor: ")[1].split()[0]
    assert run([*words, "--resume", cursor]) == 0
    rest = capsys.readouterr()
    assert "complete from 2024-11-24T00:00:00Z" in rest.err
    assert "the part before the cursor is as of " in rest.err
    assert "without the earlier entries of chains created since then" in rest.err
    rows = [json.loads(line) for line in (first.out + rest.out).splitlines()]
    # Of the new chain comes what is behind the cursor, in its place.
    assert [row["time"][11:13] for row in rows if row["chain"] == "main/0"] == [
        "11", "10", "09", "08", "07", "06",
    ]  # fmt: skip
    assert [row["time"][11:13] for row in rows if row["chain"] == "late/0"] == [
        "09", "08", "07", "06", "05", "04",
    ]  # fmt: skip
    assert [row["time"] for row in rows] == sorted((row["time"] for row in rows), reverse=True)


def test_explain_shows_the_indexes_that_were_not_taken(ask: Ask) -> None:
    shown = ask(*WINDOW, "-p", "outcome=denied", "--store", "c", "--explain").stdout
    assert "Index         by-failure, answers failure" in shown
    assert "Alternative   by-time: 0.5 to about " in shown
