"""Screens over the main screen that close with an answer. They do not know the main screen."""
