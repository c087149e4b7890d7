"""Extends a chain's Merkle tree by its new entries and signs what it has become.

Not here: verdicts, which `audittui.integrity.verifying` gives.
"""
