"""Colours: the themes of the application, and its output with few colours or none."""
