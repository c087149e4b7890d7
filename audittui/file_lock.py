"""A lock between processes on one machine."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # A system without it.
    fcntl = None  # type: ignore[assignment]

_STALE_SECONDS = 30.0
_PAUSE = 0.01


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of the file ``path``, which is created if needed, with its folder.

    Waits until it is free. Raises `OSError` if the file cannot be created.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if _take(handle):
            yield
        else:
            with _alone(path.with_name(f"{path.name}.held")):
                yield
    finally:
        # Closing releases it.
        os.close(handle)


def _take(handle: int) -> bool:
    """Take the system's lock; False if the system or the file system has none."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock that consists of a file's existence. One left by a crash is taken over."""
    while True:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()
            time.sleep(_PAUSE)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
