"""A real terminal: an own tmux server with one session, keys sent to it, its screen read."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

PATIENCE = 30.0
"""Seconds until a screen that does not come is a failure."""


class Terminal:
    """One program in a terminal of its own. ``close`` ends both."""

    def __init__(
        self, words: Sequence[str], environment: Mapping[str, str], folder: Path, size: str
    ) -> None:
        if shutil.which("tmux") is None:
            pytest.skip("tmux is not installed")
        self._given = (words, environment, folder, size)
        width, _, height = size.partition("x")
        self._socket = str(folder / f"tmux-{uuid.uuid4().hex[:8]}")
        given = [f"{name}={value}" for name, value in environment.items()]
        command = shlex.join(["env", "-i", *given, *words])
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-s", "case", "-x", width, "-y", height,
            f"{command}; echo ended $?; sleep 60",
        )  # fmt: skip

    def keys(self, *names: str) -> None:
        """Press keys, as tmux names them (Enter, Escape, C-c, …)."""
        self._tmux("send-keys", "-t", "case", *names)

    def type(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-t", "case", "-l", text)

    def resize(self, size: str) -> None:
        """Another size."""
        width, _, height = size.partition("x")
        self._tmux("resize-window", "-t", "case", "-x", width, "-y", height)

    def screen(self) -> str:
        """What is on the screen now."""
        return self._tmux("capture-pane", "-p", "-t", "case")

    def wait(self, *texts: str, gone: str = "") -> str:
        """The screen, once it shows all of ``texts`` and not ``gone``."""
        return self.until(
            lambda screen: (
                all(text in screen for text in texts) and (not gone or gone not in screen)
            ),
            f"{texts}",
        )

    def until(self, fits: Callable[[str], bool], what: str) -> str:
        """The screen, once it ``fits``."""
        end = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if fits(screen):
                return screen
            assert time.monotonic() < end, f"{what} did not come:\n{screen}"
            time.sleep(0.05)

    def told(self, form: str) -> str:
        """What tmux says of the pane, in one of its formats."""
        return self._tmux("display-message", "-p", "-t", "case", form).strip()

    def program(self, word: str) -> int:
        """The process in it that was started by Python with this word."""
        waiting = [int(self.told("#{pane_pid}"))]
        while waiting:
            process = waiting.pop()
            words = Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")
            if "python" in Path(words[0]).name and word in words:
                return process
            children = Path(f"/proc/{process}/task/{process}/children").read_text()
            waiting += map(int, children.split())
        raise AssertionError(f"there is no {word} in it:\n{self.screen()}")

    def again(self) -> Terminal:
        """The same program once more, in another terminal."""
        return Terminal(*self._given)

    def close(self) -> None:
        """End it."""
        words = ["tmux", "-S", self._socket, "kill-server"]
        subprocess.run(words, check=False, capture_output=True)

    def _tmux(self, *words: str) -> str:
        ended = subprocess.run(
            ["tmux", "-S", self._socket, *words], check=True, capture_output=True, text=True
        )
        return ended.stdout
