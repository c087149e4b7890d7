"""Colours: the theme of the application, and what stands for it where there are few."""
