"""Immutable audit logs in DynamoDB, and the terminal that makes them answer."""

__version__ = "0.1.0"
