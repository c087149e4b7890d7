"""AWS apart from the table: sessions, credentials, roles, KMS keys, and error messages.

Not here: the table's own client, and the four actions that a read-only client may send.
"""
