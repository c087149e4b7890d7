"""Colours: the themes of the application, and its output with few colours or none.

Not here: which part of a line has which colour.
"""
