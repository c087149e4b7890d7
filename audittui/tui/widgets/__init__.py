"""Widgets: list, detail view, form, sidebar and bars.

Not here: features. A widget posts what happened, whoever listens.
"""
