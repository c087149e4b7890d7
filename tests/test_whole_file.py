"""Files are whole or absent, never replace another one, and are private to their owner."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audittui.errors import AuditError, UsageError
from audittui.whole_file import demand_free, replace, write_new

Write = Callable[[Path, bytes], None]
BOTH = pytest.mark.parametrize("write", [write_new, replace])


@pytest.fixture(params=["links", "no links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems with hard links, and without."""
    if request.param == "no links":

        def refuse(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr("os.link", refuse)


@pytest.fixture(params=[0o000, 0o077, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(name, fail)


@BOTH
@pytest.mark.usefixtures("links", "umask")
def test_what_was_written_is_there_for_its_owner_alone(write: Write, tmp_path: Path) -> None:
    write(tmp_path / "a", b"\x00\xff" * 100_000)
    assert (tmp_path / "a").read_bytes() == b"\x00\xff" * 100_000
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a"]


@pytest.mark.usefixtures("umask")
def test_other_rights_are_given_when_asked_for(tmp_path: Path) -> None:
    write_new(tmp_path / "a", b"", mode=0o644)
    replace(tmp_path / "b", b"", mode=0o644)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"] == [0o644] * 2


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("kind", ["file", "folder", "link", "link to nothing"])
def test_what_is_there_is_never_written_over(kind: str, tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "other"
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        if kind == "link":
            other.write_text("mine")
        path.symlink_to(other)
    before = names(tmp_path)
    for refuse in (demand_free, lambda path: write_new(path, b"new")):
        with pytest.raises(UsageError, match="already exists") as caught:
            refuse(path)
        assert caught.value.hint
    assert names(tmp_path) == before
    assert kind not in ("file", "link") or path.read_text() == "mine"


@pytest.mark.usefixtures("links")
def test_of_writers_at_once_one_writes_and_the_others_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a"
    told: list[str] = []
    wrote: list[bytes] = []
    together = threading.Barrier(8)

    def write(number: int) -> None:
        data = bytes([number]) * 50_000
        together.wait()
        try:
            write_new(path, data)
        except UsageError as error:
            told.append(error.message)
        else:
            wrote.append(data)

    at_once(write)
    assert [path.read_bytes()] == wrote
    assert len(told) == 7 and all("already exists" in one for one in told)
    assert names(tmp_path) == ["a"]


def test_of_replacers_at_once_one_wins_whole_and_readers_see_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a"
    replace(path, bytes(50_000))
    seen: set[bytes] = set()

    def write(number: int) -> None:
        for _ in range(5):
            replace(path, bytes([number]) * 50_000)
            seen.add(path.read_bytes())

    at_once(write)
    assert seen <= {bytes([number]) * 50_000 for number in range(8)}
    assert names(tmp_path) == ["a"]


def at_once(write: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_leaves_nothing(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").write_text("old")
    failing(monkeypatch, "os.fsync", number)
    with pytest.raises(AuditError, match=r"The disk is full: .*/a was not written") as caught:
        write_new(tmp_path / "a", b"new")
    assert caught.value.exit_code == 1
    assert "Free some space" in caught.value.hint
    with pytest.raises(OSError, match=os.strerror(number)):
        replace(tmp_path / "old", b"new")
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_text() == "old"


def test_a_name_that_cannot_be_given_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "os.link", errno.EPERM)
    failing(monkeypatch, "pathlib.Path.replace", errno.EIO)
    with pytest.raises(AuditError, match="cannot be written"):
        write_new(tmp_path / "a", b"new")
    assert names(tmp_path) == []


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    for write in (write_new, replace):
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path / "a", b"new")
    assert names(tmp_path) == []


@pytest.mark.parametrize("refuse", [demand_free, lambda path: write_new(path, b"")])
@pytest.mark.parametrize("name", ["no/folder/a", "file/a", "nul\x00", "x" * 300])
def test_a_name_that_cannot_be_is_a_sentence(
    refuse: Callable[[Path], None], name: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written") as caught:
        refuse(tmp_path / name)
    assert "\x00" not in caught.value.message and caught.value.hint
    assert names(tmp_path) == ["file"]


def test_a_folder_that_may_not_be_written_to_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:  # who may write everywhere; the system call is made to fail
        monkeypatch.setattr("os.access", lambda *_: False)
        failing(monkeypatch, "tempfile.mkstemp", errno.EACCES)
    tmp_path.chmod(0o500)
    for refuse in (demand_free, lambda path: write_new(path, b"")):
        with pytest.raises(AuditError, match=r"a cannot be written: Permission denied") as caught:
            refuse(tmp_path / "a")
        assert caught.value.exit_code == 1 and caught.value.hint
    with pytest.raises(PermissionError):
        replace(tmp_path / "a", b"")
    tmp_path.chmod(0o700)
    assert names(tmp_path) == []


def test_a_name_is_shown_escaped(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m").write_text("")
    with pytest.raises(UsageError) as caught:
        write_new(tmp_path / "a\x1b[31m", b"")
    assert "\x1b" not in caught.value.message


def test_a_free_name_in_a_folder_is_free(tmp_path: Path) -> None:
    demand_free(tmp_path / "a")
    assert names(tmp_path) == []


def test_replacing_makes_folders_and_replaces_a_link_itself(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there" / "a"
    replace(path, b"1")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    other = tmp_path / "other"
    other.write_text("mine")
    path.unlink()
    path.symlink_to(other)
    replace(path, b"2", durable=False)
    assert not path.is_symlink() and path.read_bytes() == b"2"
    assert other.read_text() == "mine"
