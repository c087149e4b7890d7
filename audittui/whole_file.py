"""Writes files atomically: to a temporary file in the same folder, which is then renamed.

The data is on the disk before the file gets its name, so a full disk, a crash or a power cut never
leaves half a file. Only the owner can access it from the first byte on, whatever the umask.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from audittui.errors import AuditError, UsageError
from audittui.escape import escaped

_ELSEWHERE = "Choose another name or folder."
_BAD_NAMES = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL)


def write_new(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write the file ``path``, never over an existing one; a link counts as one.

    Its folder must exist. Raises `UsageError` for a name that is taken or invalid, `AuditError` if
    the disk is full or the folder is not writable; then nothing is left behind.
    """
    try:
        with _beside(path, data, mode, durable=True) as written:
            take_name(written, path)
    except FileExistsError:
        raise _taken(path) from None
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from None


def replace(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Write the file ``path``, replacing an existing one; a link is replaced, not followed.

    Missing folders are created, the last one accessible only to its owner. Without ``durable``, the
    file may not survive a power cut, which is fine for data that can be recreated. Raises
    `OSError`, since only the caller knows what the loss means; the old file is then unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _beside(path, data, mode, durable=durable) as written:
        written.replace(path)
        if durable:
            _keep_names(path)


def demand_free(path: Path) -> None:
    """Refuse in advance what `write_new` would refuse later, as far as that is known.

    Raises what `write_new` raises.
    """
    folder = path.absolute().parent
    try:
        path.lstat()
    except FileNotFoundError:
        if not folder.is_dir():
            raise cannot_write(path, OSError(errno.ENOENT, "there is no such folder")) from None
        if not os.access(folder, os.W_OK | os.X_OK):
            denied = OSError(errno.EACCES, os.strerror(errno.EACCES))
            raise cannot_write(path, denied) from None
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from None
    else:
        raise _taken(path)


def take_name(written: Path, path: Path) -> None:
    """Rename a file of the same folder to ``path``, unless that name is taken.

    Raises `FileExistsError` if it is, or `OSError`; then the file keeps its first name.
    """
    try:
        os.link(written, path)
    except FileExistsError:
        raise
    except OSError:
        # This file system has no links: an empty file reserves the name and is then replaced.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            written.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    else:
        # The file has its new name; keeping the first one as well is harmless.
        with contextlib.suppress(OSError):
            written.unlink()
    _keep_names(path)


def is_full(error: OSError) -> bool:
    """Whether the disk or the user's quota is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def cannot_write(path: Path, error: OSError | ValueError) -> AuditError:
    """The error for a ``path`` that cannot be written: `UsageError` if the name is wrong."""
    if not isinstance(error, OSError):
        return UsageError(f"{_told(path)} cannot be written: the name is not valid.", _ELSEWHERE)
    if is_full(error):
        return AuditError(
            f"The disk is full: {_told(path)} was not written.",
            "Free some space or choose another folder, and try again.",
        )
    kind = UsageError if error.errno in _BAD_NAMES else AuditError
    return kind(f"{_told(path)} cannot be written: {error.strerror or error}.", _ELSEWHERE)


def _taken(path: Path) -> UsageError:
    return UsageError(f"{_told(path)} already exists.", "Choose another name.")


def _told(path: Path) -> str:
    return escaped(str(path))


@contextlib.contextmanager
def _beside(path: Path, data: bytes, mode: int, *, durable: bool) -> Iterator[Path]:
    """``data`` in a temporary file of the same folder, removed at the end unless it was renamed."""
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=".audittui-")
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            written.chmod(mode)
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        yield written
    finally:
        with contextlib.suppress(OSError):
            written.unlink()


def _keep_names(path: Path) -> None:
    """Flush the folder to the disk too, if the file system supports that."""
    with contextlib.suppress(OSError):
        handle = os.open(path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
