"""From exec to the first full frame in a terminal of 120×40, beside a bare Textual hello.

Both run in pairs, one after the other, so that a busy machine is busy for both:
``python benchmarks/start.py [PAIRS]``.
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
# What is on the first frame and nowhere before it; a text that no style divides.
HELLO_MARK, OUR_MARK = b"hello, frame", b"Connecting to nowhere"
_PATIENCE = 30.0


def first_frame(words: list[str], mark: bytes, state: str) -> float:
    """Seconds from exec until ``mark`` is on the terminal."""
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        kept = {"AUDITTUI_STATE": state, "AUDITTUI_CONFIG": f"{state}/none.toml"}
        given = {**os.environ, **kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        # Both find their modules compiled, as after an installation; the first pair compiles them.
        given["PYTHONPYCACHEPREFIX"] = f"{state}/compiled"
        given.pop("PYTHONDONTWRITEBYTECODE", None)
        # The size is the child's to set before it execs: the other side may be late.
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
        return time.perf_counter() - begun
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def main() -> None:
    """Measure pairs and print medians and the ratio."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    bare: list[float] = []
    ours: list[float] = []
    with tempfile.TemporaryDirectory() as state:
        for at in range(-1, pairs):
            hello = first_frame(["-c", HELLO], HELLO_MARK, state)
            own = first_frame(OURS, OUR_MARK, state)
            if at >= 0:  # the first pair fills the caches
                bare.append(hello)
                ours.append(own)
    ratio = statistics.median(own / hello for own, hello in zip(ours, bare, strict=True))
    print(f"bare Textual hello  {statistics.median(bare) * 1000:7.0f} ms")
    print(f"audittui            {statistics.median(ours) * 1000:7.0f} ms")
    print(f"ratio (median of {pairs} pairs)  {ratio:.2f}, wanted 1.35 at most")


if __name__ == "__main__":
    main()
