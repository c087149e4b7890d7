"""Evidence bundles: entries, what proves them, and how they were found, in one file.

Not here: the verdicts themselves, which `audittui.integrity.verifying` gives.
"""
