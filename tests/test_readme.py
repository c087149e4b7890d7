"""What README.md shows is true: its commands run, and print what it says they print."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec

from audittui.cli.opening import CONNECTION
from audittui.config import Config
from audittui.layout.native import INDEX_NAMES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


def before(block: str) -> str:
    """The paragraph before a block."""
    return README[: README.index(block)].split("\n\n")[-2]


def shape(text: str) -> list[str]:
    """A text without what differs from run to run: digests, numbers, widths of columns."""
    text = re.sub(r"\S+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", "KEY", text)
    text = re.sub(r"\b[0-9a-f]{16,}\b", "#", text)
    text = re.sub(r"\d[\d,.:TZ-]*", "#", text)
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def exit_code_told(words: str) -> int:
    """The exit code that the words before a sample tell; 0 where they tell none."""
    told = re.search(r"Exit code (\d)", words)
    return int(told[1]) if told else 0


def test_the_commands_print_what_is_shown(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AUDITTUI_", "AWS_"))}
    environment |= {
        "AUDITTUI_CONFIG": str(tmp_path / "none.toml"), "AUDITTUI_STATE": str(tmp_path / "state")
    }  # fmt: skip
    shown = blocks("console")
    assert len(shown) == 5
    for block in shown:
        command, _, output = block.partition("\n")
        words = command.removeprefix("$ audittui ").split()
        done = subprocess.run(
            [sys.executable, "-m", "audittui", *words], capture_output=True, text=True,
            cwd=tmp_path, env=environment, check=False,
        )  # fmt: skip
        assert shape(done.stdout + done.stderr) == shape(output), command
        assert done.returncode == exit_code_told(before(block)), command


def test_the_python_example_runs(tmp_path: Path) -> None:
    (example,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "case.db").exists()


def test_the_configuration_is_one() -> None:
    (example,) = blocks("toml")
    config = msgspec.convert(tomllib.loads(example), Config)
    assert config.profiles["prod"].table == "audit-log"


def test_the_reading_policy_is_what_readers_may_send() -> None:
    from audittui.store.dynamodb import client

    (policy,) = blocks("json")
    actions = {one.partition(":")[2] for one in json.loads(policy)["Statement"][0]["Action"]}
    assert actions == set(client.READ_OPERATIONS)


def test_every_variable_that_is_read_is_told_and_no_other() -> None:
    told = set(re.findall(r"`(AUDITTUI_\w+)`", README[README.index("## Environment") :]))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "audittui").rglob("*.py"))
    read = set(re.findall(r"[\"'(` ](AUDITTUI_[A-Z_]+[A-Z])\b", code))
    # Those of connecting are named by the option that they stand for.
    assert read <= told | {"AUDITTUI_TEST_ENDPOINT"}
    named = {f"AUDITTUI_{name.upper()}" for name in CONNECTION}
    assert named <= told
    assert told - read <= named | {"AUDITTUI_TEST_ENDPOINT"}


def test_every_format_and_exit_code_is_told() -> None:
    from audittui.cli import ending, run

    for form in run.FORMATS:
        assert f"`{form}`" in README
    for code in (ending.OK, ending.ERROR, ending.USAGE, ending.INCOMPLETE, ending.INTEGRITY):
        assert re.search(rf"^\| {code} \| ", README, re.MULTILINE)


def test_every_index_option_and_link_exists(tmp_path: Path) -> None:
    for name in INDEX_NAMES:
        assert f"`{name}`" in README
    for link in re.findall(r"\]\(([^)]+)\)", README):
        if link.startswith("#"):
            assert f"## {link[1:]}\n" in README.lower(), link
        else:
            assert (ROOT / link).exists(), link
    targets = re.findall(
        r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    for line in [*re.findall(r"`?make ([a-z ]+)`", README), "demo", "test"]:
        assert set(line.split()) <= set(targets), line
    helps = ""
    for words in (
        [],
        ["run"],
        ["table", "create"],
        ["demo"],
        ["append"],
        ["import", "cloudtrail"],
        ["import", "jsonl"],
        ["verify"],
        ["tail"],
        ["trace"],
        ["seal"],
        ["key", "generate"],
        ["evidence", "create"],
        ["config"],
    ):
        helps += subprocess.run(
            [sys.executable, "-m", "audittui", *words, "--help"], capture_output=True, text=True,
            check=True, cwd=tmp_path,
        ).stdout  # fmt: skip
    for option in set(re.findall(r"--[a-z-]{3,}", README)):
        assert option in helps, option
