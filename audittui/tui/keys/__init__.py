"""The key map, the help and palette made from it, and the queue of typed keys.

Not here: what a key of the main screen does, which its feature declares.
"""
