"""The table of keys in docs/terminal.md, made from the bindings themselves.

It is renewed by ``python -m tests.terminal_guide``.
"""

from __future__ import annotations

from pathlib import Path

from audittui.tui.keys.keymap import key_name, keys_of, sections

DOCUMENT = Path(__file__).parents[1] / "docs" / "terminal.md"
MARKS = ("<!-- keys: begin -->\n", "<!-- keys: end -->")


def key_names() -> set[str]:
    """Every bound key, as people write it."""
    return {
        key_name(key)
        for part in sections()
        for binding in part.bindings
        for key in keys_of(binding, {})
    }


def table() -> str:
    """The table of the document."""
    lines = ["| where | key | what it does | name |", "|---|---|---|---|"]
    for part in sections():
        where = part.title
        for binding in part.bindings:
            keys = " ".join(f"`{key_name(key)}`" for key in keys_of(binding, {}))
            does = binding.description[:1].lower() + binding.description[1:]
            lines.append(f"| {where} | {keys} | {does} | `{binding.id}` |")
            where = ""
    return "\n".join(lines) + "\n"


def parts() -> tuple[str, str, str]:
    """The document in three parts: before the table, the table, after the table."""
    head, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
    shown, _, tail = rest.partition(MARKS[1])
    return head, shown, tail


def main() -> None:
    """Write the table into the document."""
    head, _, tail = parts()
    DOCUMENT.write_text(f"{head}{MARKS[0]}{table()}{MARKS[1]}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
