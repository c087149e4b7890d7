"""What the system tells a program is heeded whatever it is doing, and the terminal is as before."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.terminal.tmux import Terminal
from tests.tui.driving import drafts

_BUSY = """
import sys, time
from audittui.cli.terminal import run_application
from audittui.connection import Target
from audittui.tui import terminal
from audittui.tui.app import AuditApp

terminal._GRACE = 0.3

class Busy(AuditApp):
    def action_help(self):
        while True:  # the loop answers nothing any more
            time.sleep(0.01)

def connect(target):
    time.sleep(1000)  # a thread that nobody answers

run_application(Busy(Target(store="case.db"), connect=connect))
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts a program from a shell in a terminal; without words it is the application."""
    store = SqliteStore(str(tmp_path / "case.db"), load_layout("native"), create=True)
    AuditLog(store, "app/0").append_many(drafts())
    store.close()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "screen-256color",
        "LANG": "C.UTF-8", "AUDITTUI_STATE": str(tmp_path / "state"), "PS1": "shell> ",
        "PYTHONPATH": str(Path.cwd()), "AUDITTUI_CONFIG": str(tmp_path / "none.toml"),
    }  # fmt: skip
    opened: list[Terminal] = []

    def make(
        *given: str, interactive: bool = False, wait: str = "Resource lifecycle", after: str = ""
    ) -> Terminal:
        words = given or ("-m", "audittui", "--store", str(tmp_path / "case.db"))
        command = f"exec {shlex.join([sys.executable, *words])}"
        script = tmp_path / "program"
        script.write_text(command)
        if interactive:
            words = ("bash", "--norc", "--noprofile", "-i")
        else:
            # What the modes are afterwards, as the program left them.
            words = ("sh", "-c", f"sh {script}; echo code $?; stty -a; sleep 60")
        terminal = Terminal(words, environment, tmp_path, "100x30")
        opened.append(terminal)
        if interactive:
            terminal.wait("shell>")
            terminal.type(f"sh {script}{after}")
            terminal.keys("Enter")
        terminal.wait(wait)
        return terminal

    yield make
    for terminal in opened:
        terminal.close()


def _in_order(terminal: Terminal, code: int) -> None:
    screen = terminal.wait(f"code {code}", "extproc")
    assert {"icanon", "echo", "isig", "ixon", "icrnl"} <= set(screen.split())
    assert "Traceback" not in screen
    assert terminal.told("#{alternate_on} #{cursor_flag} #{mouse_any_flag}") == "0 1 0"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_and_the_terminal_is_as_before(
    start: Callable[..., Terminal], number: signal.Signals
) -> None:
    terminal = start()
    os.kill(terminal.program("audittui"), number)
    _in_order(terminal, 128 + number)


@pytest.mark.parametrize("stuck", ["a thread", "the screen"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_answers_nobody_keeps_nobody(
    start: Callable[..., Terminal], number: signal.Signals, stuck: str
) -> None:
    terminal = start("-c", _BUSY)
    if stuck == "the screen":
        terminal.keys("?")
    os.kill(terminal.program("-c"), number)
    _in_order(terminal, 128 + number)


def test_ctrl_c_that_nobody_answers_ends_it_when_it_is_pressed_again(
    start: Callable[..., Terminal],
) -> None:
    terminal = start("-c", _BUSY)
    terminal.keys("?")

    def pressed(screen: str) -> bool:
        if "code " not in screen:
            terminal.keys("C-c")
        return "code 130" in screen

    terminal.until(pressed, "the end")
    _in_order(terminal, 130)


def test_ctrl_c_that_is_answered_ends_nothing(start: Callable[..., Terminal]) -> None:
    terminal = start()
    for _ in range(3):
        terminal.keys("C-c")
        terminal.wait("Nothing is being read. q quits.")


def test_ctrl_z_leads_to_the_shell_and_fg_back(start: Callable[..., Terminal]) -> None:
    terminal = start(interactive=True)
    for _ in range(2):
        terminal.keys("C-z")
        terminal.wait("Stopped", gone="Resource lifecycle")
        terminal.type("fg")
        terminal.keys("Enter")
        terminal.wait("Resource lifecycle")
        _hears_keys(terminal)
    _leaves(terminal)


def test_stopped_from_elsewhere_it_is_drawn_again(start: Callable[..., Terminal]) -> None:
    terminal = start(interactive=True)
    for _ in range(2):
        os.kill(terminal.program("audittui"), signal.SIGSTOP)
        terminal.wait("Stopped")
        terminal.keys("Enter")
        terminal.type("fg")
        terminal.keys("Enter")
        terminal.wait("Resource lifecycle", gone="Stopped")
        _hears_keys(terminal)
    _leaves(terminal)


def test_continued_in_the_background_it_waits_for_fg(start: Callable[..., Terminal]) -> None:
    terminal = start(interactive=True)
    process = terminal.program("audittui")
    os.kill(process, signal.SIGSTOP)
    terminal.wait("Stopped")
    for _ in range(2):
        os.kill(process, signal.SIGCONT)
        terminal.until(lambda _: _state(process) == "T", "a stop")
    terminal.type("fg")
    terminal.keys("Enter")
    _answers(terminal)


def test_begun_in_the_background_it_waits_for_fg(start: Callable[..., Terminal]) -> None:
    terminal = start(interactive=True, after=" &", wait="[1]")
    terminal.until(lambda _: _stopped(terminal), "a stop")
    os.kill(terminal.program("audittui"), signal.SIGCONT)  # bg does the same
    terminal.until(lambda _: _stopped(terminal), "a stop")
    terminal.type("fg")
    terminal.keys("Enter")
    _answers(terminal)


def _stopped(terminal: Terminal) -> bool:
    try:
        return _state(terminal.program("audittui")) == "T"
    except AssertionError:  # the shell has not started it yet
        return False


def _state(process: int) -> str:
    """What a process does, as ps(1) has it. Source: proc(5)."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def _answers(terminal: Terminal) -> None:
    """It is drawn, hears keys, and leaves when it is told to."""
    terminal.wait("Resource lifecycle", gone="Stopped")
    _hears_keys(terminal)
    _leaves(terminal)


def _hears_keys(terminal: Terminal) -> None:
    terminal.keys("?")
    terminal.wait("Everywhere")
    terminal.keys("Escape")
    terminal.wait("Resource lifecycle", gone="Everywhere")


def _leaves(terminal: Terminal) -> None:
    terminal.keys("q", "q")
    terminal.wait("shell>", gone="Resource lifecycle")


def test_ctrl_l_draws_over_what_others_wrote(start: Callable[..., Terminal]) -> None:
    terminal = start()
    tty = Path(terminal.told("#{pane_tty}"))

    def overwritten(screen: str) -> bool:
        if "Broadcast message" in screen and "Resource lifecycle" not in screen:
            return True
        # A late first frame may have drawn over it.
        tty.write_text("\x1b[2J\x1b[HBroadcast message")
        return False

    terminal.until(overwritten, "Broadcast message alone")
    terminal.keys("C-l")
    terminal.wait("Resource lifecycle", gone="Broadcast message")
