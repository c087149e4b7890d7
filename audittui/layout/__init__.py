"""How a table stores entries: fields and attributes, key templates, indexes.

Not here: reading or writing a table.
"""

from audittui.layout.load import layout_names, load_layout
from audittui.layout.model import Layout
from audittui.layout.parts import Field, Index, KeyAttribute
from audittui.layout.row import Item, Row, Value

__all__ = [
    "Field",
    "Index",
    "Item",
    "KeyAttribute",
    "Layout",
    "Row",
    "Value",
    "layout_names",
    "load_layout",
]
