"""Copying over SSH: tmux's buffer, for when the terminal's clipboard (OSC 52) is out of reach."""

from __future__ import annotations

import os
import shutil
import subprocess

BY_TMUX = "in tmux's buffer (prefix ] pastes it)"
BY_TERMINAL = "sent to the terminal, which does not confirm it"


def copy_by_tmux(text: str) -> bool:
    """Copy ``text`` to tmux's buffer; False if there is no tmux or it refuses."""
    if not os.environ.get("TMUX") or not shutil.which("tmux"):
        return False
    done = subprocess.run(
        ["tmux", "load-buffer", "-w", "-"],
        input=text.encode("utf-8", "replace"),
        check=False,
        capture_output=True,
        timeout=3,
    )
    return done.returncode == 0
