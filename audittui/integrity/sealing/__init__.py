"""Extends a chain's Merkle tree by its new entries and signs the result.

Not here: verdicts, which are in `audittui.integrity.verifying`.
"""
