"""What commands write where a person reads along: lists that fit, and progress."""

from __future__ import annotations

import io
import json
import sys

import pytest

from audittui.cli.main import run
from audittui.entry import Draft
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.cli.bench import LAYOUT, Bench


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def screen(monkeypatch: pytest.MonkeyPatch, name: str) -> Screen:
    """From here on the stream ``name`` is a terminal."""
    found = Screen()
    monkeypatch.setattr(sys, name, found)
    return found


@pytest.fixture
def wide(bench: Bench) -> Bench:
    """A log with an entry whose fields are long."""
    store = SqliteStore(str(bench.store), LAYOUT)
    AuditLog(store, "payments/0").append(
        Draft(actor="w", action="x" * 90, resource="y" * 90, outcome="denied", reason="z" * 90)
    )
    store.close()
    return bench


ROWS = ("run", "actor-activity", "-p", "actor=w", "-p", "window=-1h..now")


@pytest.mark.parametrize("width", [80, 100, 132])
def test_a_list_fits_the_terminal_and_keeps_its_times(
    wide: Bench, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    out = screen(monkeypatch, "stdout")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    assert run([*ROWS]) == 0
    header, line = out.getvalue().splitlines()
    assert header.split()[0] == "time"
    assert max(len(header), len(line)) <= width
    assert "…" in line
    assert line.split()[0].endswith("Z")


def test_an_outcome_is_coloured_unless_colour_is_not_wanted(
    wide: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = screen(monkeypatch, "stdout")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "400")
    assert run([*ROWS]) == 0
    assert "\x1b[31mdenied" in out.getvalue()
    out.truncate(0)
    monkeypatch.setenv("NO_COLOR", "1")
    assert run([*ROWS]) == 0
    assert "\x1b[" not in out.getvalue()


def test_proving_many_entries_shows_how_far_it_is(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    err = screen(monkeypatch, "stderr")
    marks = bench.folder / "marks.jsonl"
    marks.write_text("".join(f'{{"chain": "payments/0", "seq": {n}}}\n' for n in range(120)))
    assert run(["seal", "--key", "key"]) == 0
    assert run(["evidence", "create", "--marks", str(marks), "-o", "case.zip"]) == 0
    told = err.getvalue()
    assert "Proving 100 of 120" in told
    assert "Proving 120 of 120" not in told
    # The line of progress is taken away before the next one.
    assert told.rindex("\r\x1b[K") > told.rindex("Proving ")


def test_an_export_shows_how_far_verifying_is(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    err = screen(monkeypatch, "stderr")
    assert run(["seal", "--key", "key"]) == 0
    assert run(["tlog", "export", "log", "--chain", "payments/0"]) == 0
    assert "Verifying payments/0: 300 of 300\n" in err.getvalue()


def test_a_sweep_shows_a_bar_with_the_chains_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    err = screen(monkeypatch, "stderr")
    assert run(["verify", "--all"]) == 0
    assert "Verifying payments/0" in err.getvalue()
    assert "payments/0 is consistent: 300 chained" in err.getvalue().splitlines()[-2]


def test_an_import_shows_how_much_of_the_files_it_has_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    err = screen(monkeypatch, "stderr")
    rows = bench.folder / "rows.jsonl"
    rows.write_text("".join(json.dumps({"actor": "a", "action": "b"}) + "\n" for _ in range(50)))
    assert run(["import", "jsonl", str(rows), "--chain", "rows/0"]) == 0
    told = err.getvalue()
    assert "Importing" in told
    assert "100%" in told
    assert "50 added" in told


def test_a_tail_keeps_its_state_on_one_line(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    err = screen(monkeypatch, "stderr")
    words = ["tail", "actor-activity", "-p", "actor=a", "--since", "-1h", "--limit", "3"]
    assert run([*words, "--interval", "0.1", "--format", "jsonl"]) == 0
    told = err.getvalue()
    assert "\r\x1b[K" in told
    assert "RCU/hour while quiet" in told
    assert "3 rows. " in told.splitlines()[-2]


def test_sealing_shows_how_far_it_is_and_takes_it_away(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    err = screen(monkeypatch, "stderr")
    assert run(["seal", "--key", "key"]) == 0
    bench.append(5)
    bench.tamper(302)
    assert run(["seal", "--key", "key"]) == 4
    told = err.getvalue()
    assert told.count("Verifying payments/0: 0 entries\r\x1b[K") == 2
    assert "entriespayments/0" not in told
