"""A configuration or a layout that is invalid: file, line, key, and the nearest one there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import audittui.layout
from audittui.checked_config import THEMES
from audittui.cli.main import run
from audittui.config import Config
from audittui.errors import UsageError
from audittui.layout import load_layout
from audittui.toml_file import TomlFile

KEY = "audit.example.com+1234"
FAULTS = {
    'profile = "prod"\n[profiles.prod]\ntable = "t"\nregoin = "eu-west-1"\n':
        ":4: profiles.prod.regoin: there is no such key; did you mean region.",
    '[profiles."a b"]\n# half\nmax_rcu = 0\n':
        ":3: profiles.a b.max_rcu: this must be at least 0.5.",
    '[prices]\neu-west-1 = "x"\n':
        ":2: prices.eu-west-1: this must be a number, not a quoted string.",
    "[prices]\neu-west-1 = inf\n": ":2: prices.eu-west-1: this must be a number of US dollars.",
    "[profiles.p]\nmax_rcu = nan\n": ":2: profiles.p.max_rcu: this must be",
    'thme = "sixteen"\n': ":1: thme: there is no such key; did you mean theme.",
    'theme = "sixten"\n': ":1: theme: there is no theme 'sixten'; did you mean sixteen.",
    "profile = 3\n": ":1: profile: this must be a quoted string, not a whole number.",
    'profile = "prd"\n[profiles.prod]\ntable = "t"\n':
        ":1: profile: there is no profile 'prd'; did you mean prod.",
    "[profiles]\n\nprod = 3\n": ":3: profiles.prod: this must be a table, not a whole number.",
    f'[profiles.p]\ntrusted_keys = ["{KEY}"]\n':
        ":2: profiles.p.trusted_keys[0]: this is a malformed verifier key: it is not name+ID+key",
    '[profiles.p]\ntrusted_keys = "k"\n':
        ":2: profiles.p.trusted_keys: this must be a list, not a quoted string; write [a, b].",
    '[profiles.p]\ntable = "t"\nstore = "s"\n': ":3: profiles.p.store: a profile names a table or",
    '\nrunbook_folders = ["a", 3]\n': ":2: runbook_folders[1]: this must be a quoted string",
    "x = [\n": ":1: this is not TOML",
    'theme = "nord"\ntheme = "nord"\n': ":2: this is not TOML: cannot overwrite a value.",
    'a = """\ntheme = 3\n"""\n': ":1: a: there is no such key",
    '"profile" = "p"\n[profiles.p]\nlayout = 1':
        ":3: profiles.p.layout: this must be a quoted string",
}  # fmt: skip
"""By what a configuration says: the place and the fault that is told."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("AUDITTUI_CONFIG", str(path))
    for name in ("AUDITTUI_RUNBOOKS", "AUDITTUI_TABLE", "AUDITTUI_STORE", "AUDITTUI_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.mark.parametrize("text", FAULTS)
def test_every_command_refuses_what_the_check_finds(
    path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path.write_text(text, encoding="utf-8")
    for words in (["run", "time-window"], ["runbooks", "list"], ["verify", "--all"]):
        assert run(words) == 2
        told = capsys.readouterr()
        assert f"Error: The configuration is invalid: {path}{FAULTS[text]}" in told.err
        assert told.out == "" and len(told.err.splitlines()) == 1
    assert run(["config", "check"]) == 1
    assert f"{path}{FAULTS[text]}" in capsys.readouterr().out


def test_the_check_tells_all_faults_also_those_of_layouts_folders_and_keys(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(
        'theme = "x"\nrunbook_folders = ["/nope"]\n[profiles.p]\nlayout = "teleprot"\n'
        '[keys]\nnext-falure = "f"\nquit = "nokey"\n',
        encoding="utf-8",
    )
    assert run(["config", "check"]) == 1
    lines = [line.removeprefix(str(path)) for line in capsys.readouterr().out.splitlines()]
    assert [line.split(" ")[0] for line in lines] == [
        ":1:", ":4:", ":2:", ":6:", ":7:",
    ]  # fmt: skip
    assert "there is no layout 'teleprot'" in lines[1]
    assert "did you mean next-failure" in lines[3]


def test_a_good_one_is_good_and_one_that_is_not_there_is_told(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "check"]) == 2
    assert f"The configuration {path} does not exist." in capsys.readouterr().err
    path.write_text('theme = "nord"\n[keys]\nnext-failure = "f"\n', encoding="utf-8")
    assert run(["config", "check"]) == 0
    assert capsys.readouterr().out == f"{path}: good\n"


def test_the_terminal_refuses_it_too_but_for_the_theme_of_which_it_says_so_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audittui.cli.terminal import open_terminal

    opened: list[object] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("audittui.cli.terminal.run_application", opened.append)
    path.write_text(f'[profiles.p]\ntrusted_keys = ["{KEY}"]\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"config.toml:2: profiles.p.trusted_keys\[0\]"):
        open_terminal({})
    path.write_text('theme = "x"\n', encoding="utf-8")
    open_terminal({})
    assert len(opened) == 1


def test_the_themes_that_are_known_are_the_terminals() -> None:
    from audittui.connection import Target
    from audittui.tui.app import AuditApp

    assert set(AuditApp(Target()).available_themes) == set(THEMES)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'answers = "actor"', 'answers = "actr"',
            "indexes[2].answers: 'actr' is not valid here; did you mean actor.",
        ),
        (
            'template = "{actor}"', 'template = "{actor"',
            "indexes[2].partition.template: {actor: a brace is not closed.",
        ),
        ("actor = { sources", "actr = { sources", "fields.actr: there is no such field; did you"),
        (
            "actor = { sources", "actor = { source",
            "fields.actor.source: there is no such key; did you mean sources.",
        ),
        (
            "chained = true",
            'chained = "yes"',
            "chained: this must be true or false, not a quoted string",
        ),
        ('name = "native"', "", "the key name is required."),
    ],
)  # fmt: skip
def test_a_layout_that_is_not_right_is_told_with_line_and_key(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    shipped = Path(str(audittui.layout.__file__)).with_name("native.toml")
    text = shipped.read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError) as error:
        load_layout(str(path))
    place, _, rest = str(error.value).partition(".toml:")
    line = int(rest.partition(":")[0])
    assert place == f"The layout is invalid: {tmp_path / 'mine'}"
    assert told in rest
    if new:
        assert new in path.read_text(encoding="utf-8").splitlines()[line - 1]


def test_a_layout_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no layout 'teleprot'\. Did you mean teleport; or give"):
        load_layout("teleprot")


NAMES = st.text(st.sampled_from("abz-_ .\"'#[]=é"), min_size=1, max_size=6)


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.integers(), max_size=4), max_size=4))
def test_every_key_is_found_on_its_line(tables: dict[str, dict[str, int]]) -> None:
    import json

    lines, places = ["# before", "first = 1", ""], {("first",): 2}
    for name, table in tables.items():
        lines.append(f"[x.{json.dumps(name)}]  # a table")
        places["x", name] = len(lines)
        for key, value in table.items():
            lines.append(f"{json.dumps(key)} = {value}")
            places["x", name, key] = len(lines)
    file = TomlFile(Path("c.toml"), "\n".join(lines), "It")
    for where, line in places.items():
        assert f"c.toml:{line}: " in str(file.error(where, "odd"))


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    try:
        file = TomlFile(Path("c.toml"), text, "It")
        file.convert(file.data, Config)
    except UsageError as error:
        assert "c.toml:" in str(error)
