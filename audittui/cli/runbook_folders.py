"""The folders of the team's runbooks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audittui.config import Config


def runbook_folders(config: Config | None = None) -> list[Path]:
    """The team's runbook folders, from the configuration (read unless it is given) and
    ``AUDITTUI_RUNBOOKS``. Raises `UsageError` if the configuration is invalid."""
    if config is None:
        from audittui.checked_config import checked_config

        config = checked_config()
    named = [Path(folder).expanduser() for folder in config.runbook_folders]
    more = os.environ.get("AUDITTUI_RUNBOOKS", "")
    return named + [Path(folder).expanduser() for folder in more.split(os.pathsep) if folder]
