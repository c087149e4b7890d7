"""Prompts on the terminal."""

from __future__ import annotations

from pathlib import Path


def ask_code(question: str) -> str:
    """Prompt on the terminal, even if standard streams are redirected, without echo.

    Raises `StoreError` if there is no terminal.
    """
    import getpass

    from audittui.errors import StoreError

    try:
        # getpass would otherwise fall back to standard input.
        Path("/dev/tty").open("rb").close()
    except OSError:
        raise StoreError(
            "The AWS profile needs an MFA code, and there is no terminal to ask for it.",
            "Run the command in a terminal once to cache the session, or use a profile without "
            "mfa_serial.",
            kind="credentials",
        ) from None
    return getpass.getpass(question)
