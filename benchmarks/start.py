"""Measures the time from exec to the first full frame in a 120×40 terminal.

A minimal Textual application is the reference. The two run in pairs, so that a busy machine affects
both: ``python benchmarks/start.py [PAIRS]``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello, frame")
Hello().run()
"""
OURS = ["-m", "audittui", "--table", "nowhere", "--region", "eu-west-1", "--endpoint-url",
        "http://127.0.0.1:9"]  # fmt: skip
# Text that appears first in the first frame, in a single style.
HELLO_MARK, OUR_MARK = b"hello, frame", b"Connecting to nowhere"
# The title, the sidebar's line, the status line and the keys, which belong to the same frame.
ALL_OF_OURS = (b"audittui", b"to find a runbook", b"Nothing has been read yet", b"choose", b"quit")
_PATIENCE = 30.0


def first_frame(
    words: list[str], mark: bytes, state: str, also: tuple[bytes, ...] = ()
) -> tuple[float, float]:
    """Seconds from exec until ``mark`` is on the terminal, and the processor time until then.

    The processor time is 0 if the system does not report it. ``also`` must be in the same frame.
    """
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        kept = {"AUDITTUI_STATE": state, "AUDITTUI_CONFIG": f"{state}/none.toml"}
        given = {**os.environ, **kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        # Both use compiled modules, as an installation does; the first pair compiles them.
        given["PYTHONPYCACHEPREFIX"] = f"{state}/compiled"
        given.pop("PYTHONDONTWRITEBYTECODE", None)
        # The child sets the size before exec; the parent might be too late.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.execve(sys.executable, [sys.executable, *words], given)
    seen = b""
    try:
        while mark not in seen:
            left = begun + _PATIENCE - time.perf_counter()
            if left <= 0 or not select.select([terminal], [], [], left)[0]:
                raise SystemExit(f"{mark!r} did not appear: {seen[-500:]!r}")
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                raise SystemExit(f"It ended before its first frame: {seen[-500:]!r}") from None
        taken, used = time.perf_counter() - begun, _processor_seconds(child)
        while not all(one in seen for one in also):
            if not select.select([terminal], [], [], 0.005)[0]:
                missing = [one for one in also if one not in seen]
                raise SystemExit(f"The first frame is incomplete: {missing} missing.")
            seen += os.read(terminal, 65536)
        return taken, used
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def _processor_seconds(process: int) -> float:
    """The processor time of all threads of a process. Source: proc(5), schedstat."""
    used = 0
    for path in Path("/proc").glob(f"{process}/task/*/schedstat"):
        with contextlib.suppress(OSError, ValueError):
            used += int(path.read_text().split()[0])
    return used / 1e9


def main() -> None:
    """Measure the pairs, and print the medians and the ratio."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    bare: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as state:
        for at in range(-1, pairs):
            hello = first_frame(["-c", HELLO], HELLO_MARK, state)
            own = first_frame(OURS, OUR_MARK, state, ALL_OF_OURS)
            if at >= 0:  # the first pair fills the caches
                bare.append(hello)
                ours.append(own)
    print("                     until seen   processor time")
    for name, measured in (("bare Textual hello", bare), ("audittui", ours)):
        seen, used = (statistics.median(one) * 1000 for one in zip(*measured, strict=True))
        print(f"{name:<20} {seen:7.0f} ms     {used:7.0f} ms")
    both = list(zip(ours, bare, strict=True))
    ratio = statistics.median(own[0] / hello[0] for own, hello in both)
    print(f"ratio (median of {pairs} pairs)  {ratio:.2f}, at most 1.35 wanted")
    if all(used for _, used in bare):
        ratio = statistics.median(own[1] / hello[1] for own, hello in both)
        print(f"ratio of processor time, less affected by other load  {ratio:.2f}")


if __name__ == "__main__":
    main()
