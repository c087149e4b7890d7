"""Files that are whole or not there: written beside their place first, then given the name.

What is written is on the disk before it has its name, so that neither a full disk nor a crash nor a
power cut leaves half a file; and it is its owner's alone from its first byte, whatever the umask.
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

_ELSEWHERE = "Give another name or folder."
_BAD_NAMES = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL)


def write_new(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write the file ``path``, never over another one; a link there is another one.

    Its folder must exist. Raises `UsageError` for a name that is taken or cannot be, `AuditError`
    when the disk is full or the folder may not be written to; then nothing is left behind.
    """
    try:
        with _beside(path, data, mode, durable=True) as written:
            take_name(written, path)
    except FileExistsError:
        raise _taken(path) from None
    except (OSError, ValueError) as error:
        raise cannot_write(path, error) from None


def replace(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Write the file ``path`` in place of the one that is there; a link is replaced, not followed.

    Folders that are missing are made, the last for its owner alone. ``durable`` False gives up
    outliving a power cut, for what can be had again. Raises `OSError`, and then the old file is
    as it was: only the caller knows what losing the new one means.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _beside(path, data, mode, durable=durable) as written:
        written.replace(path)
        if durable:
            _keep_names(path)


def demand_free(path: Path) -> None:
    """Refuse before the work what `write_new` would refuse after it, as far as can be told.

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
    """Give a file of the same folder the name ``path``, unless that is taken.

    Raises `FileExistsError` if it is, `OSError`; then the file still has its first name.
    """
    try:
        os.link(written, path)
    except FileExistsError:
        raise
    except OSError:
        # No links on this file system: an empty file holds the name, which then is replaced.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            written.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    else:
        # It has its name; that it still has the first one too breaks nothing.
        with contextlib.suppress(OSError):
            written.unlink()
    _keep_names(path)


def is_full(error: OSError) -> bool:
    """Whether the disk, or what one may use of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def cannot_write(path: Path, error: OSError | ValueError) -> AuditError:
    """What is told when ``path`` cannot be written: `UsageError` where the name is wrong."""
    if not isinstance(error, OSError):
        return UsageError(f"{_told(path)} cannot be written: the name is not valid.", _ELSEWHERE)
    if is_full(error):
        return AuditError(
            f"The disk is full: {_told(path)} was not written.",
            "Free some space, or give another folder, and try again.",
        )
    kind = UsageError if error.errno in _BAD_NAMES else AuditError
    return kind(f"{_told(path)} cannot be written: {error.strerror or error}.", _ELSEWHERE)


def _taken(path: Path) -> UsageError:
    return UsageError(f"{_told(path)} exists already.", "Give another name.")


def _told(path: Path) -> str:
    return escaped(str(path))


@contextlib.contextmanager
def _beside(path: Path, data: bytes, mode: int, *, durable: bool) -> Iterator[Path]:
    """``data`` in a file of the same folder; gone at the end unless it was given a name."""
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
    """Put the folder on the disk too, where a file system knows that."""
    with contextlib.suppress(OSError):
        handle = os.open(path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
