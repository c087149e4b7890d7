"""The main screen: one module per feature, and the desk they share.

Not here: widgets, dialogs, and whatever can be computed without a screen.
"""
