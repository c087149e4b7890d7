"""The narrow port that every read and write goes through, and wrappers for any store.

Not here: what an entry means, and when one may be written.
"""

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
