"""The narrow port that every read and write goes through."""

from audittui.store.port import (
    Condition,
    Found,
    KeyTakenError,
    Page,
    Query,
    Store,
    TableDescription,
    TransactionRefusedError,
)

__all__ = [
    "Condition",
    "Found",
    "KeyTakenError",
    "Page",
    "Query",
    "Store",
    "TableDescription",
    "TransactionRefusedError",
]
