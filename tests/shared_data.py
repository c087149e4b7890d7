"""The location of the shared data, real logs and the standards' vectors, beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


def shared_file(name: str) -> Path:
    """The shared file ``name``; skips the test if it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"../shared/data/{name} is not beside this checkout")
    return path
