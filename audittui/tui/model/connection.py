"""The state of the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from audittui.errors import AuditError, StoreError

if TYPE_CHECKING:
    from audittui.connection import Target

_ORIGINS = {"region": "region", "endpoint": "endpoint_url", "AWS profile": "aws_profile"}
"""What was tried, and the setting of a target that may provide it."""


class ConnectionState(msgspec.Struct, frozen=True):
    """The state of the connection.

    ``message`` and ``hint`` explain a failure, or what connecting waits for; ``tried`` lists the
    settings used, line by line. ``profiles`` is the number of profiles in the configuration, if
    relevant.
    """

    kind: Literal["none", "connecting", "open", "failed"]
    message: str = ""
    hint: str = ""
    tried: tuple[tuple[str, str], ...] = ()
    profiles: int = 0

    def text(self, target: Target) -> str:
        """The state in a few words."""
        if self.kind == "none":
            return "not connected"
        if self.kind == "connecting":
            return f"connecting to {place_of(target)}…"
        place = place_of(target)
        return place if self.kind == "open" else f"no connection to {place}"


def place_of(target: Target) -> str:
    """A target in a few words, preceded by its profile."""
    return f"{target.profile}: {target.label}" if target.profile else target.label


def failed_connection(error: Exception, target: Target) -> ConnectionState:
    """The state after a failure: the settings tried, and where they came from."""
    told = error if isinstance(error, AuditError) else AuditError(str(error))
    tried = []
    for name, value in error.tried if isinstance(error, StoreError) else ():
        origin = target.origins.get(_ORIGINS.get(name, ""), "")
        tried.append((name, f"{value}, {origin}" if origin else value))
    return ConnectionState("failed", told.message, told.hint, tuple(tried))
