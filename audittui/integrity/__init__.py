"""Is this record genuine? Sealing, verifying, and what both read: entries, sealed items, trust.

Not here: AWS clients, and what a command or a screen says of a verdict.
"""
