"""Any JSON value, for property tests, and a JSON text as the detail view shows it."""

from __future__ import annotations

from hypothesis import strategies as st

from audittui.tui.model.json_lines import JsonLines

LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | LETTERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


def spread(raw: str) -> str:
    """The lines of a JSON text, none of them folded. Raises ``ValueError`` as `JsonLines` does."""
    lines = JsonLines(raw)
    return "\n".join("  " * one.depth + lines.text(at) for at, one in enumerate(lines.lines))
