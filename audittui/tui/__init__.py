"""The terminal application: the only room that knows Textual.

Not here: anything that a command would have to decide as well.
"""
