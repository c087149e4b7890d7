"""Verdicts: on one entry, on many, on a whole chain, and what they are held against.

Not here: anything that writes to a table.
"""
