"""The command line: click commands over the library, no logic."""

from audittui.cli.main import main

__all__ = ["main"]
