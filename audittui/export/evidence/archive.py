"""The container: a ZIP file with exactly one spelling for the same files.

Members are stored (not compressed), sorted by name, without times. Reading one writes it again and
compares: whatever byte was changed, in a member or around it, is found.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MAX_BYTES = 2_000_000_000


class DamagedError(ValueError):
    """Bytes that are not such a container."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """The container of ``files`` (ASCII names)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o600 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The files in a container. Raises `DamagedError`."""
    if len(data) > MAX_BYTES:
        raise DamagedError("it is too large")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(set(names)) != len(names):
                raise DamagedError("a file stands in it twice")
            # A stored member is as long as it says: nothing can unfold to more than the file.
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                raise DamagedError("a file in it is compressed")
            files = {name: archive.read(name) for name in names}
    except DamagedError:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError,
            KeyError, OverflowError, MemoryError) as error:  # fmt: skip
        raise DamagedError(f"it cannot be read ({error})") from None
    try:
        same = pack(files) == data
    except (ValueError, UnicodeError):
        same = False
    if not same:
        raise DamagedError("a byte of it was changed, or another program wrote it")
    return files
