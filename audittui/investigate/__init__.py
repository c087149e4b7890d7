"""Investigations over results: lifecycles, versions, repeated events, bodies, the live tail.

Not here: how a plan is run, and how anything is shown.
"""
