"""The parts of a screen: list, detail view, form, sidebar, bars.

Not here: features. A widget tells what happened and knows nobody who listens.
"""
