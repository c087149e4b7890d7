"""A seeded incident in an embedded store, live traffic, and an entry that was tampered with.

Not here: anything that a real log needs.
"""
