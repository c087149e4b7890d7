"""Evidence bundles: entries, their proofs, and how they were found, in one file.

Not here: the verdicts themselves, which come from `audittui.integrity.verifying`.
"""
