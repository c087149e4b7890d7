"""The newest checkpoint that was seen of each log, kept on this machine.

A file a log, named by hashes of its chain and its origin: the signed note, verbatim, and the tables
in which the log was seen. A pin only grows: it is replaced under a lock, by a checkpoint of more
entries alone, and as a whole, so that a crash leaves the old one. `Pins.forget` retires one, and
keeps why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from audittui import timestamp
from audittui.errors import StoreError
from audittui.file_lock import locked
from audittui.integrity.tlog.checkpoint import Checkpoint, parse_checkpoint
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.note import parse_note
from audittui.store.identity import TableIdentity
from audittui.whole_file import replace

_SUFFIX = ".pin"
_FORGOTTEN = "forgotten.jsonl"


class Pin(msgspec.Struct, frozen=True):
    """A checkpoint that was seen: of which chain, under which origin, the signed ``note``, and the
    ``tables`` that held it.

    It was believed when it was pinned; what it says is demanded even where its key is not trusted
    any more.
    """

    chain: str
    origin: str
    note: str
    tables: tuple[TableIdentity, ...] = ()

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says. Raises `MalformedError`."""
        return parse_checkpoint(parse_note(self.note.encode()).text)

    @property
    def size(self) -> int:
        """How many entries the log had."""
        return self.checkpoint.size

    def seen_in(self, table: TableIdentity) -> bool:
        """True when the log was seen in ``table``."""
        return any(one.same(table) for one in self.tables)


class Pins:
    """The pinned checkpoints in ``folder``, which is made when the first is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, origin: str, chain: str) -> Path:
        """Where the pin of a log is kept."""
        return self.folder / f"{_digest(chain)}-{_digest(origin)}{_SUFFIX}"

    def load(self, origin: str, chain: str) -> Pin | None:
        """The pin of a log; None where there is none. Raises `StoreError` as `of_chain` does."""
        return self._read(self.path(origin, chain))

    def of_chain(self, chain: str) -> tuple[Pin, ...]:
        """The pins of every log that is this chain's, of any table.

        Raises `StoreError` when one cannot be read: then nothing can be demanded, and that must be
        said.
        """
        paths = self._paths(f"{_digest(chain)}-")
        return tuple(pin for path in paths if (pin := self._read(path)) is not None)

    def all(self) -> Iterator[Pin | StoreError]:
        """Every pin; for one that cannot be read, the error that says so."""
        try:
            paths = self._paths("")
        except StoreError as error:
            yield error
            return
        for path in paths:
            try:
                pin = self._read(path)
            except StoreError as error:
                yield error
                continue
            if pin is not None:
                yield pin

    def swap(self, known: Pin | None, new: Pin) -> Pin | None:
        """Keep ``new`` in place of ``known``; the pin that stands there instead, where another
        process was faster (then nothing is changed), else None.

        A pin is never replaced by one of fewer entries. Raises `StoreError` when it cannot be kept.
        """
        with self._changing():
            present = self._read(self.path(new.origin, new.chain))
            expected = known.note if known is not None else None
            if present is not None and (present.note != expected or present.size > new.size):
                return present
            tables = present.tables if present is not None else ()
            more = tuple(one for one in new.tables if not any(one.same(old) for old in tables))
            self._write(msgspec.structs.replace(new, tables=(*tables, *more)))
        return None

    def grow(self, new: Pin) -> None:
        """Keep ``new``, unless a pin of as many entries, or more, is there. Raises `StoreError`."""
        known = self.load(new.origin, new.chain)
        while known is None or known.size < new.size or not _holds_all(known, new):
            if known is not None and known.size > new.size:
                new = msgspec.structs.replace(new, note=known.note)
            other = self.swap(known, new)
            if other is None:
                return
            known = other

    def forget(self, pin: Pin, reason: str) -> None:
        """Retire a pin; the note and the reason stay in the folder. Raises `StoreError`."""
        record = {
            "time": timestamp.text(timestamp.now()), "origin": pin.origin, "chain": pin.chain,
            "reason": reason, "note": pin.note,
        }  # fmt: skip
        with self._changing():
            path = self.folder / _FORGOTTEN
            earlier = path.read_bytes() if path.exists() else b""
            replace(path, earlier + msgspec.json.encode(record) + b"\n")
            self.path(pin.origin, pin.chain).unlink(missing_ok=True)

    def _changing(self) -> _Changing:
        return _Changing(self.folder)

    def _paths(self, beginning: str) -> list[Path]:
        """The files of pins whose names begin so. A folder that cannot be read is not an empty
        one: raises `StoreError`."""
        try:
            paths = sorted(self.folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _unreadable(self.folder, str(error.strerror or error)) from None
        return [path for path in paths if path.match(f"{beginning}*{_SUFFIX}")]

    def _read(self, path: Path) -> Pin | None:
        try:
            pin = msgspec.json.decode(path.read_bytes(), type=Pin)
            if self.path(pin.origin, pin.chain) != path:
                raise _unreadable(path, "it is another log's")
            if pin.checkpoint.origin != pin.origin:
                raise _unreadable(path, "its checkpoint is another log's")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(path, str(error.strerror or error)) from None
        except MalformedError as error:
            raise _unreadable(path, f"it holds a {error}") from None
        except ValueError:
            why = "it is empty" if not path.stat().st_size else "it is no pin"
            raise _unreadable(path, why) from None
        return pin

    def _write(self, pin: Pin) -> None:
        replace(self.path(pin.origin, pin.chain), msgspec.json.encode(pin) + b"\n")


class _Changing:
    """Holds the folder's lock; what the disk refuses becomes a `StoreError`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = locked(folder / ".lock")

    def __enter__(self) -> None:
        try:
            self._lock.__enter__()
        except OSError as error:
            raise self._refused(error) from None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._lock.__exit__(None, None, None)
        if isinstance(error, OSError):
            raise self._refused(error) from None

    def _refused(self, error: OSError) -> StoreError:
        return StoreError(
            f"The checkpoint cannot be pinned in {self._folder}: {error.strerror}.",
            "Set AUDITTUI_STATE to a folder that can be written.",
            kind="disk",
        )


def _holds_all(known: Pin, new: Pin) -> bool:
    return all(known.seen_in(table) for table in new.tables)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _unreadable(path: Path, why: str) -> StoreError:
    return StoreError(
        f"The pinned checkpoint {path} cannot be read: {why}.",
        "Mend its rights, or put a copy back; or remove it, then pin a checkpoint that you trust "
        "with audittui checkpoint import FILE.",
        kind="disk",
    )
