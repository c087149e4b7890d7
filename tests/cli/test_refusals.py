"""What commands refuse, each with its sentence and its exit code."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Any

import pytest

from audittui.cli.main import run
from tests.cli.bench import Bench

APPEND = ("append", "--actor", "a", "--action", "b")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*APPEND, "--details", "{"), "--details is not JSON"),
        ((*APPEND, "--before", '{"a": 1, "a": 2}'), "--before is not JSON"),
        ((*APPEND, "--retention", "long"), "--retention: "),
        ((*APPEND, "--chain", "nochain"), "nochain"),
        ((*APPEND, "--time", "yesterday-ish"), "yesterday-ish"),
        (("verify", "payments/0", 1, "--since", "last"), "--since needs a chain"),
        (("verify", "--all", "--proof", "x"), "--proof one entry"),
        (
            ("verify", "payments/0", 1, "--max-unsealed", "5"),
            "--max-unsealed and --checkpoint need",
        ),
        (("verify", "--chain", "payments/0", "--expect", "x/0"), "--expect needs --all."),
        (("verify", "--chain", "payments/0", "--since", "x"), "--since x is not a seq."),
        (("verify", "--all", "--allow-gaps"), "--allow-gaps needs --require-anchored."),
        (("verify", "--all", "--require-anchored"), "No key is trusted"),
        (("verify", "--all", "--max-unsealed", "many"), "--max-unsealed many is neither"),
        (("verify", "payments/0", 300), "The chain ends at 299."),
        (("verify",), "Say what to verify."),
        (("seal", "--key", "gone"), "The key gone cannot be read"),
        (("seal", "--key", "kms:arn:aws:kms:eu-west-1:1:key/1"), "A KMS key needs a name."),
        (("key", "show", "gone"), "The key gone cannot be read: No such file or directory."),
        (("evidence", "create", "--marks", "gone", "-o", "x.zip"), "gone cannot be read"),
        (("evidence", "verify", "gone.zip"), "gone.zip"),
        (("tlog", "export", "log", "--chain", "none/0"), "No key is trusted, so no checkpoint can"),
        (("show", "payments/0", 300), "300"),
        (("trace", "r", "--max-rcu", "0"), "0"),
        (("demo", "--seed-only"), "--seed-only needs --keep FILE."),
        (("runbooks", "show", "actor-activty"), "Did you mean actor-activity?"),
        (("runbooks", "check", "gone.yaml"), "There is no file gone.yaml."),
        (("table", "describe", "--store", "log.db"), "An embedded store needs no table."),
        (("table", "create", "--without", "by-color"), "by-color"),
        (("rnu",), "Unknown command 'rnu'. Did you mean run?"),
        (("key", "shwo"), "Unknown command 'shwo'. Did you mean show?"),
        (("--verbose",), "--verbose needs a command"),
        (("import", "jsonl", "gone.jsonl"), "gone.jsonl"),
        (("run", "time-window", "--stats", "-", "--format", "json"), "a second JSON document"),
    ],
)
def test_what_makes_no_sense_is_usage(bench: Bench, words: tuple[Any, ...], said: str) -> None:
    out, err = bench(*words, code=2)
    assert said in err
    assert out == ""


def test_a_table_must_be_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDITTUI_STORE")
    for name in ("create", "describe"):
        assert "No table is named." in bench("table", name, code=2)[1]


@pytest.mark.parametrize("command", [APPEND, ("import", "jsonl", "-")])
def test_a_layout_that_is_only_read_takes_no_entries(bench: Bench, command: Any) -> None:
    _, err = bench(*command, "--store", "new.db", "--layout", "teleport", code=2)
    assert "The layout teleport is read-only." in err
    assert not (bench.folder / "new.db").exists()


def test_a_layout_without_chains_has_nothing_to_verify(bench: Bench) -> None:
    from audittui.layout import load_layout
    from audittui.store.sqlite import SqliteStore

    SqliteStore("events.db", load_layout("teleport"), create=True).close()
    _, err = bench("verify", "--all", "--store", "events.db", "--layout", "teleport", code=2)
    assert "The layout teleport has no hash chain" in err


@pytest.mark.parametrize(
    ("content", "why"), [(b"\xff\xfe\x00", "is not text."), (b"hello\n", "cannot be read: ")]
)
def test_a_file_that_is_no_key_is_said_to_be_none(bench: Bench, content: bytes, why: str) -> None:
    path = bench.folder / "some.key"
    path.write_bytes(content)
    path.chmod(0o600)
    for words in (("key", "show", "some.key"), ("seal", "--key", "some.key")):
        _, err = bench(*words, code=2)
        assert f"The key some.key {why}" in err
        assert "hello" not in err


def test_a_key_of_another_name_signs_nothing(bench: Bench, key: str) -> None:
    _, err = bench("seal", "--key", "key", "--name", "other.example.com", code=2)
    assert "The key's name is audit.example.com, not other.example.com." in err


@pytest.mark.parametrize(
    "words",
    [("--every", "5m"), ("--accept-gap", "payments/0", "1..2", "--reason", "x")],
)
def test_a_tile_is_replaced_by_itself(bench: Bench, key: str, words: tuple[str, ...]) -> None:
    tile = ("seal", "--key", "key", "--chain", "payments/0", "--replace-tile", "tile/0/000")
    assert "and no other action" in bench(*tile, *words, code=2)[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--accept-gap", "payments/0", "1..2"),
            "--accept-gap and --reason must be given together.",
        ),
        (("--reason", "x"), "--accept-gap and --reason must be given together."),
        (("--accept-gap", "payments/0", "2..1", "--reason", "x"), "2..1"),
        (
            ("--accept-gap", "payments/0", "1..2", "--reason", "x", "--every", "1m"),
            "excludes --every",
        ),
        (("--every", "1m", "--format", "json"), "--every never ends"),
        (("--every", "now"), "now"),
        (("--chain", "none/0"), "There is no chain none/0."),
        (("--chain", "payments/0", "--replace-tile", "leaf/7"), "leaf/7"),
    ],
)
def test_what_cannot_be_sealed_is_usage(
    bench: Bench, key: str, words: tuple[str, ...], said: str
) -> None:
    assert said in bench("seal", "--key", "key", *words, code=2)[1]


@pytest.mark.parametrize(
    ("line", "said"),
    [('{"chain": "payments/0"}', "line 2, is not a mark"), ("nonsense", "line 2, is not a mark"),
     ('{"chain": "payments/0", "seq": -1}', "There is no entry payments/0 -1.")],
)  # fmt: skip
def test_a_mark_that_is_none_is_named(bench: Bench, line: str, said: str) -> None:
    (bench.folder / "marks").write_text(f'{{"chain": "payments/0", "seq": 1}}\n{line}\n')
    assert said in bench("evidence", "create", "--marks", "marks", "-o", "x.zip", code=2)[1]
    assert not (bench.folder / "x.zip").exists()


class TestWhatNobodyForesaw:
    """Errors of the system, and of our own."""

    @pytest.fixture
    def broken(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Any:
        def breaks(error: BaseException) -> None:
            def folders(*_: object) -> list[Path]:
                raise error

            monkeypatch.setattr("audittui.cli.runbooks.runbook_folders", folders)

        return breaks

    @pytest.mark.parametrize(
        ("error", "code", "said"),
        [
            (OSError(errno.ENOSPC, "No space left on device", "f.csv"), 1,
             "The disk is full (f.csv)."),
            (OSError(errno.EACCES, "Permission denied", "f.csv"), 1, "Permission denied (f.csv)."),
            (OSError(errno.EIO, "Input/output error"), 1, "Input/output error."),
            (KeyError("x"), 1, "Unexpected error in audittui: KeyError: 'x'."),
            (KeyboardInterrupt(), 3, "Stopped."),
            (EOFError(), 3, "Stopped."),
        ],
    )  # fmt: skip
    def test_it_is_one_sentence(
        self, bench: Bench, broken: Any, error: BaseException, code: int, said: str
    ) -> None:
        broken(error)
        out, err = bench("runbooks", "list", code=code)
        assert (out, said in err, "Traceback" in err) == ("", True, False)

    def test_whoever_looks_for_the_cause_gets_it(
        self, broken: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken(KeyError("x"))
        monkeypatch.setenv("AUDITTUI_DEBUG", "1")
        with pytest.raises(KeyError):
            run(["runbooks", "list"])

    def test_a_closed_standard_output_is_said(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdout", None)
        assert run(["runbooks", "list"]) == 1
        assert "Standard output is closed." in bench.capfd.readouterr().err

    def test_the_application_needs_a_terminal(self, bench: Bench) -> None:
        for words in ((), ("--store", "log.db"), ("demo",)):
            assert "needs a terminal." in bench(*words, code=2)[1]
