"""Results out: JSON Lines, CSV, Markdown, tile logs and evidence bundles, whole or not at all.

Not here: what is asked, and what is proven of it.
"""
