"""``audittui`` in processes of its own, for what signals, pipes and streams show."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Running = subprocess.Popen[str]
Start = Callable[..., Running]


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """Starts ``audittui`` in a folder; what still runs at the end is killed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AUDITTUI_", "AWS_"))}
    environment |= {"AUDITTUI_CONFIG": str(folder / "config.toml"), "NO_COLOR": "1"}
    started: list[Running] = []

    def call(*words: str) -> Running:
        running = subprocess.Popen(
            [sys.executable, "-m", "audittui", *words], text=True, cwd=folder, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(running)
        return running

    yield call
    for running in started:
        running.kill()
        running.communicate()
