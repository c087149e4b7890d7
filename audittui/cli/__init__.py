"""The command line: click commands over the library, no logic."""
