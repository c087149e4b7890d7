"""Screens that open over the main screen and close with an answer.

Not here: what is done with the answer, and anything of `audittui.tui.main`.
"""
