"""How the errors of this project read."""

from __future__ import annotations

import re

from audittui.errors import AuditError


def assert_reads_well(error: AuditError) -> None:
    """One sentence of what happened, advice that ends in a full stop, no place left open."""
    assert re.fullmatch(r"[^\n]+[.…]", error.message)
    assert error.message[0].isupper() or error.message.startswith(("audit-log", "http", "'"))
    assert error.hint == "" or error.hint[-1] in ".)"
    assert not re.search(r"\{\w*[}!]|  |\.\.", str(error).replace("://", ""))
