"""Colours: the theme, and what replaces it in a terminal with few colours.

Not here: which part of a line has which colour.
"""
