"""Exports results as JSON Lines, CSV, Markdown, tile logs and evidence bundles.

Not here: queries and verification.
"""
