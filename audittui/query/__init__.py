"""Runs a plan on a store: fan-out, exact merge, coverage, cost.

Not here: what a plan is, and which one is best.
"""
