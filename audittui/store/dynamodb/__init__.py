"""The port on a DynamoDB table: its client, wire values, conditional puts, administration.

Not here: AWS credentials and sessions, which are in `audittui.aws`.
"""

from audittui.store.dynamodb.admin import create_table
from audittui.store.dynamodb.report import IndexReport, TableReport, describe_table
from audittui.store.dynamodb.store import DynamoStore, open_table

__all__ = [
    "DynamoStore",
    "IndexReport",
    "TableReport",
    "create_table",
    "describe_table",
    "open_table",
]
