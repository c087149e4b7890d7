"""Speaks to AWS besides the table: sessions, credentials, roles, keys in KMS, and what errors say.

Not here: the table's own client and the four actions that a reader of it may send.
"""
