"""Screens over the main screen that close with an answer.

Not here: what is done with the answer. They do not know the main screen.
"""
