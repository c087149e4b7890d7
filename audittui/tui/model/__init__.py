"""What is on the screen, as values: a run and its rows, groups, marks, filter, session.

Not here: Textual, and how a value is worded.
"""
