"""The catalogue: runbooks that ship, those that teams add, and broken files among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from audittui.errors import UsageError
from audittui.runbook.catalogue import BrokenRunbook, check, load_catalogue, shipped_folder
from audittui.runbook.model import Runbook

SHIPPED = {
    "time-window", "actor-activity", "resource-lifecycle", "request-trace", "action-history",
    "denied-actions", "repeated-failures",
}  # fmt: skip


def write(folder: Path, name: str, title: str = "Mine", query: str = "by: failure") -> Path:
    path = folder / name
    path.write_text(f"name: {title}\ndescription: D\nquery: {{{query}, during: -1h..now}}\n")
    return path


def ids(*folders: Path) -> list[str]:
    return [runbook.id for runbook in load_catalogue(folders).runbooks]


def test_without_folders_it_is_what_ships_sorted_by_name() -> None:
    catalogue = load_catalogue()
    assert catalogue.broken == ()
    assert {runbook.id for runbook in catalogue.runbooks} == SHIPPED
    names = [runbook.name for runbook in catalogue.runbooks]
    assert names == sorted(names, key=str.casefold)


def test_a_team_adds_and_overrides(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    write(first, "ours.yml", "Ours")
    write(first, "time-window.yaml", "Our time window")
    write(second, "ours.yaml", "Ours, better")
    (first / "notes.txt").write_text("not a runbook")
    (first / ".#ours.yaml").write_text("an editor's lock")
    catalogue = load_catalogue([first, second])
    assert {runbook.id for runbook in catalogue.runbooks} == SHIPPED | {"ours"}
    assert catalogue.find("ours").name == "Ours, better"
    assert catalogue.find("time-window").name == "Our time window"
    assert catalogue.find("time-window").path == first / "time-window.yaml"
    assert catalogue.broken == ()


def test_a_broken_file_hides_nothing_and_is_told(tmp_path: Path) -> None:
    write(tmp_path, "good.yaml")
    broken = write(tmp_path, "broken.yaml", query="by: time, order: up")
    override = tmp_path / "time-window.yaml"
    override.write_text("name: [\n")
    catalogue = load_catalogue([tmp_path])
    assert {runbook.id for runbook in catalogue.runbooks} == SHIPPED | {"good"}
    assert [one.path for one in catalogue.broken] == [broken, override]
    assert (catalogue.broken[0].line, catalogue.broken[0].where) == (3, "query.order")
    assert catalogue.broken[0].text.startswith(f"{broken}:3: query.order: ")
    with pytest.raises(UsageError, match=r"broken\.yaml:3: query\.order: 'up' is not valid here"):
        catalogue.find("broken")
    assert catalogue.find("time-window").path.parent == shipped_folder()


def test_folders_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    file = write(tmp_path, "file.yaml")
    catalogue = load_catalogue([missing, file])
    assert {runbook.id for runbook in catalogue.runbooks} == SHIPPED
    assert [one.path for one in catalogue.broken] == [missing, file]
    assert all("the folder cannot be read" in one.message for one in catalogue.broken)


def test_two_files_of_one_folder_cannot_share_an_id(tmp_path: Path) -> None:
    write(tmp_path, "same.yaml", "The first")
    second = write(tmp_path, "same.yml", "The second")
    catalogue = load_catalogue([tmp_path])
    assert catalogue.find("same").name == "The first"
    assert [one.path for one in catalogue.broken] == [second]


def test_the_same_folder_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "mine.yaml")
    assert load_catalogue([tmp_path, tmp_path]).broken == ()
    assert load_catalogue([shipped_folder()]) == load_catalogue()


def test_an_unknown_id_gets_the_closest_names() -> None:
    catalogue = load_catalogue()
    with pytest.raises(UsageError) as caught:
        catalogue.find("Actor-activty")
    assert caught.value.hint == "Did you mean actor-activity?"
    with pytest.raises(UsageError) as caught:
        catalogue.find("\x1b[31mzzz")
    assert "runbooks list" in caught.value.hint
    assert str(caught.value).isprintable()


def test_check_tells_every_file_in_order(tmp_path: Path) -> None:
    folder, empty = tmp_path / "folder", tmp_path / "empty"
    folder.mkdir()
    empty.mkdir()
    good = write(folder, "a.yaml")
    bad = write(folder, "b.yaml", query="by: nothing")
    missing = tmp_path / "missing.yaml"
    results = check([missing, folder, empty, good])
    assert [(type(one), one.path) for one in results] == [
        (BrokenRunbook, missing),
        (Runbook, good),
        (BrokenRunbook, bad),
        (BrokenRunbook, empty),
        (Runbook, good),
    ]
