"""Formats of transparency logs: RFC 6962 trees, C2SP notes, checkpoints, tiles and proofs.

Not here: tables, entries, trust. Imports nothing else from audittui.
"""
