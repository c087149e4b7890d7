"""Each name of Textual's that is not public is there and does what we take it to do."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import os
import pkgutil
import pty
from importlib.metadata import version
from pathlib import Path

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.command import CommandPalette
from textual.containers import ScrollableContainer
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.widgets import Input

import audittui.tui
from audittui.tui import textual_private
from audittui.tui.textual_private import (
    crash_of,
    drawn_by,
    ending_quietly,
    is_taken,
    name_of_key,
    scroll_over,
    with_patient_pages,
)
from tests.tui.driving import driven

# What Textual itself puts on every class.
_STOCK = {
    "_decorated_handlers", "_inherit_bindings", "_reactives", "_inherit_css", "_computes",
    "_inherit_component_classes", "_css_type_name", "_css_type_names", "_merged_bindings",
    "_abc_impl",
}  # fmt: skip


def test_the_minor_version_is_the_one_that_was_tried() -> None:
    assert version("textual").startswith("8.2.")


@pytest.mark.parametrize(
    ("character", "name"), [(":", "colon"), ("/", "slash"), (" ", "space"), ("é", "é")]
)
def test_keys_are_named(character: str, name: str) -> None:
    assert name_of_key(character) in (name, "latin_small_letter_e_with_acute")


@driven
async def test_a_driver_has_its_terminal_from_its_start_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r+b", buffering=0) as terminal:
        monkeypatch.setattr("sys.__stdin__", terminal)
        monkeypatch.setattr("sys.__stderr__", io.StringIO())
        driver = LinuxDriver(App[None](), size=(80, 24))
        assert not is_taken(driver)
        driver.start_application_mode()  # type: ignore[no-untyped-call]
        assert is_taken(driver)
        driver.suspend_application_mode()
        assert not is_taken(driver)
    os.close(ours)


@driven
async def test_an_application_tells_what_broke_it_and_ends_quietly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loud: list[bool] = []

    @ending_quietly(lambda app: not loud)
    class Breaking(App[None]):
        def on_mount(self) -> None:
            raise ZeroDivisionError

    app = Breaking()
    assert crash_of(app) is None
    with pytest.raises(ZeroDivisionError):
        async with app.run_test():
            pass
    assert isinstance(crash_of(app), ZeroDivisionError)
    assert "Traceback" not in capsys.readouterr().err
    loud.append(True)
    with pytest.raises(ZeroDivisionError):
        async with Breaking().run_test():
            pass
    assert "Traceback" in capsys.readouterr().err


@driven
async def test_a_scrollbar_is_renewed() -> None:
    class Scrolling(App[None]):
        def compose(self) -> ComposeResult:
            box = ScrollableContainer()
            box.styles.overflow_y = "scroll"
            yield box

    async with (app := Scrolling()).run_test(size=(20, 10)) as pilot:
        await pilot.pause()
        box = app.query_one(ScrollableContainer)
        scroll_over(box, Size(19, 400))
        assert box.vertical_scrollbar.window_virtual_size == 400


@driven
async def test_a_page_key_in_a_palette_without_lines_does_nothing() -> None:
    @with_patient_pages
    class Patient(CommandPalette):
        pass

    async with App[None]().run_test() as pilot:
        palette = Patient()
        await pilot.app.push_screen(palette)
        palette._action_command_list("page_down")
        await pilot.press("pagedown")
        assert pilot.app.screen is palette


@driven
async def test_a_field_is_drawn_otherwise() -> None:
    @drawn_by(lambda value: Text("?" * len(value)) if "\x07" in value else None)
    class Drawn(Input):
        pass

    class Asking(App[None]):
        def compose(self) -> ComposeResult:
            yield Drawn("plain")

    async with (app := Asking()).run_test(size=(20, 5)) as pilot:
        field = app.query_one(Drawn)
        assert "plain" in "".join(one.text for one in field.render_line(0))
        field.value = "be\x07ll"
        await pilot.pause()
        assert "?????" in "".join(one.text for one in field.render_line(0))


def test_no_other_module_uses_private_names() -> None:
    ours: set[str] = set()
    used: dict[str, str] = {}
    for path in Path(audittui.tui.__path__[0]).rglob("*.py"):
        if path.name == "textual_private.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual"):
                assert not [one.name for one in node.names if one.name.startswith("_")], path
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                ours.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                ours.add(node.target.id)
            elif isinstance(node, ast.Assign):
                ours |= {one.id for one in node.targets if isinstance(one, ast.Name)}
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                if isinstance(node.ctx, ast.Store):
                    ours.add(node.attr)
                elif not node.attr.endswith("__"):
                    used[node.attr] = path.name
    # A tuple's, and the system's.
    assert set(used) - ours <= {"_replace", "_exit"}, used


def test_no_other_class_overrides_private_names() -> None:
    wrong = []
    for module in pkgutil.walk_packages(audittui.tui.__path__, "audittui.tui."):
        for kind in vars(importlib.import_module(module.name)).values():
            if not inspect.isclass(kind) or kind.__module__ != module.name:
                continue
            for name, value in vars(kind).items():
                made_here = getattr(getattr(value, "fget", value), "__module__", "")
                if name in _STOCK or not name.startswith("_") or name.endswith("__"):
                    continue
                if made_here == textual_private.__name__:
                    continue
                bases = [one for one in kind.__mro__[1:] if one.__module__.startswith("textual")]
                wrong += [(kind, name) for one in bases if name in vars(one)]
    assert not wrong
