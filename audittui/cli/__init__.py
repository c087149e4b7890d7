"""The command line: click commands over the library, one module a command, and exit codes.

Not here: anything that a program or the terminal application would need too.
"""

from audittui.cli.main import main

__all__ = ["main"]
