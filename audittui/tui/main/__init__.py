"""The main screen: its panes, one module for each feature, and the desk that features share.

Not here: widgets, dialogs, and what can be computed without a screen.
"""
