"""The words of the screen: values in, lines out.

Not here: Textual, and anything that keeps state.
"""
