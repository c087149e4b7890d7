"""The commands in the documents run, and print the output that the documents show."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import msgspec
import pytest

from audittui.cli.group import cli
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering

ROOT = Path(__file__).parents[1]
LAYOUT = load_layout("native")
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
DEMO = "audittui demo --keep case.db --seed-only"
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"exit code (\d)", re.IGNORECASE)
NOT_RUN = {
    ("README.md", "audittui tail denied-actions --store case.db --since -10m"): "it has no end",
    ("README.md", "audittui --store case.db"): "it opens the terminal",
    ("README.md", "audittui table create --table audit-log --region eu-west-1 --wait"): "AWS",
    (
        "README.md",
        "audittui append --table audit-log --region eu-west-1 --actor ann --action door.open",
    ): "AWS",
    ("README.md", "audittui --table audit-log --region eu-west-1"): "AWS, and the terminal",
    ("README.md", "audittui seal --key sealer.key --every 5m"): "it has no end",
    ("integrity.md", "audittui seal --key sealer.key --every 5m"): "it has no end",
}
"""What cannot be run here, and why; its commands and options must still exist."""


class Sample(msgspec.Struct, frozen=True):
    """A command in a document, with the output shown (None: nothing) and the exit code given in the
    text before it or in a comment after it."""

    document: str
    command: str
    output: str | None
    code: int

    @property
    def words(self) -> list[str]:
        """The arguments of ``audittui``."""
        return shlex.split(self.command)[1:]


def samples_of(path: Path) -> list[Sample]:
    """The commands of ``audittui`` in a document's blocks, in order."""
    text = path.read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(text):
        kind, block = fence.groups()
        told = _CODE.search(text[: fence.start()].rstrip().split("\n\n")[-1])
        if kind == "console":
            parts = [part.partition("\n") for part in re.split(r"^\$ ", block, flags=re.M)[1:]]
        else:
            parts = [(line, "", "") for line in block.splitlines() if line.startswith("audittui ")]
        for line, _, output in parts:
            command, _, comment = line.partition("  #")
            behind = _CODE.search(comment)
            code = behind or (told if output else None)
            found.append(
                Sample(path.name, command.strip(), output or None, int(code[1]) if code else 0)
            )
    return found


def shape(text: str) -> list[str]:
    """A text without what differs from run to run: digests, numbers, widths of columns."""
    text = re.sub(r"\S+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", "KEY", text)
    text = re.sub(r"\b[0-9a-f]{16,}\b", "#", text)
    text = re.sub(r"\d[\d,.:TZ-]*", "#", text)
    return [" ".join(line.split()) for line in text.strip().splitlines()]


class Shell:
    """A folder to run commands in, each in its own process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.meant: dict[str, str] = {}
        """What names in capitals stand for."""
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AUDITTUI_", "AWS_"))
        }
        self.environment |= {
            "AUDITTUI_CONFIG": str(folder / "none.toml"), "AUDITTUI_STATE": str(folder / "state")
        }  # fmt: skip

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "audittui", *(self.meant.get(word, word) for word in words)],
            capture_output=True, text=True, cwd=self.folder, env=self.environment, check=False,
        )  # fmt: skip


class Demo(msgspec.Struct, frozen=True):
    """The demo's store, the key that it is sealed with, and the output of its creation."""

    store: Path
    key: str
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    shell = Shell(tmp_path_factory.mktemp("demo"))
    done = shell(*shlex.split(DEMO)[1:])
    return Demo(shell.folder / "case.db", done.stderr.split("--trusted-key ")[1].strip(), done)


def readme(shell: Shell, demo: Demo) -> None:
    logs = shell.folder / "logs"
    logs.mkdir()
    record = {
        "eventVersion": "1.09", "eventTime": "2026-11-24T10:00:00Z", "eventName": "GetObject",
        "eventSource": "s3.amazonaws.com", "awsRegion": "eu-west-1", "eventID": "e-1",
        "userIdentity": {"type": "IAMUser", "userName": "ann"}, "sourceIPAddress": "192.0.2.1",
    }  # fmt: skip
    (logs / "one.json").write_text(json.dumps({"Records": [record]}))


