"""Screens that lie over the main screen, and close with an answer. They know nothing of it."""
