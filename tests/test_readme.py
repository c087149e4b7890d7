"""README.md is right about formats, exit codes, options, variables and configuration."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec

from audittui.cli.fast_start import CONNECTION
from audittui.config import Config
from audittui.layout.native import INDEX_NAMES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


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
    # Connection variables are named by the option that they replace.
    assert read <= told | {"AUDITTUI_TEST_ENDPOINT"}
    named = {f"AUDITTUI_{name.upper()}" for name in CONNECTION}
    assert named <= told
    assert told - read <= named | {"AUDITTUI_TEST_ENDPOINT"}


def test_every_format_and_exit_code_is_told() -> None:
    from audittui.cli import exit_codes, run

    for form in run.FORMATS:
        assert f"`{form}`" in README
    for code in (
        exit_codes.OK,
        exit_codes.ERROR,
        exit_codes.USAGE,
        exit_codes.INCOMPLETE,
        exit_codes.INTEGRITY,
    ):
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
