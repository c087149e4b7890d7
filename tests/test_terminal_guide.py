"""docs/terminal.md and docs/walkthrough.md are right about the terminal."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from audittui.cli.group import COMMANDS
from audittui.config import Config
from audittui.tui.app import AuditApp
from audittui.tui.keys.keymap import bindings_of, checked, key_name, keys_of
from audittui.tui.main.screen import MainScreen
from audittui.tui.theme.themes import PLAIN, THEME
from tests import terminal_guide

ROOT = Path(__file__).parents[1]
GUIDE = terminal_guide.DOCUMENT
WALKTHROUGH = ROOT / "docs" / "walkthrough.md"
README = ROOT / "README.md"
_KEY = re.compile(r"(?:(?:Ctrl|Shift)-)?(?:\S|Enter|Esc|Tab|Space|Backspace|PgDn|PgUp|Home|End)")


def prose(path: Path) -> str:
    """The document without its blocks of code, and without the table of keys."""
    text = "".join(terminal_guide.parts()[::2]) if path == GUIDE else path.read_text("utf-8")
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def named_keys(path: Path) -> set[str]:
    """Text in backticks that is a key, or several keys separated by spaces."""
    found: set[str] = set()
    for quoted in re.findall(r"`([^`\n]+)`", prose(path)):
        words = quoted.split()
        if all(_KEY.fullmatch(word) for word in words):
            found |= set(words)
    return found


def test_the_table_is_made_from_the_bindings() -> None:
    assert terminal_guide.parts()[1] == terminal_guide.table(), (
        "renew it: python -m tests.terminal_guide"
    )


@pytest.mark.parametrize("path", [GUIDE, WALKTHROUGH, README], ids=lambda path: path.name)
def test_every_key_that_is_named_exists(path: Path) -> None:
    assert named_keys(path) <= terminal_guide.key_names()


def test_every_key_of_the_main_screen_is_told_in_its_task() -> None:
    told = named_keys(GUIDE)
    for kind in (MainScreen, AuditApp):
        for binding in bindings_of(kind):
            if binding.show:
                names = {key_name(key) for key in keys_of(binding, {})}
                assert names & told, f"{binding.id}: {names}"


@pytest.mark.parametrize("path", [GUIDE, README], ids=lambda path: path.name)
def test_the_configuration_that_is_shown_can_be_used(path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    config = msgspec.convert(tomllib.loads(example), Config)
    assert config.keys
    assert checked(config.keys)[1] == []
    assert config.theme in (THEME.name, PLAIN)


@pytest.mark.parametrize("path", [GUIDE, WALKTHROUGH], ids=lambda path: path.name)
def test_links_pictures_and_commands_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    for link in links:
        assert (path.parent / link).exists(), link
    for command in re.findall(r"(?:^|`)audittui ([a-z]+)", text, re.MULTILINE):
        assert command in COMMANDS, command


def test_every_picture_is_shown_somewhere() -> None:
    pages = [README, *(ROOT / "docs").glob("*.md")]
    shown = "".join(page.read_text("utf-8") for page in pages)
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert f"pictures/{picture.name}" in shown, picture.name