def evidence(shell: Shell, demo: Demo) -> None:
    """A reader of the demo who trusts its sealer."""
    shutil.copy(demo.store, shell.folder)
    shell.environment |= {"AUDITTUI_STORE": "case.db", "AUDITTUI_TRUSTED_KEYS": demo.key}
    shell.meant["SEALER"] = demo.key


def integrity(shell: Shell, demo: Demo) -> None:
    """A log that has lost twelve unsealed entries."""
    store = SqliteStore(str(shell.folder / "log.db"), LAYOUT, create=True)
    log = AuditLog(store, "payments/0")
    for _ in range(2):
        log.append_many([Draft(actor="a", action="b")] * 70)
    for seq in range(120, 132):
        tampering.delete(store, LAYOUT.key("payments/0", seq))
    store.close()
    shell.environment["AUDITTUI_STORE"] = "log.db"


def walkthrough(shell: Shell, demo: Demo) -> None:
    """The bundle that the terminal makes there."""
    shutil.copy(demo.store, shell.folder)
    done = shell("verify", "--chain", "platform/0", "--store", "case.db", "--format", "jsonl")
    (wrong,) = (one for one in map(json.loads, done.stdout.splitlines()) if one["failed"])
    marks = [
        json.dumps({"chain": wrong["chain"], "seq": wrong["seq"] + step}) for step in (-1, 0, 1)
    ]
    (shell.folder / "marks.jsonl").write_text("\n".join(marks))
    made = shell(
        "evidence", "create", "--marks", "marks.jsonl", "-o", "case.zip", "--store", "case.db",
        "--trusted-key", demo.key,
    )  # fmt: skip
    assert made.returncode == 4, made.stderr
    (shell.folder / "case.db").unlink()


PREPARED: dict[str, Callable[[Shell, Demo], None]] = {
    "README.md": readme, "evidence.md": evidence, "integrity.md": integrity,
    "walkthrough.md": walkthrough,
}  # fmt: skip


@pytest.mark.parametrize("name", PREPARED)
def test_commands_print_what_is_shown(name: str, demo: Demo, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    PREPARED[name](shell, demo)
    (path,) = (one for one in DOCUMENTS if one.name == name)
    for sample in samples_of(path):
        if (name, sample.command) in NOT_RUN:
            continue
        if sample.command == DEMO:
            shutil.copy(demo.store, tmp_path)
            done = demo.done
        else:
            done = shell(*sample.words)
        if sample.words[:2] == ["key", "generate"]:
            # From here on ALICE stands for alice.key.
            shell.meant[Path(sample.words[-1]).stem.upper()] = done.stdout.strip()
        told = done.stdout + done.stderr
        assert done.returncode == sample.code, (sample.command, told)
        if sample.output is not None:
            assert shape(told) == shape(sample.output), sample.command


def test_samples_are_found() -> None:
    count = {path.name: len(samples_of(path)) for path in DOCUMENTS}
    assert {name for name, found in count.items() if found} == set(PREPARED)
    shown = [one for path in DOCUMENTS for one in samples_of(path) if one.output is not None]
    assert len(shown) == 6


def test_what_is_not_run_is_still_shown() -> None:
    assert set(NOT_RUN) <= {
        (one.document, one.command) for path in DOCUMENTS for one in samples_of(path)
    }


def spoken_of(path: Path) -> list[str]:
    """The commands in a document's blocks, and those in its prose."""
    text = path.read_text(encoding="utf-8")
    prose = re.findall(r"`(audittui [^`]+)`", _FENCE.sub("", text))
    return [one.command for one in samples_of(path)] + [" ".join(one.split()) for one in prose]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_and_option_that_is_spoken_of_exists(path: Path) -> None:
    for text in spoken_of(path):
        command: click.Command = cli
        for word in shlex.split(text)[1:]:
            if word.startswith("-") or not isinstance(command, click.Group):
                break
            found = command.get_command(click.Context(command), word)
            assert found is not None or not word.isalpha(), (text, word)
            command = found or command
        known = {one for param in (*command.params, *cli.params) for one in param.opts}
        for option in re.findall(r"(?<!\S)--[a-z-]+", text):
            assert option in known | {"--help"}, (text, option)
