"""The newest checkpoint seen of each log, kept on this machine.

There is one file for each log, named by hashes of its chain and its origin. It holds the signed
note, verbatim, and the tables in which the log was seen. A pin only grows: it is replaced under a
lock, atomically, and only by a checkpoint of more entries. A crash leaves the old one.
`Pins.forget` retires a pin and keeps the reason.
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
    """A checkpoint that was seen: its chain, its origin, the signed ``note``, and the ``tables``
    that held it.

    It was trusted when it was pinned, and is enforced even if its key is no longer trusted.
    """

    chain: str
    origin: str
    note: str
    tables: tuple[TableIdentity, ...] = ()

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint in the note. Raises `MalformedError`."""
        return parse_checkpoint(parse_note(self.note.encode()).text)

    @property
    def size(self) -> int:
        """How many entries the log had."""
        return self.checkpoint.size

    def seen_in(self, table: TableIdentity) -> bool:
        """True when the log was seen in ``table``."""
        return any(one.same(table) for one in self.tables)


class Pins:
    """The pinned checkpoints in ``folder``, which is created with the first pin."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, origin: str, chain: str) -> Path:
        """The file of a log's pin."""
        return self.folder / f"{_digest(chain)}-{_digest(origin)}{_SUFFIX}"

    def load(self, origin: str, chain: str) -> Pin | None:
        """The pin of a log; None if there is none. Raises `StoreError` like `of_chain`."""
        return self._read(self.path(origin, chain))

    def of_chain(self, chain: str) -> tuple[Pin, ...]:
        """The pins of all logs of this chain, in any table.

        Raises `StoreError` if one cannot be read: then nothing can be enforced, which must be
        reported.
        """
        paths = self._paths(f"{_digest(chain)}-")
        return tuple(pin for path in paths if (pin := self._read(path)) is not None)

    def all(self) -> Iterator[Pin | StoreError]:
        """Every pin, or its error if it cannot be read."""
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
        """Replace ``known`` by ``new`` and return None. If another process was faster, change
        nothing and return the pin that it left.

        A pin is never replaced by one of fewer entries. Raises `StoreError` if it cannot be saved.
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
        """Save ``new``, unless there is a pin of as many entries or more. Raises `StoreError`."""
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
        """The files of pins whose names begin with ``beginning``. Raises `StoreError` if the folder
        cannot be read, which is not the same as an empty one."""
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
                raise _unreadable(path, "it belongs to another log")
            if pin.checkpoint.origin != pin.origin:
                raise _unreadable(path, "its checkpoint belongs to another log")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(path, str(error.strerror or error)) from None
        except MalformedError as error:
            raise _unreadable(path, f"it contains a {error}") from None
        except ValueError:
            why = "it is empty" if not path.stat().st_size else "it is not a pin"
            raise _unreadable(path, why) from None
        return pin

    def _write(self, pin: Pin) -> None:
        replace(self.path(pin.origin, pin.chain), msgspec.json.encode(pin) + b"\n")


class _Changing:
    """Holds the folder's lock, and turns an error of the disk into a `StoreError`."""

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
            "Set AUDITTUI_STATE to a writable folder.",
            kind="disk",
        )


def _holds_all(known: Pin, new: Pin) -> bool:
    return all(known.seen_in(table) for table in new.tables)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _unreadable(path: Path, why: str) -> StoreError:
    return StoreError(
        f"The pinned checkpoint {path} cannot be read: {why}.",
        "Fix its permissions or restore a copy; or remove it and pin a checkpoint that you trust "
        "with audittui checkpoint import FILE.",
        kind="disk",
    )
