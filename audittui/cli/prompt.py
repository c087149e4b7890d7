"""Asks the person at the terminal."""

from __future__ import annotations

from pathlib import Path


def ask_code(question: str) -> str:
    """The answer to ``question``, typed unseen on the terminal, whatever the streams are.

    Raises `StoreError` where there is none.
    """
    import getpass

    from audittui.errors import StoreError

    try:
        # getpass would fall back to a standard input that is no terminal.
        Path("/dev/tty").open("rb").close()
    except OSError:
        raise StoreError(
            "The AWS profile takes an MFA code, and there is no terminal to ask on.",
            "Run the command in a terminal once, which keeps the session, or use a profile without "
            "mfa_serial.",
            kind="credentials",
        ) from None
    return getpass.getpass(question)
