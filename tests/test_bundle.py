"""The offline install, in a place without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _without_network() -> list[str]:
    """A command prefix that disables the network, if this machine allows it."""
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-rn", "true"], check=False).returncode == 0:
        return [unshare, "-rn"]
    return []


def test_the_bundle_installs_and_runs_without_a_network(tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "dist", ".*cache", "__pycache__")
    )
    built = subprocess.run(
        [sys.executable, str(copy / ".ci" / "bundle.py")], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if built.returncode and "No matching distribution" in built.stderr:
        pytest.skip("the wheels cannot be downloaded here")
    assert built.returncode == 0, built.stderr
    shutil.unpack_archive(copy / "dist" / "audittui-bundle.tar.gz", tmp_path)
    home = tmp_path / "installed"
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "AWS"))
    }
    plain |= {"PIP_CONFIG_FILE": os.devnull, "PYTHON": sys.executable, "HOME": str(tmp_path)}
    prefix = _without_network()
    script = tmp_path / "audittui-bundle" / "install"
    installed = subprocess.run(
        [*prefix, str(script), str(home)], env=plain, capture_output=True, text=True, check=False
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    audittui = str(home / "bin" / "audittui")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, audittui, *words], env=plain, capture_output=True, text=True, check=False,
            cwd=tmp_path,
        )  # fmt: skip

    assert run("--version").stdout.startswith("audittui ")
    listed = run("runbooks", "list")
    assert "7 runbooks, 0 broken." in listed.stderr, listed.stderr
    added = run("append", "--store", "case.db", "--actor", "ann", "--action", "door.open")
    assert added.returncode == 0, added.stderr
    found = run("run", "time-window", "--store", "case.db", "--format", "jsonl")
    assert '"actor": "ann"' in found.stdout and found.returncode == 0
