"""The contents of the screen: a run and its rows, marks, filters, saved state.

Not here: Textual, and the wording of what is shown.
"""
